// SPDX-License-Identifier: Apache-2.0

package main

import (
	_ "embed" // for the schema
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

//go:embed settings.json
var settingsSchema []byte

// delayMax is also the schema's: more than any deadline, so that time-outs can be shown.
const delayMax = time.Minute

// settings are what the host's config says about this backend.
type settings struct {
	Listen     string         `json:"listen"`
	PublicURL  string         `json:"public_url"`
	DataDir    string         `json:"data_dir"`
	DelayMS    int64          `json:"delay_ms"`
	Currencies []sdk.Currency `json:"currencies"`
	Loyalty    programme      `json:"loyalty"`
	Faults     faults         `json:"faults"`
}

// programme says who has points before any have moved, in every shop.
type programme struct {
	Customers map[sdk.CustomerID]sdk.Points `json:"customers"`
	Welcome   *sdk.Points                   `json:"welcome"` // of every other customer; nil: nobody else is known
}

// faults are switched on to show what Cartage does about them.
type faults struct {
	FailEvery       uint64     `json:"fail_every"`        // every n-th call does nothing and says so; 0 is never
	LoseAnswerEvery uint64     `json:"lose_answer_every"` // every n-th write is done and not answered; 0 is never
	Moves           moveFaults `json:"moves"`
}

func (s settings) delay() time.Duration { return time.Duration(s.DelayMS) * time.Millisecond }

func readSettings(c sdk.Config) (settings, error) {
	s := settings{Listen: "127.0.0.1:0"}
	if err := c.Decode(&s); err != nil {
		return settings{}, err
	}
	if s.Currencies == nil {
		s.Currencies = soldIn()
	}
	var wrong []sdk.Field
	refuse := func(path, reason, detail string) {
		wrong = append(wrong, sdk.Field{Path: "settings." + path, Reason: reason, Detail: detail})
	}
	if s.DelayMS < 0 || s.DelayMS > delayMax.Milliseconds() {
		refuse("delay_ms", "out_of_range", fmt.Sprintf("must be 0 to %d", delayMax.Milliseconds()))
	}
	if s.PublicURL != "" && !isOrigin(s.PublicURL) {
		refuse("public_url", "malformed", "must be http:// or https:// with a host, and without a path")
	}
	if len(s.Currencies) == 0 {
		refuse("currencies", "required", "must name at least one")
	}
	for i, currency := range s.Currencies {
		if !slices.Contains(soldIn(), currency) {
			refuse(fmt.Sprintf("currencies[%d]", i), "not_offered", fmt.Sprintf("must be one of %v", soldIn()))
		}
	}
	wrong = append(wrong, s.Loyalty.check()...)
	if wrong != nil {
		return settings{}, sdk.NewFault(sdk.Invalid, "invalid_settings", "%s: %s", wrong[0].Path, wrong[0].Detail).By(sdk.SourceCaller).With(wrong...)
	}
	return s, nil
}

// check names what nobody can begin with, in the order of the names.
func (p programme) check() (wrong []sdk.Field) {
	begin := func(path string, points sdk.Points) {
		if points < 0 || points > sdk.PointsMax {
			wrong = append(wrong, sdk.Field{Path: "settings.loyalty." + path, Reason: "out_of_range", Detail: fmt.Sprintf("must be 0 to %d", sdk.PointsMax)})
		}
	}
	for _, customer := range slices.Sorted(maps.Keys(p.Customers)) {
		begin("customers."+string(customer), p.Customers[customer])
	}
	if p.Welcome != nil {
		begin("welcome", *p.Welcome)
	}
	return wrong
}

// isOrigin reports whether text is a scheme and a host, to which paths can be appended.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.Scheme+"://"+u.Host == text
}
