// SPDX-License-Identifier: Apache-2.0

package handoff

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/cartage-dev/cartage/core/fault"
)

// The bounds of what a backend may put into a web view.
const (
	CookiesMax     = 20
	CookieBytesMax = 4_096 // name, value, domain and path together
	CookieLifeMax  = 30 * 24 * time.Hour
)

// ParseCookieDomain reads a cookie domain as a shop's settings write it: the host
// of one of its origins or a parent of that, with or without a leading dot. A
// public suffix, whose cookies strangers would share, and any other domain are
// Invalid (invalid_cookie_domain). An IPv4 address stands for itself.
func ParseCookieDomain(text string, origins []Origin) (string, error) {
	domain, why := readDomain(text)
	if why == "" && !slices.ContainsFunc(origins, func(o Origin) bool { return within(o.Host, domain) }) {
		why = "must be the host of one of the shop's origins, or a parent of it"
	}
	if why != "" {
		return "", fault.New(fault.Invalid, "invalid_cookie_domain", "a cookie domain %s", why)
	}
	return domain, nil
}

// readDomain normalises a domain to lower case without its leading dot; why is
// empty when a cookie could be given to it.
func readDomain(text string) (domain, why string) {
	bare := strings.TrimPrefix(text, ".")
	if why := hostFault(bare); why != "" {
		return "", why
	}
	domain = lowerASCII(bare)
	if isAddress(domain) {
		if text != bare {
			return "", "must not have a dot before an address"
		}
		return domain, ""
	}
	if suffix, _ := publicsuffix.PublicSuffix(domain); suffix == domain {
		return "", "must not be a public suffix or a name without a dot"
	}
	return domain, ""
}

// within reports whether host is the domain or below it. An address has nothing below it.
func within(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain) && !isAddress(domain)
}

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// checkCookies returns the cookies as they may be set for a page at host.
func (p Policy) checkCookies(cookies []Cookie, host string, now time.Time) ([]Cookie, error) {
	if len(cookies) > CookiesMax {
		return nil, rejected("cookie_rejected", "there are too many cookies")
	}
	checked := slices.Clone(cookies)
	seen := make(map[[3]string]bool, len(cookies))
	for i := range checked {
		c := &checked[i]
		c.Secure, c.HTTPOnly = true, true
		if c.Path == "" {
			c.Path = "/"
		}
		if !c.ExpiresAt.IsZero() {
			c.ExpiresAt = c.ExpiresAt.UTC()
		}
		domain, why := p.cookieDomain(c.Domain, host)
		if why == "" {
			why = cookieFault(*c, now)
		}
		if why != "" {
			return nil, rejected("cookie_rejected", why)
		}
		key := [3]string{c.Name, domain, c.Path}
		if seen[key] {
			return nil, rejected("cookie_rejected", "a cookie is given twice")
		}
		seen[key] = true
	}
	return checked, nil
}

// cookieFault says what is wrong with a cookie wherever it goes.
func cookieFault(c Cookie, now time.Time) string {
	switch {
	case !isToken(c.Name):
		return "a cookie's name is not a token"
	case strings.HasPrefix(lowerASCII(c.Name), "__host-"): // browsers match the prefix in any case
		return "a cookie's name promises that it has no domain"
	case !consistsOf(c.Value, isCookieOctet):
		return "a cookie's value holds a character that no value may"
	case c.Path[0] != '/' || !consistsOf(c.Path, isCookieOctet):
		return "a cookie's path is not one"
	case len(c.Name)+len(c.Value)+len(c.Domain)+len(c.Path) > CookieBytesMax:
		return "a cookie is too long"
	case c.ExpiresAt.IsZero():
		return ""
	case !c.ExpiresAt.After(now):
		return "a cookie has expired"
	case c.ExpiresAt.After(now.Add(CookieLifeMax)):
		return "a cookie lives too long"
	}
	return ""
}

// cookieDomain normalises a cookie's domain and holds it to the page's host and to the shop's domains.
func (p Policy) cookieDomain(given, host string) (domain, why string) {
	domain, why = readDomain(given)
	switch {
	case why != "":
		return "", "a cookie's domain is not one that a cookie may have"
	case !within(host, domain):
		return "", "a cookie's domain does not cover the page"
	case !slices.ContainsFunc(p.CookieDomains, func(allowed string) bool {
		return within(domain, lowerASCII(strings.TrimPrefix(allowed, ".")))
	}):
		return "", "a cookie's domain is outside those that the shop allows"
	}
	return domain, ""
}
