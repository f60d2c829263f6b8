// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"go.uber.org/fx"

	"github.com/cartage-dev/cartage/adapters/store/sqlite"
	"github.com/cartage-dev/cartage/app/usecase"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/ports/store"
)

var storeModule = fx.Module("store", fx.Provide(openStore, usecase.NewClock), fx.Invoke(sweepStore, seedDemo))

// openMax bounds opening the database, migrations included.
const openMax = 30 * time.Second

func openStore(lc fx.Lifecycle, cfg config.Config, clock *usecase.Clock, log *slog.Logger) (store.Store, error) {
	ctx, cancel := context.WithTimeout(context.Background(), openMax)
	defer cancel()
	db, err := sqlite.Open(ctx, sqlite.Options{Path: cfg.Store.Path, Logger: log, Now: clock.Now})
	if err != nil {
		return store.Store{}, err
	}
	lc.Append(fx.StopHook(db.Close))
	return db.Store(), nil
}

const (
	sweepEvery = time.Minute
	// sweepMax bounds one round, so that a long backlog does not keep the writer from selling.
	sweepMax       = 20
	sweepCallLimit = 5 * time.Second
)

// sweepStore forgets what is out of date, now and then.
func sweepStore(lc fx.Lifecycle, s store.Store, log *slog.Logger) {
	stop := make(chan struct{})
	var running sync.WaitGroup
	lc.Append(fx.StartStopHook(
		func() {
			running.Go(func() {
				tick := time.NewTicker(sweepEvery)
				defer tick.Stop()
				for {
					select {
					case <-stop:
						return
					case now := <-tick.C:
						if err := sweep(now, s.Handoffs, s.Idempotency, s.Inbox, s.Movements); err != nil {
							log.Warn("old rows could not be removed", "error", err)
						}
					}
				}
			})
		},
		func() {
			close(stop)
			running.Wait()
		},
	))
}

func sweep(now time.Time, all ...store.Sweeper) error {
	var errs []error
	for _, s := range all {
		for range sweepMax {
			ctx, cancel := context.WithTimeout(context.Background(), sweepCallLimit)
			n, err := s.Sweep(ctx, now)
			cancel()
			if err != nil {
				errs = append(errs, err)
			}
			if err != nil || n < store.SweepMax {
				break
			}
		}
	}
	return errors.Join(errs...)
}
