// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// check validates a config whose layers have been put together.
type check struct {
	*report
	cfg  Config
	mode Mode
	env  map[string]string
}

// allows reports whether a list of allow names what is fit for a demonstration only.
func (c *check) allows(list []string, name string) bool {
	return c.mode == Dev || slices.Contains(list, name)
}

// span is a value and the bounds that it has to keep.
type span[T cmp.Ordered] struct {
	key              string
	got, least, most T
}

func bounded[T cmp.Ordered](c *check, path string, spans []span[T], show func(T) string) {
	for _, s := range spans {
		if s.got < s.least || s.got > s.most {
			c.wrong(join(path, s.key), show(s.got)+" is out of bounds", "write "+show(s.least)+" to "+show(s.most), "")
		}
	}
}

func decimal[T int | uint32](n T) string { return fmt.Sprint(n) }

// spoken is a duration as people write it: 1m, where Go prints 1m0s.
func spoken(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// oneOf refuses a word that is none of those given.
func (c *check) oneOf(path, word string, words ...string) {
	if !slices.Contains(words, word) {
		c.wrong(path, quote(word)+" is unknown", "write "+strings.Join(words, " or "), nearest(word, words))
	}
}

// host checks everything but backends and shops.
func (c *check) host() {
	s := c.cfg.Server
	bounded(c, "server", []span[time.Duration]{
		{"read_header_timeout", s.ReadHeaderTimeout, 100 * time.Millisecond, time.Minute},
		{"read_timeout", s.ReadTimeout, 100 * time.Millisecond, 5 * time.Minute},
		{"write_timeout", s.WriteTimeout, 100 * time.Millisecond, 5 * time.Minute},
		{"idle_timeout", s.IdleTimeout, time.Second, time.Hour},
		{"ready_delay", s.ReadyDelay, 0, 5 * time.Minute},
		{"drain_timeout", s.DrainTimeout, 100 * time.Millisecond, 5 * time.Minute},
	}, spoken)
	bounded(c, "server", []span[int]{{"max_header_bytes", s.MaxHeaderBytes, 1 << 10, 1 << 20}}, decimal[int])
	c.address("server.listen", s.Listen)
	c.address("admin.listen", c.cfg.Admin.Listen)
	if s.Listen == c.cfg.Admin.Listen && !strings.HasSuffix(s.Listen, ":0") {
		c.wrong("admin.listen", "the same address as server.listen", "give each its own", "")
	}
	c.publicURL(s.PublicURL)
	c.prefixes("server.trusted_proxies", s.TrustedProxies)
	c.oneOf("log.format", c.cfg.Log.Format, "json", "text")
	c.oneOf("log.level", c.cfg.Log.Level, "debug", "info", "warn", "error")
	c.oneOf("store.driver", c.cfg.Store.Driver, "sqlite")
	if c.cfg.Store.Path == "" {
		c.wrong("store.path", "empty", "give the path of the database file", "")
	}
	c.allow()
}

func (c *check) allow() {
	a, backends, shops := c.cfg.Allow, slices.Sorted(maps.Keys(c.cfg.Backends)), slices.Sorted(maps.Keys(c.cfg.Shops))
	for _, l := range []struct {
		key, kind     string
		given, exists []string
	}{
		{"demo_backends", "backend", a.DemoBackends, backends},
		{"insecure_backends", "backend", a.InsecureBackends, backends},
		{"unpinned_plugins", "backend", a.UnpinnedPlugins, backends},
		{"insecure_shops", "shop", a.InsecureShops, shops},
		{"demo_secrets", "shop", a.DemoSecrets, shops},
		{"demo_apps", "app", a.DemoApps, slices.Sorted(maps.Keys(c.cfg.Shopify.Apps))},
		{"test_orders", "app", a.TestOrders, slices.Sorted(maps.Keys(c.cfg.Shopify.Apps))},
	} {
		for i, name := range l.given { // not repeated: demo_secrets may be taken for a list of secrets
			if !slices.Contains(l.exists, name) {
				c.wrong(item("allow."+l.key, i), "no "+l.kind+" has this name", "name one, or take it away", nearest(name, l.exists))
			}
		}
	}
}

// address refuses what nothing can listen at.
func (c *check) address(path, text string) {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		c.wrong(path, quote(text)+" is not an address to listen at", "write host:port, such as 127.0.0.1:8080 or :8080", "")
	}
}

// publicURL does not repeat the text, which may hold a password.
func (c *check) publicURL(text string) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		c.wrong("server.public_url", "not the URL of a host", "write https://host, with a port or path where shoppers need one", "")
	case u.User != nil || strings.ContainsAny(text, "?#"):
		c.wrong("server.public_url", "a URL with more than a host, port and path", "take away what is before @ and from ? or # on", "")
	case u.Scheme == "http" && c.mode == Serve && len(c.cfg.Allow.InsecureShops) == 0:
		c.wrong("server.public_url", "one-time links would begin with http://", "write the https:// URL that shoppers reach this host at, or name a shop in allow.insecure_shops", "")
	}
}

func (c *check) prefixes(path string, ranges []string) {
	for i, text := range ranges {
		if _, err := netip.ParsePrefix(text); err == nil {
			continue
		}
		expected := "write one like 192.0.2.0/24"
		if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
			expected = "write " + netip.PrefixFrom(a, a.BitLen()).String() + " for one address"
		}
		c.wrong(item(path, i), quote(text)+" is not a range of addresses", expected, "")
	}
}

// nameForm is what a backend, a shop or a secret may be called: two underscores in a
// row would end a level in a variable.
var nameForm = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)

// nameMax bounds a name, which stands in URLs, metrics and every stored row.
const nameMax = 40

func (c *check) checkName(path, text string) {
	if !nameForm.MatchString(text) || len(text) > nameMax {
		c.wrongName(path, "not a name", fmt.Sprintf("write up to %d lower-case letters and digits, with single underscores between them", nameMax))
	}
}
