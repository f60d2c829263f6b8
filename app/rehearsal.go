// SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"io"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/shadow"
	"github.com/cartage-dev/cartage/adapters/inbound/admin"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
)

// pair is a shop with the backend of its carts and the one that it rehearses with.
// What was counted of a pair goes on through reloads.
type pair struct{ shop, primary, candidate string }

// rehearsal is one pair's.
type rehearsal struct {
	record *shadow.Record
	shadow *shadow.Shadow
}

// rehearse lets each shop that asks for it make a share of its carts twice.
func (l *launcher) rehearse(next, before *edition) error {
	next.rehearsals = map[pair]rehearsal{}
	for _, name := range sortedKeys(next.cfg.Shops) {
		c := next.cfg.Shops[name].Shadow
		if c == nil {
			continue
		}
		entry, candidate := next.table.Shops[shop.ID(name)], next.backends[c.Backend]
		if candidate.ports.Carts == nil {
			return config.Refusal(fmt.Sprintf("shops.%s.shadow.backend: plugin %s of backend %s does not offer carts", name, candidate.ports.Info.Name, c.Backend))
		}
		p := pair{name, string(entry.CartsFrom), string(candidate.owner())}
		record := before.rehearsals[p].record
		if record == nil {
			record = shadow.NewRecord(p.shop, p.primary, p.candidate)
		}
		s := shadow.New(record, shadow.Options{Share: c.Share, Allowed: allowed(entry.Shop.Handoff), Logger: l.log, Registerer: l.figures})
		next.rehearsals[p] = rehearsal{record, s}
		entry.Backend.Carts = s.Wrap(entry.Backend.Carts, candidate.ports.Carts)
		next.table.Shops[shop.ID(name)] = entry
	}
	return nil
}

// allowed holds the pages of a candidate to a shop's policy, as a transfer would.
func allowed(policy handoff.Policy) func(backend.Pages) error {
	return func(p backend.Pages) error {
		if _, err := policy.Check(p.Checkout, time.Now()); err != nil || p.Cart == nil {
			return err
		}
		_, err := policy.Check(*p.Cart, time.Now())
		return err
	}
}

// Rehearsals are the reports of all shops that rehearse.
type Rehearsals []shadow.Report

// WriteText is one report after another.
func (r Rehearsals) WriteText(w io.Writer) error {
	if len(r) == 0 {
		_, err := io.WriteString(w, "No shop rehearses. Give one a group shadow in config, with the backend to try.\n")
		return err
	}
	for i, report := range r {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := report.WriteText(w); err != nil {
			return err
		}
	}
	return nil
}

// Rehearsals reports on every pair of the edition at work.
func (e *Engine) Rehearsals() admin.Readable {
	all := Rehearsals{}
	at := e.current.Load()
	if at == nil {
		return all
	}
	for _, name := range sortedKeys(at.cfg.Shops) {
		for p, r := range at.rehearsals {
			if p.shop == name {
				all = append(all, r.record.Report())
			}
		}
	}
	return all
}
