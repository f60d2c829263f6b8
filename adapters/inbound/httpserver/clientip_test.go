// SPDX-License-Identifier: Apache-2.0

package httpserver_test

import (
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
)

// sayClientIP answers with the address that the handler sees.
var sayClientIP = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, httpserver.ClientIP(r).String())
})

func TestClientIP(t *testing.T) {
	t.Parallel()
	const nobody = "invalid IP"
	proxies := []string{"10.0.0.0/8", "192.0.2.1/32", "2001:db8:1::/48"}
	for _, tt := range []struct {
		name, peer string
		trusted    []string
		forwarded  []string
		want       string
	}{
		{"the peer", "203.0.113.9:4711", nil, nil, "203.0.113.9"},
		{"nobody is trusted", "203.0.113.9:4711", nil, []string{"198.51.100.1"}, "203.0.113.9"},
		{"the peer is not trusted", "203.0.113.9:4711", proxies, []string{"198.51.100.1"}, "203.0.113.9"},
		{"the peer is beside the trusted address", "192.0.2.2:4711", proxies, []string{"198.51.100.1"}, "192.0.2.2"},
		{"a trusted peer that says nothing", "10.1.2.3:4711", proxies, nil, "10.1.2.3"},
		{"a trusted peer that says an empty word", "10.1.2.3:4711", proxies, []string{""}, "10.1.2.3"},
		{"a trusted peer", "10.1.2.3:4711", proxies, []string{"198.51.100.1"}, "198.51.100.1"},
		{"two trusted proxies", "10.1.2.3:4711", proxies, []string{"198.51.100.1, 192.0.2.1"}, "198.51.100.1"},
		{"three trusted proxies", "10.1.2.3:4711", proxies, []string{"198.51.100.1,10.9.9.9 ,  2001:db8:1::7"}, "198.51.100.1"},
		{"what stands before an untrusted hop is not believed", "10.1.2.3:4711", proxies, []string{"1.1.1.1, 198.51.100.1, 10.9.9.9"}, "198.51.100.1"},
		{"nor what several wrote before it", "10.1.2.3:4711", proxies, []string{"1.1.1.1, 1.1.1.2, 198.51.100.1, 10.9.9.9"}, "198.51.100.1"},
		{"nor what an untrusted peer passed on", "203.0.113.9:4711", proxies, []string{"1.1.1.1, 10.9.9.9"}, "203.0.113.9"},
		{"a trusted address before an untrusted hop", "10.1.2.3:4711", proxies, []string{"10.0.0.1, 198.51.100.1"}, "198.51.100.1"},
		{"the header comes twice", "10.1.2.3:4711", proxies, []string{"1.1.1.1", "198.51.100.1, 10.9.9.9"}, "198.51.100.1"},
		{"the last header counts", "10.1.2.3:4711", proxies, []string{"1.1.1.1", "198.51.100.1"}, "198.51.100.1"},
		{"all are trusted", "10.1.2.3:4711", proxies, []string{"10.0.0.1, 10.0.0.2"}, "10.0.0.1"},
		{"everybody is trusted", "203.0.113.9:4711", []string{"0.0.0.0/0"}, []string{"1.1.1.1, 198.51.100.1"}, "1.1.1.1"},

		{"a word", "10.1.2.3:4711", proxies, []string{"unknown"}, "10.1.2.3"},
		{"a word before a trusted hop", "10.1.2.3:4711", proxies, []string{"198.51.100.1, unknown, 10.9.9.9"}, "10.9.9.9"},
		{"nothing between commas", "10.1.2.3:4711", proxies, []string{"198.51.100.1,,10.9.9.9"}, "10.9.9.9"},
		{"commas alone", "10.1.2.3:4711", proxies, []string{",,,"}, "10.1.2.3"},
		{"a comma at the end", "10.1.2.3:4711", proxies, []string{"198.51.100.1,"}, "10.1.2.3"},
		{"a number too large", "10.1.2.3:4711", proxies, []string{"198.51.100.256"}, "10.1.2.3"},
		{"leading zeros", "10.1.2.3:4711", proxies, []string{"198.051.100.001"}, "10.1.2.3"},
		{"a range", "10.1.2.3:4711", proxies, []string{"198.51.100.0/24"}, "10.1.2.3"},
		{"a host name", "10.1.2.3:4711", proxies, []string{"shop.example"}, "10.1.2.3"},
		{"an address in quotes", "10.1.2.3:4711", proxies, []string{`"198.51.100.1"`}, "10.1.2.3"},
		{"an injected line", "10.1.2.3:4711", proxies, []string{`198.51.100.1\nlevel=ERROR`}, "10.1.2.3"},

		{"with a port", "10.1.2.3:4711", proxies, []string{"198.51.100.1:80"}, "198.51.100.1"},
		{"a port too large", "10.1.2.3:4711", proxies, []string{"198.51.100.1:70000"}, "10.1.2.3"},
		{"IPv6", "10.1.2.3:4711", proxies, []string{"2001:DB8:0:0::5"}, "2001:db8::5"},
		{"IPv6 in brackets", "10.1.2.3:4711", proxies, []string{"[2001:db8::5]"}, "2001:db8::5"},
		{"IPv6 with a port", "10.1.2.3:4711", proxies, []string{"[2001:db8::5]:443"}, "2001:db8::5"},
		{"IPv6 with a zone", "10.1.2.3:4711", proxies, []string{"fe80::1%eth0"}, "fe80::1"},
		{"IPv4 written as IPv6", "10.1.2.3:4711", proxies, []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"a trusted hop written as IPv6", "10.1.2.3:4711", proxies, []string{"198.51.100.1, ::ffff:10.9.9.9"}, "198.51.100.1"},

		{"an IPv6 peer", "[2001:db8::9]:4711", proxies, []string{"198.51.100.1"}, "2001:db8::9"},
		{"a trusted IPv6 peer", "[2001:db8:1::9]:4711", proxies, []string{"198.51.100.1"}, "198.51.100.1"},
		{"an IPv6 peer with a zone", "[fe80::1%lo]:4711", []string{"fe80::/10"}, []string{"198.51.100.1"}, "198.51.100.1"},
		{"a peer that is IPv4 on an IPv6 socket", "[::ffff:10.1.2.3]:4711", proxies, []string{"198.51.100.1"}, "198.51.100.1"},
		{"all of IPv6 is not all of IPv4", "203.0.113.9:4711", []string{"::/0"}, []string{"198.51.100.1"}, "203.0.113.9"},

		{"a peer without an address", "@", []string{"0.0.0.0/0", "::/0"}, []string{"198.51.100.1"}, nobody},
		{"a peer without a port", "203.0.113.9", nil, nil, nobody},

		{"as many hops as are followed", "10.1.2.3:4711", proxies, []string{"198.51.100.1" + strings.Repeat(", 10.9.9.9", 31)}, "198.51.100.1"},
		{"one hop more", "10.1.2.3:4711", proxies, []string{"198.51.100.1" + strings.Repeat(", 10.9.9.9", 32)}, "10.9.9.9"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o, _, _ := settings()
			for _, text := range tt.trusted {
				o.TrustedProxies = append(o.TrustedProxies, netip.MustParsePrefix(text))
			}
			wall := httpserver.Wrap(o, sayClientIP)
			s := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.RemoteAddr = tt.peer
				wall.ServeHTTP(w, r)
			}), nil)
			if got := s.get(t, "/", func(h http.Header) { h["X-Forwarded-For"] = tt.forwarded }).body; got != tt.want {
				t.Errorf("ClientIP = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestClientIPBelievesNoOtherHeader(t *testing.T) {
	t.Parallel()
	s := start(t, sayClientIP, func(o *httpserver.Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	for _, name := range []string{"X-Real-Ip", "Forwarded", "True-Client-Ip", "Cf-Connecting-Ip", "X-Forwarded-Host", "X-Client-Ip"} {
		if got := s.get(t, "/", func(h http.Header) { h.Set(name, "198.51.100.1") }).body; got != "127.0.0.1" {
			t.Errorf("ClientIP with %s = %s, want the peer", name, got)
		}
	}
}

// Without a wall nobody says who is trusted, so that the peer is all there is.
func TestClientIPWithoutAWallIsThePeer(t *testing.T) {
	t.Parallel()
	for peer, want := range map[string]netip.Addr{
		"203.0.113.9:1": netip.MustParseAddr("203.0.113.9"), "[::ffff:203.0.113.9]:1": netip.MustParseAddr("203.0.113.9"), "": {},
	} {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": slices.Repeat([]string{"198.51.100.1"}, 2)}}
		if got := httpserver.ClientIP(r); got != want {
			t.Errorf("ClientIP of %q = %s, want %s", peer, got, want)
		}
	}
}
