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
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/fx"

	"github.com/cartage-dev/cartage/adapters/backend/guard"
	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/adapters/inbound/admin"
	"github.com/cartage-dev/cartage/app/usecase"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/store"
)

// launcher starts backends.
type launcher struct {
	host    *pluginhost.Host
	mode    config.Mode
	keys    loyalty.Keyring
	offers  store.Offers
	log     *slog.Logger
	figures prometheus.Registerer
}

// running is one backend: its process, and the guard around it.
type running struct {
	name    string
	plugin  *pluginhost.Plugin
	guard   *guard.Guard
	ports   backend.Backend
	spec    pluginhost.Spec
	numbers config.Guard
}

func newPluginHost(lc fx.Lifecycle, cfg config.Config, log *slog.Logger, figures prometheus.Registerer) (*pluginhost.Host, error) {
	host, err := pluginhost.New(pluginhost.Options{Logger: log, SocketDir: cfg.Plugins.SocketDir, Registerer: figures})
	if err != nil {
		return nil, err
	}
	lc.Append(fx.StopHook(host.Close))
	return host, nil
}

func newLauncher(host *pluginhost.Host, mode config.Mode, keys loyalty.Keyring, s store.Store, log *slog.Logger, figures prometheus.Registerer) *launcher {
	return &launcher{host: host, mode: mode, keys: keys, offers: s.Offers, log: log, figures: figures}
}

// launch starts the backend that cfg calls name.
func (l *launcher) launch(ctx context.Context, cfg config.Config, name string) (*running, error) {
	c := cfg.Backends[name]
	spec, err := pluginSpec(cfg.Plugins.Dir, name, c)
	if err != nil {
		return nil, err
	}
	plugin, err := l.host.Launch(ctx, spec)
	if err != nil {
		return nil, refused(name, err)
	}
	r := &running{name: name, plugin: plugin, spec: spec}
	if err := r.permitted(cfg, l.mode); err != nil {
		plugin.Close(ctx)
		return nil, err
	}
	return l.guarded(r, c.Guard), nil
}

// guarded is r behind a new guard of these numbers.
func (l *launcher) guarded(r *running, c config.Guard) *running {
	g := guard.New(r.name, guardSettings(c), guard.Options{Logger: l.log, Registerer: l.figures})
	return &running{name: r.name, plugin: r.plugin, guard: g, ports: g.Wrap(r.plugin.Backend()), spec: r.spec, numbers: c}
}

// permitted refuses a plugin that is for demonstrations where config does not allow it.
func (r *running) permitted(cfg config.Config, mode config.Mode) error {
	info := r.plugin.Description().Info
	if !info.Demo || mode != config.Serve || slices.Contains(cfg.Allow.DemoBackends, r.name) {
		return nil
	}
	return config.Refusal(fmt.Sprintf("backends.%s: plugin %s sells nothing real; name %s in allow.demo_backends to serve it all the same",
		r.name, info.Name, r.name))
}

// owner is what carts remember of the backend that made them.
func (r *running) owner() usecase.Owner {
	return usecase.Owner(r.name + "/" + r.plugin.Description().Info.Name)
}

// title is what the plugin calls itself.
func (r *running) title() string {
	info := r.plugin.Description().Info
	return info.Name + " " + info.Version
}

// pinned is r, held to the checksum that spec has for the same program.
func (r *running) pinned(spec pluginhost.Spec) *running {
	held := *r
	held.spec.SHA256 = spec.SHA256
	return &held
}

// differs says in a word how the process would have to be another one to be what
// spec asks for; empty when it need not be. The program on disk is read only where
// spec names or pins another one, or programs asks for it: whoever changes something
// else should not be told of a program that is about to be installed.
func (r *running) differs(spec pluginhost.Spec, programs bool) (string, error) {
	before, after := r.spec, spec
	before.SHA256, after.SHA256 = "", ""
	before.Limits, after.Limits = pluginhost.Limits{}, pluginhost.Limits{}
	if before.Path != after.Path {
		return "plugin", nil
	}
	if programs || !strings.EqualFold(r.spec.SHA256, spec.SHA256) {
		sum, err := pluginhost.Sum(spec.Path)
		if err != nil {
			return "", refused(r.name, err)
		}
		if sum != r.plugin.Status().SHA256 || spec.SHA256 != "" && !strings.EqualFold(spec.SHA256, sum) {
			return "plugin", nil
		}
	}
	switch {
	case !reflect.DeepEqual(before.Secrets, after.Secrets):
		return "secrets", nil
	case !reflect.DeepEqual(before, after):
		return "settings", nil
	case r.spec.Limits != spec.Limits:
		return "limits", nil
	}
	return "", nil
}

// refused blames config for what a plugin found wrong with it, by the key that says it.
func refused(name string, err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Invalid || len(f.Fields) == 0 {
		return fmt.Errorf("backend %s: %w", name, err)
	}
	mistakes := make(config.Mistakes, len(f.Fields))
	for i, field := range f.Fields {
		mistakes[i] = config.Mistake{Key: "backends." + name + "." + field.Path, Found: field.Detail}
	}
	return mistakes
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
		Limits: pluginhost.Limits{MemoryBytes: int64(c.Limits.Memory), Files: uint64(c.Limits.Files)},
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

// status is a backend as /readyz?verbose prints it. One that is down does not make
// the host unready: other shops still sell.
func (r *running) status() admin.Status {
	process, breaker := r.plugin.Status(), r.guard.State()
	detail := map[string]string{
		"plugin": r.title(), "sha256": process.ShortSHA256(),
		"state": process.State, "pid": strconv.Itoa(process.PID), "restarts": strconv.Itoa(process.Restarts),
		"since":   process.Since.UTC().Format(time.RFC3339),
		"breaker": breaker.Breaker, "in_flight": strconv.Itoa(breaker.InFlight),
		"refused_requests": strconv.Itoa(process.Refused), "memory_limit": config.Size(process.MemoryMax).String(),
	}
	if process.MemoryBytes > 0 {
		detail["memory"] = config.Size(process.MemoryBytes).String()
	}
	if !process.NextTry.IsZero() {
		detail["next_try"] = process.NextTry.UTC().Format(time.RFC3339)
	}
	for key, value := range map[string]string{
		"last_exit": process.LastExit, "last_fault": r.plugin.Redacted(breaker.LastFault), "check": process.Checked,
	} {
		if value != "" {
			detail[key] = value
		}
	}
	return admin.Status{Name: "backend " + r.name, OK: process.State == pluginhost.Ready && breaker.Breaker != guard.Open, Detail: detail}
}
