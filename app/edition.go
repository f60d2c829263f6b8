// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/cartage-dev/cartage/app/usecase"
	"github.com/cartage-dev/cartage/config"
)

// edition is one config at work: the backends that it runs and the routes that
// lead to them. It never changes; the next one takes its place.
type edition struct {
	number   int
	cfg      config.Config
	backends map[string]*running
	table    usecase.Table
	// rehearsals of the shops that have one; each edition runs its own.
	rehearsals map[pair]rehearsal
	api        http.Handler
	since      time.Time

	requests atomic.Int64 // that have this edition's routes
	retired  atomic.Bool
}

// pin counts a request in before it looks whether requests still may come: whoever
// drains looks the other way round, so that neither misses the other.
func (e *edition) pin() bool {
	e.requests.Add(1)
	if !e.retired.Load() {
		return true
	}
	e.requests.Add(-1)
	return false
}

// drain waits until no request is left or ctx ends, and says how many are.
func (e *edition) drain(ctx context.Context) int64 {
	e.retired.Store(true)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for e.requests.Load() > 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return e.requests.Load()
		}
	}
	return 0
}

// edition starts what cfg asks for and keeps of before, which may be nil, what it
// asks for as well. Nothing of before is changed; what was started is stopped
// again when not all of it comes up. With programs it also looks whether the
// program of a backend that could be kept is another on disk than the one that runs.
func (l *launcher) edition(ctx context.Context, cfg config.Config, before *edition, programs bool) (*edition, []string, error) {
	if before == nil {
		before = &edition{}
	}
	next := &edition{number: before.number + 1, cfg: cfg, backends: map[string]*running{}, since: time.Now()}
	names := sortedKeys(cfg.Backends)
	made, said := make([]*running, len(names)), make([]string, len(names))
	group, starting := errgroup.WithContext(ctx)
	for i, name := range names {
		group.Go(func() (err error) {
			made[i], said[i], err = l.next(starting, cfg, name, before, programs)
			return err
		})
	}
	err := group.Wait()
	var changes []string
	for i, name := range names {
		if made[i] == nil {
			continue
		}
		next.backends[name] = made[i]
		if said[i] != "" {
			changes = append(changes, "backend "+name+": "+said[i])
		}
	}
	if err == nil {
		next.table, err = newTable(cfg, next.backends, l.keys)
	}
	if err == nil {
		err = keepOffers(ctx, l.offers, next.table.Shops)
	}
	if err == nil {
		err = l.rehearse(next, before) //nolint:contextcheck // a rehearsal outlives the reload that begins it
	}
	if err != nil {
		next.stop(context.WithoutCancel(ctx), before)
		return nil, nil, err
	}
	return next, append(changes, next.others(before)...), nil
}

// next is the backend called name as cfg wants it, and what had to be done for it.
func (l *launcher) next(ctx context.Context, cfg config.Config, name string, before *edition, programs bool) (*running, string, error) {
	c := cfg.Backends[name]
	kept, ok := before.backends[name]
	if !ok {
		r, err := l.launch(ctx, cfg, name)
		if err == nil && before.number > 0 {
			err = l.well(ctx, r)
		}
		return r, "started", err
	}
	spec, err := pluginSpec(cfg.Plugins.Dir, name, c)
	if err != nil {
		return nil, "", err
	}
	why, err := kept.differs(spec, programs)
	switch {
	case err != nil:
		return nil, "", err
	case why != "":
		r, err := l.launch(ctx, cfg, name)
		if err == nil {
			err = l.well(ctx, r)
		}
		if err != nil {
			return r, "", err
		}
		return r, "started anew for its " + why + r.instead(kept), nil
	}
	if err := kept.permitted(cfg, l.mode); err != nil {
		return nil, "", err
	}
	var said []string
	if !strings.EqualFold(kept.spec.SHA256, spec.SHA256) {
		kept = kept.pinned(spec)
		said = append(said, "pinned otherwise; the program that runs is the one wanted")
	}
	if kept.numbers != c.Guard {
		kept = l.guarded(kept, c.Guard)
		said = append(said, "guarded by other numbers")
	}
	return kept, strings.Join(said, "; "), nil
}

// instead says what else the process that takes over from before has changed beside
// what it was started for.
func (r *running) instead(before *running) (said string) {
	if is, was := r.plugin.Status().SHA256, before.plugin.Status().SHA256; is != was {
		said = fmt.Sprintf("; the program %s (SHA-256 %s) takes over from %s (%s)", r.title(), is, before.title(), was)
	}
	if r.owner() != before.owner() {
		said += "; carts of the last week are of plugin " + before.plugin.Description().Info.Name + lostUntil
	}
	return said
}

// lostUntil ends what is said of a backend that does not run any more: what was made
// there is remembered for a week.
const lostUntil = ", and neither they nor their orders are found until it runs again; points that it kept wait for it"

// well asks a backend that is to take over from one that sells whether it can.
func (l *launcher) well(ctx context.Context, r *running) error {
	if err := r.plugin.Check(ctx); err != nil {
		return fmt.Errorf("backend %s: the commerce system is not well: %s", r.name, r.plugin.Status().Checked)
	}
	return nil
}

// others says what became of backends and shops beside what was started.
func (e *edition) others(before *edition) (said []string) {
	for _, name := range sortedKeys(before.backends) {
		if _, ok := e.backends[name]; !ok {
			said = append(said, "backend "+name+": stopped; carts of the last week are its own"+lostUntil)
		}
	}
	for _, name := range sortedKeys(before.cfg.Shops) {
		if _, ok := e.cfg.Shops[name]; !ok {
			said = append(said, "shop "+name+": removed")
		}
	}
	for _, name := range sortedKeys(e.cfg.Shops) {
		switch was, ok := before.cfg.Shops[name]; {
		case !ok:
			said = append(said, "shop "+name+": added")
		case !reflect.DeepEqual(was, e.cfg.Shops[name]):
			said = append(said, "shop "+name+": changed")
		}
	}
	return said
}

// lost are the backends of before that carts are remembered of and that do not run any more.
func (e *edition) lost(before *edition) (gone []usecase.Owner) {
	for _, owner := range sortedKeys(before.table.Backends) {
		if _, ok := e.table.Backends[owner]; !ok {
			gone = append(gone, owner)
		}
	}
	return gone
}

// stop ends what this edition has running and other has not.
func (e *edition) stop(ctx context.Context, other *edition) {
	for _, r := range e.rehearsals {
		r.shadow.Close()
	}
	var stopping errgroup.Group
	for name, r := range e.backends {
		kept := other.backends[name]
		if kept != nil && kept.plugin == r.plugin && kept.guard == r.guard {
			continue
		}
		if kept == nil || kept.plugin != r.plugin {
			stopping.Go(func() error {
				r.plugin.Close(ctx)
				return nil
			})
		}
		if kept == nil {
			r.guard.Close()
		} else {
			r.guard.Replace(kept.guard)
		}
	}
	_ = stopping.Wait()
}
