// SPDX-License-Identifier: Apache-2.0

package handoff

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// FormBytesMax bounds a form as it is sent, encoded.
const FormBytesMax = 8 << 10

// checkForm holds the method and the form to each other and to their bounds.
func checkForm(m Method, form url.Values) error {
	if m != GET && m != POST {
		return rejected("form_rejected", "the page is opened with neither GET nor POST")
	}
	if m != POST && len(form) > 0 {
		return rejected("form_rejected", "a form goes with POST only")
	}
	for name, values := range form {
		for _, text := range append([]string{name}, values...) {
			if strings.Contains(text, "\x00") || !utf8.ValidString(text) {
				return rejected("form_rejected", "the form holds a NUL or text that is not UTF-8")
			}
		}
	}
	if len(form.Encode()) > FormBytesMax {
		return rejected("form_rejected", "the form is too long")
	}
	return nil
}
