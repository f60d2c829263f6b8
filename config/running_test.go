// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/config"
)

// TestRunning: a running host takes over backends, shops and what they may do, and
// says of anything else, where it stands, that it needs a restart.
func TestRunning(t *testing.T) {
	t.Parallel()
	const restart = ": cannot change while the host runs; restart the host, or put back what it was"
	running := mustLoad(t, good, config.Serve)
	for _, tt := range []struct {
		name, text string
		environ    []string
		want       string // empty: it is taken over
	}{
		{"nothing", good, nil, ""},
		{"a setting", strings.Replace(good, "depth: 3", "depth: 4", 1), nil, ""},
		{"a rotated secret", good, []string{"M2_TOKEN=another"}, ""},
		{"a shop more", good + "  de:\n    currencies: [EUR]\n    checkout_hosts: [shop.example.de]\n", nil, ""},
		{"an allowance", good + "allow: {unpinned_plugins: [m2]}\n", nil, ""},
		{"an empty list where there was none", good + "log: {level: info}\n", []string{"CARTAGE_SERVER__TRUSTED_PROXIES="}, ""},
		{"a listener", good + "admin:\n  listen: 127.0.0.1:9999\n", nil, "cartage.yaml:24:11: admin.listen" + restart},
		{"the key of links, unrepeated", good, []string{"CARTAGE_HANDOFF__KEY=env:KEY", "KEY=" + strings.Repeat("A", 43) + "="}, "environment: CARTAGE_HANDOFF__KEY: handoff.key" + restart},
		{"what the file no longer says", strings.Replace(good, "https://carts.", "https://bags.", 1), nil, "cartage.yaml:2:15: server.public_url" + restart},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(config.Source{
				File: "cartage.yaml", Text: []byte(tt.text), Environ: append(slices.Clone(goodEnviron), tt.environ...), Running: &running,
			})
			if got := fmt.Sprint(err); got != tt.want && (err != nil || tt.want != "") {
				t.Errorf("Load() = %v, want %s", err, tt.want)
			}
		})
	}
}

// TestReads names every file that a config is made of, the wrong ones among them.
func TestReads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, token, missing := filepath.Join(dir, "cartage.yaml"), filepath.Join(dir, "token"), filepath.Join(dir, "missing")
	text := strings.NewReplacer("env:M2_TOKEN", "file:"+token, "env:POQ_SECRET", "file:"+missing).Replace(good)
	for path, held := range map[string]string{file: text, token: "canary"} {
		if err := os.WriteFile(path, []byte(held), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var read []string
	_, err := config.Load(config.Source{File: file, Environ: goodEnviron, Reads: func(path string) { read = append(read, path) }})
	if slices.Sort(read); !slices.Equal(read, []string{file, missing, token}) || err == nil {
		t.Errorf("read %q: %v", read, err)
	}
}
