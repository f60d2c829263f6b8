// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/cartage-dev/cartage/config"
)

// ended is how a command line ends, and what it says.
func ended(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	root := newRoot()
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetIn(strings.NewReader(""))
	root.SetContext(t.Context())
	root.SetArgs(args)
	_, err := execute(root)
	if err != nil {
		return exitCode(err), out.String() + err.Error()
	}
	return 0, out.String()
}

// every calls look for each command below c, with the words that lead to it.
func every(c *cobra.Command, path []string, look func(*cobra.Command, []string)) {
	for _, below := range c.Commands() {
		at := append(path[:len(path):len(path)], below.Name())
		look(below, at)
		every(below, at, look)
	}
}

// TestUsageEndsWithTwo, whatever the command: with a flag or a word that it does not know.
func TestUsageEndsWithTwo(t *testing.T) {
	t.Parallel()
	root := newRoot()
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	wrong := func(args ...string) {
		t.Helper()
		if code, said := ended(t, args...); code != exitUsage {
			t.Errorf("cartage %s ended with %d: %s", strings.Join(args, " "), code, said)
		}
	}
	seen := 0
	every(root, nil, func(c *cobra.Command, path []string) {
		seen++
		with := func(args ...string) []string { return append(path[:len(path):len(path)], args...) }
		wrong(with("--no-such-flag")...)
		if c.HasSubCommands() {
			wrong(with("bogus")...)
			if code, said := ended(t, path...); code != 0 || !strings.Contains(said, "Available Commands") {
				t.Errorf("cartage %v ended with %d: %s", path, code, said)
			}
		}
		if c.Args != nil && c.Args(c, []string{"1", "2", "3", "4"}) != nil {
			wrong(with("1", "2", "3", "4")...)
		}
		if c.Flags().Lookup("output") != nil && path[len(path)-1] != "export" {
			wrong(with("--output", "xml")...)
		}
		if code, said := ended(t, with("--help")...); code != 0 || !strings.Contains(said, "Usage:") {
			t.Errorf("cartage %v --help ended with %d: %s", path, code, said)
		}
	})
	if seen < 15 {
		t.Errorf("only %d commands were looked at", seen)
	}
	for _, args := range [][]string{
		{"bogus"}, {"--bogus"}, {"help", "bogus"}, {"help", "plugin", "bogus"}, {"serve"}, {"check"}, {"ledger", "verify"}, {"ledger", "show"},
		{"plugin", "new"}, {"plugin", "new", "acme", "--ports", "wishlists"}, {"plugin", "inspect", "/no/such/program"},
		{"plugin", "verify"}, {"plugin", "verify", "/no/such/program", "--settings", "x"}, {"reload", "--admin", "nowhere"},
		{"ledger", "show", "1", "--shop", "uk", "--limit", "-1", "--dev"}, {"ledger", "export", "--shop", "uk", "--format", "xml", "--dev"},
		{"ledger", "adjust", "1", "none", "--shop", "uk", "--reason", "why", "--dev"},
		{"ledger", "verify", "--dev", "--database", "x"}, {"pos"}, {"pos", "--dev", "--shop", "nobody"},
	} {
		wrong(args...)
	}
}

func TestUsageSuggests(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ words, want string }{
		{"plugni", "plugin"}, {"plugin rest", "reset"}, {"shadow reprot", "report"}, {"ledger verfy", "verify"}, {"help ledgr", "ledger"},
	} {
		if _, said := ended(t, strings.Fields(tt.words)...); !strings.Contains(said, "unknown command") || !strings.Contains(said, "Did you mean this?\n\t"+tt.want) {
			t.Errorf("cartage %s says %s", tt.words, said)
		}
	}
}

// TestWhatIsNotUsage keeps its own end.
func TestWhatIsNotUsage(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(file, []byte("servr: {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		want int
		args []string
	}{
		{0, nil},
		{0, []string{"help", "plugin", "verify"}},
		{0, []string{"version", "--output", "json"}},
		{0, []string{"plugin", "verify", "--list"}},
		{exitFailed, []string{"reload", "--admin", "http://127.0.0.1:1"}},
		{exitFailed, []string{"ledger", "verify", "--database", file + ".none"}},
		{config.ExitConfig, []string{"serve", "--config", file}},
		{config.ExitConfig, []string{"dev", "--config", file}},
		{config.ExitConfig, []string{"check", "--config", file}},
		{config.ExitConfig, []string{"ledger", "verify", "--config", file}},
	} {
		if code, said := ended(t, tt.args...); code != tt.want {
			t.Errorf("cartage %s ended with %d, want %d: %s", strings.Join(tt.args, " "), code, tt.want, said)
		}
	}
}
