// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/fx"

	"github.com/cartage-dev/cartage/adapters/inbound/admin"
	"github.com/cartage-dev/cartage/app/usecase"
	"github.com/cartage-dev/cartage/config"
)

var engineModule = fx.Module("engine", fx.Provide(newPluginHost, newLauncher, newDirectory, newEngine))

// reloadMax bounds a reload up to the switch, and retireMax the wait for requests
// that began before it. A plugin that is stopped then has bounds of its own.
const (
	reloadMax = time.Minute
	retireMax = 10 * time.Second
)

// newDirectory is empty until the engine starts, which is before any listener opens.
func newDirectory() *usecase.Directory { return usecase.NewDirectory(usecase.Table{}) }

// Engine is what config decides: backends that run, shops, and the routes of the
// API. It takes over another config while requests run.
type Engine struct {
	source   config.Source
	launcher *launcher
	shops    *usecase.Directory
	routes   func(config.Config) (http.Handler, error)
	log      *slog.Logger
	figures  engineFigures

	ending   context.Context // from the stop of the host on
	end      context.CancelFunc
	changing chan struct{} // has room for the one who makes the next edition
	current  atomic.Pointer[edition]
	last     atomic.Pointer[attempt]
	watch    *watch
}

// attempt is the last reload, as /readyz?verbose shows it.
type attempt struct {
	at      time.Time
	by      string
	problem string // empty when it was taken over
}

type engineFigures struct {
	reloads *prometheus.CounterVec
	good    prometheus.Gauge
	since   prometheus.Gauge
}

func newEngine(lc fx.Lifecycle, source config.Source, cfg config.Config, l *launcher, shops *usecase.Directory, routes *Routes, log *slog.Logger, figures prometheus.Registerer) *Engine {
	e := &Engine{source: source, launcher: l, shops: shops, routes: routes.handler, log: log, figures: engineFigures{
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "cartage_config_reloads_total", Help: "Attempts to take over another config while running, by outcome: taken_over, unchanged or refused."}, []string{"outcome"}),
		good: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "cartage_config_last_reload_successful", Help: "0 when the last attempt was refused and an older config is at work."}),
		since: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "cartage_config_last_change_timestamp_seconds", Help: "When the config at work was taken over, in Unix time."}),
	}}
	e.changing = make(chan struct{}, 1)
	e.ending, e.end = context.WithCancel(context.Background())
	figures.MustRegister(e.figures.reloads, e.figures.good, e.figures.since)
	e.watch = &watch{engine: e}
	lc.Append(fx.StartStopHook(
		func(ctx context.Context) error {
			first, _, err := l.edition(ctx, cfg, nil, false)
			if err != nil {
				return unstarted(err)
			}
			if first.api, err = e.routes(cfg); err != nil {
				return err // the host ends the processes
			}
			e.switchTo(first)
			e.watch.start(cfg)
			return nil
		},
		func() {
			e.end()
			e.watch.looking.Wait()
			e.changing <- struct{}{} // and never taken back: nothing is taken over any more
			if at := e.current.Load(); at != nil {
				at.stop(context.Background(), &edition{})
			}
		},
	))
	return e
}

// unstarted adds to what kept one backend from coming up that it keeps the host from
// starting: there is no process yet whose back-off could be waited for.
func unstarted(err error) error {
	if _, ok := errors.AsType[config.Mistakes](err); ok {
		return err
	}
	return fmt.Errorf("%w\nThe host starts with all of its plugins or not at all; while this one cannot be mended, take its backend and the shops of it out of config", err)
}

// switchTo makes next the edition at work. New shops are found before any route leads to them.
func (e *Engine) switchTo(next *edition) {
	e.shops.Replace(next.table)
	e.current.Store(next)
	e.figures.good.Set(1)
	e.figures.since.SetToCurrentTime()
}

// ServeHTTP answers by the edition at work when the request came.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := e.current.Load()
	for !at.pin() { // it has been replaced between these lines
		at = e.current.Load()
	}
	defer at.requests.Add(-1)
	at.api.ServeHTTP(w, r)
}

// Reload reads config again and takes it over, and a program that is another on disk
// than the one that runs, whose config may be the same: see take.
func (e *Engine) Reload(by string) (changes []string, err error) { return e.take(by, true) }

// take reads config again and takes it over: what has to be started is started
// and looked at beside what runs, then new requests go to it, then what nobody
// asks for any more ends. It returns when no request is at work with the old
// config, or retireMax has passed. When anything is wrong nothing changes, and the
// error is config.Mistakes or says which backend did not come up. by says who
// asked, for the log; programs, whether to look at those that config leaves alone.
func (e *Engine) take(by string, programs bool) (changes []string, err error) {
	select {
	case e.changing <- struct{}{}:
		defer func() { <-e.changing }()
	case <-e.ending.Done():
		return nil, errors.New("the host is stopping; nothing was changed")
	}
	changes, err = e.reload(e.ending, programs)
	outcome, problem := "taken_over", ""
	switch {
	case err != nil:
		outcome, problem = "refused", err.Error()
		e.figures.good.Set(0)
		e.log.Error("config refused; the one at work stays", "by", by, "problem", problem)
	case len(changes) == 0:
		outcome = "unchanged"
		e.figures.good.Set(1)
		e.log.Info("config read again; nothing to change", "by", by)
	default:
		e.log.Info("config taken over", "by", by, "edition", e.current.Load().number, "changes", changes)
	}
	e.figures.reloads.WithLabelValues(outcome).Inc()
	e.last.Store(&attempt{at: time.Now(), by: by, problem: problem})
	return changes, err
}

func (e *Engine) reload(ctx context.Context, programs bool) ([]string, error) {
	before := e.current.Load()
	e.watch.note()
	source := e.source
	source.Running = &before.cfg
	cfg, err := config.Load(source)
	if err != nil {
		return nil, err
	}
	starting, cancel := context.WithTimeout(ctx, reloadMax)
	defer cancel()
	next, changes, err := e.launcher.edition(starting, cfg, before, programs)
	if err != nil {
		return nil, source.Locate(err)
	}
	next.api, err = e.routes(cfg)
	if err != nil || len(changes) == 0 {
		next.stop(ctx, before)
		return nil, err
	}
	e.switchTo(next)
	for _, owner := range next.lost(before) {
		e.log.Warn("carts of a backend that is gone are not found until it runs again, nor their orders, and points that it kept wait for it", "owner", owner)
	}
	retiring, cancel := context.WithTimeout(ctx, retireMax)
	defer cancel()
	if left := before.drain(retiring); left > 0 {
		e.log.Warn("requests of the old config are cut off", "requests", left)
	}
	before.stop(ctx, next)
	return changes, nil
}

// probes show the config at work and each of its backends.
func (e *Engine) probes() []admin.Probe {
	at := e.current.Load()
	if at == nil {
		return nil
	}
	probes := []admin.Probe{func(context.Context) admin.Status { return e.status(at) }}
	for _, name := range sortedKeys(at.backends) {
		probes = append(probes, func(context.Context) admin.Status { return at.backends[name].status() })
	}
	return probes
}

func (e *Engine) status(at *edition) admin.Status {
	s := admin.Status{Name: "config", OK: true, Detail: map[string]string{
		"edition": strconv.Itoa(at.number), "since": at.since.UTC().Format(time.RFC3339),
	}}
	if last := e.last.Load(); last != nil {
		s.OK = last.problem == ""
		s.Detail["last_reload"] = fmt.Sprintf("%s by %s", last.at.UTC().Format(time.RFC3339), last.by)
		if last.problem != "" {
			s.Detail["refused"] = strings.ReplaceAll(last.problem, "\n", " | ")
		}
	}
	return s
}
