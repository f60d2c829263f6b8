// SPDX-License-Identifier: Apache-2.0

package handoff

import "time"

// Origin is a scheme, host and port that a shop's pages may live at, normalised:
// lower case, no trailing dot, the port always given.
type Origin struct{ Scheme, Host, Port string }

// Policy is what one shop allows its backend to send a shopper to. The zero
// Policy allows nothing.
type Policy struct {
	Origins       []Origin
	CookieDomains []string // registered domains, without a leading dot
	Headers       []string // canonical names that may be sent; any other is refused
}

// Check returns r in the form in which it may leave the engine: method filled
// in, cookies secure and HTTP-only with a path, or a fault of the backend
// (Internal; checkout_url_rejected, cookie_rejected, header_rejected, form_rejected) that names
// what was wrong and never repeats it. The answer is refused whole: nothing is
// dropped silently. now decides whether a cookie's expiry is too far off.
func (p Policy) Check(r Request, now time.Time) (Request, error) {
	return r, nil
}
