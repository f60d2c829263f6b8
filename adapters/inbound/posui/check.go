// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"errors"
	"fmt"
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
	case a.ClientID == "" || strings.Trim(a.ClientID, letters+"_-") != "":
		return errors.New("the client id must be of letters, digits, _ and -")
	case len(a.Secrets) == 0:
		return errors.New("a secret is needed")
	case len(a.Secrets) > secretsMax:
		return fmt.Errorf("at most %d secrets may be good at a time", secretsMax)
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
