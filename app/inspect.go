// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/adapters/backend/pluginhost/settings"
	"github.com/cartage-dev/cartage/core/fault"
)

// PluginFinding is what a plugin says of itself; Problem is why it cannot be used,
// and empty when it can.
type PluginFinding struct {
	Name        string         `json:"name"`
	Version     string         `json:"version"`
	Protocol    int            `json:"protocol"`
	Ports       []string       `json:"ports"`
	KeyedWrites bool           `json:"keyed_writes"`
	ReadBack    bool           `json:"read_back"`
	Demo        bool           `json:"demo"`
	SHA256      string         `json:"sha256"`
	Schema      bool           `json:"schema"` // whether it gives one of its settings
	Settings    []settings.Key `json:"settings"`
	Problem     string         `json:"problem,omitempty"`
}

// Err is nil when the plugin can be used.
func (f PluginFinding) Err() error {
	if f.Problem == "" {
		return nil
	}
	return errors.New(f.Problem)
}

// InspectPlugin starts the program at path, asks what it is, and ends it. The error
// says that it is no plugin; what is wrong with one is its Problem.
func InspectPlugin(ctx context.Context, path string) (found PluginFinding, err error) {
	host, err := pluginhost.New(pluginhost.Options{Logger: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, host.Close(context.WithoutCancel(ctx))) }()
	if path, err = filepath.Abs(path); err != nil {
		return found, err
	}
	about, err := host.Inspect(ctx, pluginhost.Spec{Backend: "inspected", Path: path})
	if err != nil {
		return found, plainly(err)
	}
	info := about.Description.Info
	found = PluginFinding{
		Name: oneLine(info.Name), Version: oneLine(info.Version), Protocol: about.Protocol, Ports: []string{},
		KeyedWrites: info.KeyedWrites, ReadBack: info.ReadBack, Demo: info.Demo, SHA256: about.SHA256,
		Schema: len(about.Description.SettingsSchema) > 0, Settings: []settings.Key{},
	}
	for _, p := range about.Description.Ports {
		found.Ports = append(found.Ports, string(p))
	}
	if len(found.Ports) == 0 {
		found.Problem = "it offers no port that this host knows"
	}
	schema, err := settings.Read(about.Description.SettingsSchema)
	if err != nil {
		found.Problem = plainly(err).Error()
		return found, nil
	}
	found.Settings = append(found.Settings, schema.Keys()...)
	return found, nil
}

// plainly is what err says, without the words that programs read where that is all there is.
func plainly(err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Cause == nil && f.Error() == err.Error() {
		return errors.New(f.Message)
	}
	return err
}

// shownMax is how many characters of a plugin's own words are shown.
const shownMax = 100

// oneLine is a stranger's text that no terminal takes for a command.
func oneLine(text string) string {
	printed := []rune(strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text))
	return string(printed[:min(len(printed), shownMax)])
}
