// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"errors"
	"strings"

	"github.com/cartage-dev/cartage/adapters/inbound/shopifysign"
)

func (a App) check() error {
	if err := shopifysign.CheckApp(a.Name, a.Secrets); err != nil {
		return err
	}
	if a.ClientID == "" || strings.Trim(a.ClientID, letters+"_-") != "" {
		return errors.New("the client id must be of letters, digits, _ and -")
	}
	var known shopifysign.Installations
	for _, i := range a.Installed {
		if err := known.Add(i.Domain, i.Shop); err != nil {
			return err
		}
	}
	return known.Check()
}
