// SPDX-License-Identifier: Apache-2.0

package handoff

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/cartage-dev/cartage/core/fault"
)

// URLMax is how many characters the URL of a page may have: longer ones stop
// some shoppers (Poq, Cart transfer integration, read 2026-11: 2,048 for a query).
const URLMax = 2_000

// checkURL returns the allowed origin that the page is at.
//
// The URL must begin, letter by letter, with an origin that the shop allows and
// go on with a path, a query or nothing. No parser decides what the host is, so
// none can be led to another one than the browser's.
func (p Policy) checkURL(text string) (Origin, error) {
	if len(text) > URLMax {
		return Origin{}, rejected("checkout_url_too_long", "the page's address is longer than can be opened everywhere")
	}
	if why := urlFault(text); why != "" {
		return Origin{}, rejected("checkout_url_rejected", why)
	}
	lower := lowerASCII(text)
	for _, o := range p.Origins {
		for _, start := range o.spellings() {
			if rest, ok := strings.CutPrefix(lower, start); ok && (rest == "" || rest[0] == '/' || rest[0] == '?') {
				return o, nil
			}
		}
	}
	return Origin{}, p.elsewhere(text)
}

// elsewhere is the fault of a page at no allowed origin. Its cause, which stays in the
// log, names that origin and those allowed: no secret, unlike a path, a query or a user's name.
func (p Policy) elsewhere(text string) error {
	at, allowed := "what is no origin", make([]string, 0, len(p.Origins))
	start, rest, _ := strings.Cut(text, "://")
	if end := strings.IndexAny(rest, "/?"); end >= 0 {
		rest = rest[:end]
	}
	if o, err := ParseOrigin(start+"://"+rest, true); err == nil {
		at = o.String()
	}
	for _, o := range p.Origins {
		allowed = append(allowed, o.String())
	}
	f := fault.New(fault.Internal, "checkout_url_rejected", "the page is at none of the origins that the shop allows").By(fault.Backend)
	return f.Because(fmt.Errorf("it is at %s; allowed: %s", at, strings.Join(allowed, ", ")))
}

// urlFault says what is wrong with a URL wherever it leads, and nothing when it is well.
func urlFault(text string) string {
	for i := range len(text) {
		switch b := text[i]; {
		case b == '#':
			return "the page's address has a fragment"
		case !isURLByte(b):
			return "the page's address holds a character that no address may"
		case b != '%':
		case len(text) < i+3 || !isHexDigit(text[i+1]) || !isHexDigit(text[i+2]):
			return "the page's address holds a percent sign that encodes nothing"
		case isLineBreakOrNUL(text[i+1 : i+3]):
			return "the page's address hides a line break or a NUL"
		}
	}
	// Whoever opens the page with Go's own means must be able to read it, too.
	if _, err := url.Parse(text); err != nil {
		return "the page's address cannot be read"
	}
	return ""
}

func isLineBreakOrNUL(hex string) bool {
	return hex == "00" || strings.EqualFold(hex, "0a") || strings.EqualFold(hex, "0d")
}
