// SPDX-License-Identifier: Apache-2.0

package httpserver_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
)

func TestPrintable(t *testing.T) {
	t.Parallel()
	const kib = 1_024
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"ASCII", "GET /a?b=c#d %00 ~", "GET /a?b=c#d %00 ~"},
		{"quotes and backslashes stay", `say "\n" 'x'`, `say "\n" 'x'`},
		{"letters beyond ASCII", "Größe 東京 عربي 😀", "Größe 東京 عربي 😀"},
		{"a combining mark", "e\u0301", "e\u0301"},
		{"the replacement character", "\ufffd", "\ufffd"},

		{"a line feed", "a\nlevel=ERROR", `a\nlevel=ERROR`},
		{"a carriage return", "a\r\nb", `a\r\nb`},
		{"a tab", "a\tb", `a\tb`},
		{"bell, backspace, vertical tab and form feed", "\a\b\v\f", `\a\b\v\f`},
		{"NUL", "a\x00b", `a\x00b`},
		{"an escape sequence", "\x1b[31mred", `\x1b[31mred`},
		{"delete", "\x7f", `\x7f`},
		{"next line", "a\u0085b", `a\u0085b`},
		{"a one-byte escape sequence", "\u009b2J", `\u009b2J`},
		{"a line separator", "a\u2028b", `a\u2028b`},
		{"a paragraph separator", "a\u2029b", `a\u2029b`},
		{"a no-break space", "a\u00a0b", `a\u00a0b`},
		{"a zero-width space", "a\u200bb", `a\u200bb`},
		{"a soft hyphen", "a\u00adb", `a\u00adb`},
		{"a byte order mark", "\ufeffa", `\ufeffa`},
		{"a right-to-left override", "a\u202egnp.exe", `a\u202egnp.exe`},
		{"a direction isolate", "\u2066a\u2069", `\u2066a\u2069`},
		{"a language tag", "\U000e0001", `\U000e0001`},
		{"private use", "\ue000", `\ue000`},
		{"no character", "\uffff", `\uffff`},

		{"a byte that is no UTF-8", "a\xffb", `a\xffb`},
		{"half a character", "a\xe2\x82", `a\xe2\x82`},
		{"an overlong slash", "\xc0\xaf", `\xc0\xaf`},
		{"a surrogate", "\xed\xa0\x80", `\xed\xa0\x80`},

		{"a quote beside a line end is escaped too", "\"a\"\n", `\"a\"\n`},
		{"a written escape beside a real one stays apart", `\n` + "\n", `\\n\n`},

		{"as long as can be", strings.Repeat("a", kib), strings.Repeat("a", kib)},
		{"one byte longer", strings.Repeat("a", kib+1), strings.Repeat("a", kib-3) + "…"},
		{"much longer", strings.Repeat("a", 1<<20), strings.Repeat("a", kib-3) + "…"},
		{"no character is cut in two", strings.Repeat("é", kib), strings.Repeat("é", kib/2-2) + "…"},
		{"four-byte characters", "a" + strings.Repeat("😀", kib), "a" + strings.Repeat("😀", kib/4-1) + "…"},
		{"longer only once escaped", strings.Repeat("\x01", kib/4) + "a", strings.Repeat(`\x01`, kib/4-1) + `\…`},
		{"a line end beyond the cut", strings.Repeat("a", kib) + "\n", strings.Repeat("a", kib-3) + "…"},
		{"nothing but broken characters", strings.Repeat("\x80", 2*kib), "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := httpserver.Printable(tt.text)
			if got != tt.want {
				t.Errorf("Printable = %q, want %q", got, tt.want)
			}
			if len(got) > kib || !utf8.ValidString(got) || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("Printable = %q (%d bytes), which may not stand in a log", got, len(got))
			}
			if again := httpserver.Printable(got); again != got {
				t.Errorf("Printable of it = %q, want it unchanged", again)
			}
		})
	}
}
