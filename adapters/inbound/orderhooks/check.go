// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/cartage-dev/cartage/adapters/inbound/shopifysign"
)

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

func (a App) check() error {
	if err := shopifysign.CheckApp(a.Name, a.Secrets); err != nil {
		return err
	}
	switch {
	case !strings.HasPrefix(a.Path, "/"):
		return errors.New("the path must start with /")
	case a.Path == "/" || path.Clean(a.Path) != a.Path || strings.ContainsAny(a.Path, "{}?#% \t"):
		return errors.New("the path must be a plain one, without wildcards, escapes, a query or a slash at its end")
	case strings.Trim(a.AppID, letters+"_-") != "":
		return errors.New("the app's id must be of letters, digits, _ and -")
	}
	var known shopifysign.Installations
	for _, i := range a.Installed {
		if err := known.Add(i.Domain, i.Shop); err != nil {
			return err
		}
		if i.ShopID <= 0 {
			return fmt.Errorf("domain %s: the shop's number must be above zero", i.Domain)
		}
	}
	return known.Check()
}
