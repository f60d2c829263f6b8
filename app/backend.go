// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/fx"
	"golang.org/x/sync/errgroup"

	"github.com/cartage-dev/cartage/adapters/backend/guard"
	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/adapters/inbound/admin"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

var backendModule = fx.Module("backend",
	fx.Provide(newPluginHost, newBackends, newDirectory),
)

// Backends are the configured backends, by name. They run from OnStart to OnStop.
type Backends struct {
	host    *pluginhost.Host
	cfg     config.Config
	mode    config.Mode
	log     *slog.Logger
	figures prometheus.Registerer
	running map[string]running
}

// running is one backend: its process, and the guard around it.
type running struct {
	plugin *pluginhost.Plugin
	guard  *guard.Guard
	ports  backend.Backend
}

func newPluginHost(lc fx.Lifecycle, cfg config.Config, log *slog.Logger, figures prometheus.Registerer) (*pluginhost.Host, error) {
	host, err := pluginhost.New(pluginhost.Options{Logger: log, SocketDir: cfg.Plugins.SocketDir, Registerer: figures})
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StopHook(host.Close))
	return host, nil
}

func newBackends(lc fx.Lifecycle, host *pluginhost.Host, cfg config.Config, mode config.Mode, log *slog.Logger, figures prometheus.Registerer) *Backends {
	b := &Backends{host: host, cfg: cfg, mode: mode, log: log, figures: figures, running: map[string]running{}}
	lc.Append(fx.StartStopHook(b.start, b.stop))
	return b
}

// start launches every plugin at once; one that does not come up stops the start.
func (b *Backends) start(ctx context.Context) error {
	names := sortedKeys(b.cfg.Backends)
	started := make([]running, len(names))
	group, ctx := errgroup.WithContext(ctx)
	for i, name := range names {
		group.Go(func() (err error) {
			started[i], err = b.launch(ctx, name)
			return err
		})
	}
	err := group.Wait()
	for i, name := range names {
		if started[i].plugin != nil {
			b.running[name] = started[i]
		}
	}
	if err != nil {
		b.stop() // the host ends the processes
	}
	return err
}

func (b *Backends) stop() {
	for _, r := range b.running {
		r.guard.Close()
	}
}

func (b *Backends) launch(ctx context.Context, name string) (running, error) {
	c := b.cfg.Backends[name]
	spec, err := pluginSpec(b.cfg.Plugins.Dir, name, c)
	if err != nil {
		return running{}, err
	}
	plugin, err := b.host.Launch(ctx, spec)
	if err != nil {
		return running{}, refused(name, err)
	}
	if plugin.Description().Info.Demo && b.mode == config.Serve && !slices.Contains(b.cfg.Allow.DemoBackends, name) {
		return running{}, config.Refusal(fmt.Sprintf("backends.%s: plugin %s sells nothing real; name %s in allow.demo_backends to serve it all the same",
			name, plugin.Description().Info.Name, name))
	}
	g := guard.New(name, guardSettings(c.Guard), guard.Options{Logger: b.log, Registerer: b.figures})
	return running{plugin: plugin, guard: g, ports: g.Wrap(plugin.Backend())}, nil
}

// refused blames config for what a plugin found wrong with it, by the key that says it.
func refused(name string, err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Invalid || len(f.Fields) == 0 {
		return fmt.Errorf("backend %s: %w", name, err)
	}
	said := make([]string, len(f.Fields))
	for i, field := range f.Fields {
		said[i] = fmt.Sprintf("backends.%s.%s: %s", name, field.Path, field.Detail)
	}
	return config.Refusal(strings.Join(said, "\n"))
}

func pluginSpec(dir, name string, c config.Backend) (pluginhost.Spec, error) {
	settings, err := json.Marshal(c.Settings)
	if err != nil {
		return pluginhost.Spec{}, fmt.Errorf("backend %s: settings: %w", name, err)
	}
	if c.Settings == nil {
		settings = []byte("{}")
	}
	path, err := PluginPath(dir, c.Plugin)
	if err != nil {
		return pluginhost.Spec{}, fmt.Errorf("backend %s: %w", name, err)
	}
	return pluginhost.Spec{
		Backend: name, Path: path, SHA256: c.SHA256, Settings: settings, Secrets: c.Secrets,
		StartTimeout: c.StartTimeout, Env: c.Env,
	}, nil
}

// PluginPath is the program that a backend's plugin key names: a path when it has
// a slash, else a file in dir, which is the folder plugins beside the host's own program when it is empty.
func PluginPath(dir, plugin string) (string, error) {
	if strings.ContainsRune(plugin, filepath.Separator) {
		return filepath.Abs(plugin)
	}
	if dir == "" {
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find the host's own folder: %w", err)
		}
		dir = filepath.Join(filepath.Dir(self), "plugins")
	}
	return filepath.Abs(filepath.Join(dir, plugin))
}

func guardSettings(g config.Guard) guard.Settings {
	return guard.Settings{
		Timeout: g.Timeout, ProbeTimeout: g.ProbeTimeout, Concurrency: g.Concurrency, Queue: g.Queue, QueueWait: g.QueueWait,
		Window: g.Window, MinRequests: g.MinRequests, FailureRatio: g.FailureRatio, OpenFor: g.OpenFor, Probes: g.Probes,
	}
}

// probes show each backend as /readyz?verbose prints it. A backend that is down
// does not make the host unready: other shops still sell.
func (b *Backends) probes() []admin.Probe {
	probes := make([]admin.Probe, 0, len(b.cfg.Backends))
	for _, name := range sortedKeys(b.cfg.Backends) {
		probes = append(probes, func(context.Context) admin.Status {
			r, ok := b.running[name]
			if !ok {
				return admin.Status{Name: "backend " + name, Detail: map[string]string{"plugin": "not started"}}
			}
			return r.status(name)
		})
	}
	return probes
}

func (r running) status(name string) admin.Status {
	process, breaker := r.plugin.Status(), r.guard.State()
	detail := map[string]string{
		"plugin": r.plugin.Description().Info.Name + " " + r.plugin.Description().Info.Version,
		"state":  process.State, "pid": strconv.Itoa(process.PID), "restarts": strconv.Itoa(process.Restarts),
		"since":   process.Since.UTC().Format(time.RFC3339),
		"breaker": breaker.Breaker, "in_flight": strconv.Itoa(breaker.InFlight),
	}
	for key, value := range map[string]string{"last_exit": process.LastExit, "last_fault": breaker.LastFault, "check": process.Checked} {
		if value != "" {
			detail[key] = value
		}
	}
	return admin.Status{Name: "backend " + name, OK: process.State == pluginhost.Ready && breaker.Breaker != guard.Open, Detail: detail}
}
