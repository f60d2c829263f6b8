// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/cartage-dev/cartage/core/shop"
)

// secretsMax is how many secrets are good at a time: the one in use and the one before.
const secretsMax = 2

const (
	words          = "abcdefghijklmnopqrstuvwxyz0123456789"
	shopifyDomains = ".myshopify.com"
)

func (a App) check() error {
	switch {
	case a.Name == "" || strings.Trim(a.Name, words+"_-") != "":
		return errors.New("the name must be of a-z, 0-9, _ and -")
	case !strings.HasPrefix(a.Path, "/"):
		return errors.New("the path must start with /")
	case a.Path == "/" || path.Clean(a.Path) != a.Path || strings.ContainsAny(a.Path, "{}?#% \t"):
		return errors.New("the path must be a plain one, without wildcards, escapes, a query or a slash at its end")
	case len(a.Secrets) == 0:
		return errors.New("a secret is needed")
	case len(a.Secrets) > secretsMax:
		return fmt.Errorf("at most %d secrets may be good at a time", secretsMax)
	case a.PercentScale != 1 && a.PercentScale != PercentScaleDefault:
		return errors.New("the scale of percentages must be 100 or 1")
	case a.VariantField != VariantBoth && a.VariantField != VariantID && a.VariantField != VariantValue:
		return errors.New("the field of variants must be both, variant_id or value")
	case len(a.Installed) == 0:
		return errors.New("a shop that has the app is needed")
	}
	for _, s := range a.Secrets {
		if s.Empty() {
			return errors.New("a secret must not be empty")
		}
	}
	return a.checkInstalled()
}

// checkInstalled also refuses one of our shops for two of Shopify's: a customer of
// one would spend the points of a stranger with the same number at the other.
func (a App) checkInstalled() error {
	domains, shops := map[string]bool{}, map[shop.ID]bool{}
	for _, i := range a.Installed {
		label, ours := strings.CutSuffix(i.Domain, shopifyDomains)
		switch {
		case !ours || label == "" || strings.Trim(label, words+"-") != "" || label[0] == '-':
			return fmt.Errorf("domain %q must be a name in lower case below %s", i.Domain, shopifyDomains[1:])
		case i.ShopID <= 0:
			return fmt.Errorf("domain %s: the shop's number must be above zero", i.Domain)
		case i.Shop == "":
			return fmt.Errorf("domain %s: a shop of ours is needed", i.Domain)
		case domains[i.Domain]:
			return fmt.Errorf("domain %s is given twice", i.Domain)
		case shops[i.Shop]:
			return fmt.Errorf("domain %s: shop %s has a domain already", i.Domain, i.Shop)
		}
		domains[i.Domain], shops[i.Shop] = true, true
	}
	return nil
}
