// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/plugins/protocol"
)

// Program is what to start, and what to tell it.
type Program struct {
	Path     string // of the built program
	Settings []byte // one JSON object; empty is none
	Secrets  map[string]secret.Text
	// Environ is where PATH, TZ and the places of certificates are taken from; a
	// plugin sees nothing else of it but what Env names.
	Environ []string
	Env     []string
}

// Describe starts the program, asks what it is, and ends it. It hands over nothing and judges
// nothing. A program that does not shake hands is a *NoHandshake.
func Describe(ctx context.Context, p Program) (protocol.Description, error) {
	run, err := start(ctx, p)
	if err != nil {
		return protocol.Description{}, err
	}
	defer run.end()
	return describe(ctx, run)
}

// passedOn are the variables that every plugin sees, as under a host.
var passedOn = []string{"PATH", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"}

// check is what can be wrong without starting anything.
func (p Program) check() (Program, error) {
	if len(p.Settings) == 0 {
		p.Settings = []byte("{}")
	}
	var object map[string]any
	if err := json.Unmarshal(p.Settings, &object); err != nil || object == nil {
		return p, fault.New(fault.Invalid, "invalid_settings", "the settings are not one JSON object").By(fault.Caller)
	}
	return p, nil
}

func (p Program) environ() []string {
	var env []string
	for _, v := range p.Environ {
		if name, _, _ := strings.Cut(v, "="); slices.Contains(passedOn, name) || slices.Contains(p.Env, name) {
			env = append(env, v)
		}
	}
	return env
}

func (p Program) configuration() protocol.Configuration {
	return protocol.Configuration{Backend: "verify", Settings: p.Settings, Secrets: p.Secrets}
}

// with is the program with other settings.
func (p Program) with(settings []byte) Program {
	p.Settings = settings
	return p
}

// changed is the program after a change to its settings.
func (p Program) changed(change func(settings map[string]any)) Program {
	settings := map[string]any{}
	_ = json.Unmarshal(p.Settings, &settings) // check has seen that it is one object
	change(settings)
	text, _ := json.Marshal(settings)
	return p.with(text)
}

// hidden is every secret in the open.
func (p Program) hidden() []string {
	all := make([]string, 0, len(p.Secrets))
	for _, s := range p.Secrets {
		all = append(all, s.Reveal())
	}
	return all
}
