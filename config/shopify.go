// SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// domainForm is how Shopify names a shop, whatever its own domain is.
var domainForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*\.myshopify\.com$`)

// posEndpoints are below an app's pos_path.
var posEndpoints = []string{"promotions", "perform_action", "revert_action"}

// extensionsPath is where POS UI extensions ask.
const extensionsPath = "/v1/pos/"

// clientIDForm is what Shopify gives an app.
var clientIDForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// apps checks the Shopify apps that this host answers for.
func (c *check) apps(served map[string]string) {
	clients := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(c.cfg.Shopify.Apps)) {
		at, a := join("shopify.apps", shown(name)), c.cfg.Shopify.Apps[name]
		c.checkName(at, name)
		c.twoSecrets(join(at, "secrets"), a.Secrets, true)
		if c.plainPath(join(at, "pos_path"), a.POSPath, "/pos/"+shown(name)) {
			for _, endpoint := range posEndpoints {
				c.serve(join(at, "pos_path"), path.Join(a.POSPath, endpoint), "app "+name, served)
			}
		}
		if c.plainPath(join(at, "hooks_path"), a.HooksPath, "/hooks/shopify/"+shown(name)) {
			c.serve(join(at, "hooks_path"), a.HooksPath, "app "+name, served)
		}
		switch other, taken := clients[a.ClientID]; {
		case a.ClientID == "":
		case !clientIDForm.MatchString(a.ClientID):
			c.wrong(join(at, "client_id"), "not a client id", "write what the Partner Dashboard shows", "")
		case taken:
			c.wrong(join(at, "client_id"), "the client id of app "+shown(other)+" already", "give each app its own", "")
		default:
			clients[a.ClientID] = name
		}
		if a.PercentScale != 100 && a.PercentScale != 1 {
			c.wrong(join(at, "percent_scale"), decimal(a.PercentScale)+" is unknown", "write 100 or 1", "")
		}
		c.oneOf(join(at, "variant_field"), a.VariantField, "both", "variant_id", "value")
	}
}

// installed checks where a shop stands at Shopify; domains holds whose each one is.
func (c *check) installed(at, name string, s ShopifyShop, domains map[string]string) {
	apps := slices.Sorted(maps.Keys(c.cfg.Shopify.Apps))
	if !slices.Contains(apps, s.App) {
		c.wrong(join(at, "app"), "no app is called "+quote(s.App), "name one of shopify.apps", nearest(s.App, apps))
	}
	switch other, taken := domains[s.Domain]; {
	case !domainForm.MatchString(s.Domain):
		c.wrong(join(at, "domain"), quote(s.Domain)+" is not a domain that Shopify gives", "write one like my-shop.myshopify.com", "")
	case taken:
		c.wrong(join(at, "domain"), quote(s.Domain)+" is the domain of shop "+shown(other)+" already", "give each shop its own", "")
	default:
		domains[s.Domain] = name
	}
	if s.ShopID <= 0 {
		c.wrong(join(at, "shop_id"), "missing", "write the shop's number at Shopify", "")
	}
}

// plainPath refuses a path that cannot be served.
func (c *check) plainPath(at, text, example string) bool {
	switch {
	case !strings.HasPrefix(text, "/") || text == "/" || path.Clean(text) != text || strings.ContainsAny(text, "{}?#% \t"):
		c.wrong(at, "not a plain path", "write one like "+example+", without wildcards, escapes or a slash at its end", "")
	case strings.HasPrefix(text+"/", linksPath):
		c.wrong(at, quote(text)+" is where one-time links are", "write one outside "+linksPath, "")
	case strings.HasPrefix(text+"/", extensionsPath):
		c.wrong(at, quote(text)+" is where POS UI extensions ask", "write one outside "+extensionsPath, "")
	default:
		return true
	}
	return false
}

// serve takes a path for its owner, unless it is another's.
func (c *check) serve(at, one, owner string, served map[string]string) {
	if other, taken := served[one]; taken {
		c.wrong(at, quote(one)+" is served for "+shownOwner(other)+" already", "give each its own", "")
		return
	}
	served[one] = owner
}

// shownOwner is a kind and a name, of which only the name may be anything.
func shownOwner(owner string) string {
	kind, name, _ := strings.Cut(owner, " ")
	return kind + " " + shown(name)
}
