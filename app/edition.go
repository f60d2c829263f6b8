// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
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
// again when not all of it comes up.
func (l *launcher) edition(ctx context.Context, cfg config.Config, before *edition) (*edition, []string, error) {
	if before == nil {
		before = &edition{}
	}
	next := &edition{number: before.number + 1, cfg: cfg, backends: map[string]*running{}, since: time.Now()}
	names := sortedKeys(cfg.Backends)
	made, said := make([]*running, len(names)), make([]string, len(names))
	group, starting := errgroup.WithContext(ctx)
	for i, name := range names {
		group.Go(func() (err error) {
			made[i], said[i], err = l.next(starting, cfg, name, before)
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
func (l *launcher) next(ctx context.Context, cfg config.Config, name string, before *edition) (*running, string, error) {
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
	why, err := kept.differs(spec)
	switch {
	case err != nil:
		return nil, "", err
	case why != "":
		r, err := l.launch(ctx, cfg, name)
		if err == nil {
			err = l.well(ctx, r)
		}
		return r, "started anew for its " + why, err
	}
	if err := kept.permitted(cfg, l.mode); err != nil {
		return nil, "", err
	}
	if kept.numbers != c.Guard {
		return l.guarded(kept, c.Guard), "guarded by other numbers", nil
	}
	return kept, "", nil
}

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
			said = append(said, "backend "+name+": stopped")
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

// stop ends what this edition has running and other has not.
func (e *edition) stop(ctx context.Context, other *edition) {
	for _, r := range e.rehearsals {
		r.shadow.Close()
	}
	var stopping errgroup.Group
	for name, r := range e.backends {
		kept := other.backends[name]
		if kept == r {
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
