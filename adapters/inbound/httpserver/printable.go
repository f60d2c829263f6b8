// SPDX-License-Identifier: Apache-2.0

package httpserver

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printableMax bounds, in bytes, what a stranger may put into a log.
const printableMax = 1_024

// Printable is text as it may stand in a log or an answer: at most 1 KiB, on one
// line, and with everything that does not print, such as line ends, escape
// sequences and marks of writing direction, written as an escape.
func Printable(text string) string {
	text = clip(text, printableMax)
	if utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return text
	}
	quoted := strconv.Quote(text)
	return clip(quoted[1:len(quoted)-1], printableMax)
}

// clip shortens text to at most n bytes, the mark of the cut included, without
// cutting a character in two.
func clip(text string, n int) string {
	const mark = "…"
	if len(text) <= n {
		return text
	}
	n -= len(mark)
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + mark
}
