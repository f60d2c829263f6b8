// SPDX-License-Identifier: Apache-2.0

package httpserver

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// hopsMax bounds how many proxies are followed back.
const hopsMax = 32

// ClientIP is the address a request came from: the peer's, or, when the peer is a
// trusted proxy, the last address in X-Forwarded-For that is not one. It is the
// zero Addr when nobody can tell.
func ClientIP(r *http.Request) netip.Addr {
	if v := visitOf(r.Context()); v != nil {
		return v.client
	}
	return peer(r)
}

func peer(r *http.Request) netip.Addr {
	p, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return plain(p.Addr())
}

// clientIP walks X-Forwarded-For from its right end, where the nearest proxy
// wrote, for as long as those who wrote are trusted.
func clientIP(r *http.Request, trusted []netip.Prefix) netip.Addr {
	at := peer(r)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= max(0, len(hops)-hopsMax) && isTrusted(at, trusted); i-- {
		next, ok := parseHop(strings.TrimSpace(hops[i]))
		if !ok {
			break
		}
		at = next
	}
	return at
}

func isTrusted(a netip.Addr, trusted []netip.Prefix) bool {
	return slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}

// parseHop reads an address, with or without a port behind it.
func parseHop(text string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return plain(a), true
	}
	p, err := netip.ParseAddrPort(text)
	return plain(p.Addr()), err == nil
}

// plain is the address as prefixes are written: IPv4 as IPv4, without a zone.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
