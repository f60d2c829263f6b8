// SPDX-License-Identifier: Apache-2.0

package protocoltest_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// club is a plugin that keeps the points of one member, which outlive it as its keys do.
type club struct {
	mu        sync.Mutex
	Points    sdk.Points
	Movements map[sdk.IdempotencyKey]sdk.Movement
	// keeps writes what is to outlive the process; nil is nothing.
	keeps func(c *club) any
}

// keeping is a plugin around a club that is broken in one way.
func keeping(spoil func(c *club), also ...func(p *sdk.Plugin)) func(p *sdk.Plugin) {
	return func(p *sdk.Plugin) {
		p.Info.KeyedWrites, p.Info.ReadBack, p.Offers = true, true, []sdk.Port{sdk.PortLoyalty}
		configured(func(_ sdk.Config, ports *sdk.Ports) error {
			c := &club{Movements: map[sdk.IdempotencyKey]sdk.Movement{}, keeps: func(c *club) any { return c }}
			spoil(c)
			if text, err := os.ReadFile(c.path()); err == nil {
				if err := json.Unmarshal(text, c); err != nil {
					return err
				}
			}
			ports.Carts, ports.Loyalty = nil, counter{c}
			return nil
		})(p)
		for _, spoil := range also {
			spoil(p)
		}
	}
}

func (*club) path() string { return filepath.Join(os.Getenv(dirEnv), "club") }

func (c *club) member(id sdk.CustomerID) error {
	if id != "member" {
		return sdk.NewFault(sdk.NotFound, "unknown_customer", "no member").By(sdk.SourceCaller)
	}
	return nil
}

func (c *club) look(id sdk.CustomerID) (sdk.Points, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Points, c.member(id)
}

func (c *club) move(call sdk.Call, m sdk.Movement) (sdk.Points, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, done := c.Movements[call.Key]; done {
		return c.Points, nil
	}
	if err := c.member(m.Customer); err != nil {
		return 0, err
	}
	c.Points += m.Points
	c.Movements[call.Key] = m
	if c.keeps == nil {
		return c.Points, nil
	}
	text, err := json.Marshal(c.keeps(c))
	if err != nil {
		return 0, err
	}
	return c.Points, os.WriteFile(c.path(), text, 0o600)
}

func (c *club) moved(key sdk.IdempotencyKey) (sdk.Movement, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, done := c.Movements[key]
	if !done {
		return m, sdk.NewFault(sdk.NotFound, "unknown_movement", "nothing was moved").By(sdk.SourceCaller)
	}
	return m, nil
}

// counter is a club as a port; its own fields have the names that JSON shows.
type counter struct{ *club }

func (c counter) Points(_ context.Context, _ sdk.Call, id sdk.CustomerID) (sdk.Points, error) {
	return c.look(id)
}

func (c counter) Move(_ context.Context, call sdk.Call, m sdk.Movement) (sdk.Points, error) {
	return c.move(call, m)
}

func (c counter) Moved(_ context.Context, _ sdk.Call, key sdk.IdempotencyKey) (sdk.Movement, error) {
	return c.moved(key)
}

// clubs are roles of plugins that keep points.
var clubs = map[string]func(p *sdk.Plugin){
	"a club":                          keeping(func(*club) {}),
	"a demo of a club":                keeping(func(c *club) { c.keeps = nil }, func(p *sdk.Plugin) { p.Info.Demo = true }),
	"movements are forgotten":         keeping(func(c *club) { c.keeps = nil }),
	"keys of movements are forgotten": keeping(func(c *club) { c.keeps = func(c *club) any { return map[string]any{"Points": c.Points} } }),
}
