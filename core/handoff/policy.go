// SPDX-License-Identifier: Apache-2.0

package handoff

import (
	"slices"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
)

// Policy is what one shop allows its backend to send a shopper to. The zero
// Policy allows nothing.
type Policy struct {
	Origins       []Origin
	CookieDomains []string // registered domains, without a leading dot
	Headers       []string // names that may be sent, in any case; any other is refused
}

// NewPolicy makes a policy of a shop's settings. Its faults are Invalid:
// invalid_origin, invalid_cookie_domain, invalid_header_name.
func NewPolicy(origins []Origin, cookieDomains, headers []string) (Policy, error) {
	p := Policy{Origins: slices.Clone(origins), Headers: slices.Clone(headers)}
	for _, o := range origins {
		if again, err := ParseOrigin(o.Scheme+"://"+o.authority(), true); err != nil || again != o {
			return Policy{}, fault.New(fault.Invalid, "invalid_origin", "an origin is not in its normal form")
		}
	}
	for _, text := range cookieDomains {
		domain, err := ParseCookieDomain(text, origins)
		if err != nil {
			return Policy{}, err
		}
		p.CookieDomains = append(p.CookieDomains, domain)
	}
	for _, name := range headers {
		if !isToken(name) || isDenied(name) {
			return Policy{}, fault.New(fault.Invalid, "invalid_header_name", "not the name of a header that a backend may ever set")
		}
	}
	return p, nil
}

// Check returns r in the form in which it may leave the engine: method filled
// in, cookies secure and HTTP-only with a path, or a fault of the backend
// (Internal; checkout_url_rejected, checkout_url_too_long, cookie_rejected,
// header_rejected, or form_rejected for the method as well) that names what was
// wrong and never repeats it, but for the page's origin in the cause. The answer is refused whole: nothing is dropped
// silently. now decides whether a cookie's expiry is past or too far off. What
// Check returned passes it again unchanged, until a cookie expires.
func (p Policy) Check(r Request, now time.Time) (Request, error) {
	origin, err := p.checkURL(r.URL)
	if err != nil {
		return Request{}, err
	}
	if r.Method == "" {
		r.Method = GET
	}
	if err := checkForm(r.Method, r.Form); err != nil {
		return Request{}, err
	}
	if err := p.checkHeaders(r.Headers); err != nil {
		return Request{}, err
	}
	if r.Cookies, err = p.checkCookies(r.Cookies, origin.Host, now); err != nil {
		return Request{}, err
	}
	return r, nil
}

// rejected blames the backend, in words that repeat nothing it said.
func rejected(code, what string) error {
	return fault.New(fault.Internal, code, "%s", what).By(fault.Backend)
}
