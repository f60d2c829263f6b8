// SPDX-License-Identifier: Apache-2.0

package handoff

import (
	"slices"
	"strings"
)

// The bounds of what a backend may have sent along.
const (
	HeadersMax     = 20
	HeaderBytesMax = 8 << 10 // names and values together
)

// deniedHeaders are never sent on a backend's word, whatever the shop allows: they
// authenticate, frame or route a request, or say where it came from, and belong to
// whoever sends it (Fetch, "forbidden request-header", read 2026-11, and RFC 9110).
var deniedHeaders = []string{
	"accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method",
	"access-control-request-private-network", "authorization", "connection", "content-encoding", "content-length",
	"content-type", "cookie", "cookie2", "date", "dnt", "expect", "forwarded", "host", "http2-settings", "keep-alive",
	"origin", "referer", "set-cookie", "set-cookie2", "te", "trailer", "transfer-encoding", "upgrade", "via",
	"x-http-method", "x-http-method-override", "x-method-override", "x-real-ip",
}

// deniedPrefixes begin the names of whole families that are denied likewise.
var deniedPrefixes = []string{"proxy-", "sec-", "x-forwarded-"}

func isDenied(name string) bool {
	lower := lowerASCII(name)
	return slices.Contains(deniedHeaders, lower) ||
		slices.ContainsFunc(deniedPrefixes, func(p string) bool { return strings.HasPrefix(lower, p) })
}

func (p Policy) checkHeaders(headers []Header) error {
	if len(headers) > HeadersMax {
		return rejected("header_rejected", "there are too many headers")
	}
	var size int
	seen := make(map[string]bool, len(headers))
	for _, h := range headers {
		if why := p.headerFault(h); why != "" {
			return rejected("header_rejected", why)
		}
		name := lowerASCII(h.Name)
		if seen[name] {
			return rejected("header_rejected", "a header is given twice")
		}
		seen[name] = true
		size += len(h.Name) + len(h.Value)
	}
	if size > HeaderBytesMax {
		return rejected("header_rejected", "the headers are too long")
	}
	return nil
}

func (p Policy) headerFault(h Header) string {
	switch {
	case !isToken(h.Name):
		return "a header's name is not a token"
	case isDenied(h.Name):
		return "a header is one that no backend may set"
	case !slices.ContainsFunc(p.Headers, func(allowed string) bool { return lowerASCII(allowed) == lowerASCII(h.Name) }):
		return "a header is none of those that the shop allows"
	case !isHeaderValue(h.Value):
		return "a header's value is not visible ASCII with single spaces inside"
	}
	return ""
}

func isHeaderValue(value string) bool {
	for word := range strings.SplitSeq(value, " ") {
		if word == "" || !consistsOf(word, isVisible) {
			return false
		}
	}
	return true
}
