// SPDX-License-Identifier: Apache-2.0

package shopifysign

import (
	"errors"
	"fmt"
	"strings"

	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/core/shop"
)

const (
	// SecretsMax is how many secrets of an app are good at a time: the one in use and the one before.
	SecretsMax = 2
	// Domains is what the domain of every shop at Shopify ends with.
	Domains = ".myshopify.com"

	words = "abcdefghijklmnopqrstuvwxyz0123456789"
)

// CheckApp is what is wrong with an app's name or secrets, or nil.
func CheckApp(name string, secrets []secret.Text) error {
	switch {
	case name == "" || strings.Trim(name, words+"_-") != "":
		return errors.New("the name must be of a-z, 0-9, _ and -")
	case len(secrets) == 0:
		return errors.New("a secret is needed")
	case len(secrets) > SecretsMax:
		return fmt.Errorf("at most %d secrets may be good at a time", SecretsMax)
	}
	for _, s := range secrets {
		if s.Empty() {
			return errors.New("a secret must not be empty")
		}
	}
	return nil
}

// Installations are the shops that have an app. The zero value has none.
type Installations struct {
	domains map[string]bool
	shops   map[shop.ID]bool
}

// Add is what is wrong with one more, or nil. It refuses one of our shops for two of Shopify's: orders and
// customers of both have numbers, and one's customer would spend the points of a stranger at the other.
func (i *Installations) Add(domain string, s shop.ID) error {
	if i.domains == nil {
		i.domains, i.shops = map[string]bool{}, map[shop.ID]bool{}
	}
	label, theirs := strings.CutSuffix(domain, Domains)
	switch {
	case !theirs || label == "" || strings.Trim(label, words+"-") != "" || label[0] == '-':
		return fmt.Errorf("domain %q must be a name in lower case below %s", domain, Domains[1:])
	case s == "":
		return fmt.Errorf("domain %s: a shop of ours is needed", domain)
	case i.domains[domain]:
		return fmt.Errorf("domain %s is given twice", domain)
	case i.shops[s]:
		return fmt.Errorf("domain %s: shop %s has a domain already", domain, s)
	}
	i.domains[domain], i.shops[s] = true, true
	return nil
}

// Check is what is wrong with how many there are, or nil.
func (i *Installations) Check() error {
	if len(i.shops) == 0 {
		return errors.New("a shop that has the app is needed")
	}
	return nil
}
