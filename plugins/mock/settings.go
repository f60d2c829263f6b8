// SPDX-License-Identifier: Apache-2.0

package main

import (
	_ "embed" // for the schema
	"fmt"
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
	Faults     faults         `json:"faults"`
}

// faults are switched on to show what Cartage does about them.
type faults struct {
	FailEvery       uint64 `json:"fail_every"`        // every n-th call does nothing and says so; 0 is never
	LoseAnswerEvery uint64 `json:"lose_answer_every"` // every n-th write is done and not answered; 0 is never
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
	if wrong != nil {
		return settings{}, sdk.NewFault(sdk.Invalid, "invalid_settings", "%s: %s", wrong[0].Path, wrong[0].Detail).By(sdk.SourceCaller).With(wrong...)
	}
	return s, nil
}

// isOrigin reports whether text is a scheme and a host, to which paths can be appended.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.Scheme+"://"+u.Host == text
}
