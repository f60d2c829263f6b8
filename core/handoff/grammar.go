// SPDX-License-Identifier: Apache-2.0

package handoff

import "strings"

// consistsOf reports whether every byte of text is in the class; the empty text's are.
func consistsOf(text string, class func(byte) bool) bool {
	for i := range len(text) {
		if !class(text[i]) {
			return false
		}
	}
	return true
}

func isDigit(b byte) bool    { return '0' <= b && b <= '9' }
func isLetter(b byte) bool   { return 'a' <= b|0x20 && b|0x20 <= 'z' }
func isHexDigit(b byte) bool { return isDigit(b) || 'a' <= b|0x20 && b|0x20 <= 'f' }
func isHostByte(b byte) bool { return isDigit(b) || isLetter(b) || b == '-' }
func isVisible(b byte) bool  { return '!' <= b && b <= '~' }

// isTokenByte is tchar (RFC 9110, 5.6.2).
func isTokenByte(b byte) bool {
	return isDigit(b) || isLetter(b) || strings.IndexByte("!#$%&'*+-.^_`|~", b) >= 0
}

func isToken(text string) bool { return text != "" && consistsOf(text, isTokenByte) }

// isCookieOctet is cookie-octet (RFC 6265, 4.1.1).
func isCookieOctet(b byte) bool { return isVisible(b) && strings.IndexByte(`",;\`, b) < 0 }

// isURLByte is what a URL may be written with (RFC 3986, 2), but for the # of a
// fragment. Brackets may stand anywhere: shops write them bare in their queries.
func isURLByte(b byte) bool {
	return isDigit(b) || isLetter(b) || strings.IndexByte("-._~:/?[]@!$&'()*+,;=%", b) >= 0
}

// lowerASCII folds A to Z only: strings.ToLower would turn the Kelvin sign into a k.
func lowerASCII(text string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, text)
}
