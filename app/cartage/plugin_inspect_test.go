// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost/settings"
)

// TestInspectWhatIsNoPlugin is an author's first mistake: the wrong file, or a program that is not far yet.
func TestInspectWhatIsNoPlugin(t *testing.T) {
	t.Parallel()
	program := built(t)
	for _, tt := range []struct {
		name, script string
		want         []string
		never        string
	}{
		{"nothing at all", "exit 0", []string{"was started as a plugin", "closed stdout without a handshake", "exit status 0"}, ""},
		{"a greeting", "echo 'Hello, I am no plugin'; exit 3", []string{`no handshake: "Hello, I am no plugin`, "exit status 3"}, ""},
		{"words that a terminal would obey", "printf 'licence \\033[2Jmissing\\n' >&2; exit 5", []string{"exit status 5", "licence ?[2Jmissing"}, "\x1b"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			said, code := inspect(t, program, tt.script)
			for _, want := range append(tt.want, "plugins/protocol/README.md") {
				if !strings.Contains(said, want) {
					t.Errorf("no %q in %s", want, said)
				}
			}
			if code != 1 || tt.never != "" && strings.Contains(said, tt.never) {
				t.Errorf("it ended with %d: %q", code, said)
			}
		})
	}
}

// TestInspectRefusesBeforeItStarts is because a program may be anything.
func TestInspectRefusesBeforeItStarts(t *testing.T) {
	t.Parallel()
	mark := filepath.Join(t.TempDir(), "started")
	said, code := inspect(t, built(t), "touch "+mark, "--output", "xml")
	if _, err := os.Stat(mark); err == nil || code != exitUsage || !strings.Contains(said, `"xml" is neither text nor json`) {
		t.Errorf("it ended with %d, started: %t, %s", code, err == nil, said)
	}
}

// inspect runs the command over a script, and returns what it says on stderr.
func inspect(t *testing.T, program, script string, args ...string) (said string, code int) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, append([]string{"plugin", "inspect", path}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	_ = cmd.Run()
	return stderr.String(), cmd.ProcessState.ExitCode()
}

func TestSecretsAreListedApart(t *testing.T) {
	t.Parallel()
	schema, err := settings.Read([]byte(`{"properties":{"token":{"type":"string","writeOnly":true},"url":{"type":"string"}},"required":["url"]}`))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	for _, secrets := range []bool{false, true} {
		if err := printKeys(w, map[bool]string{false: "SETTING", true: "SECRET"}[secrets], schema.Keys(), secrets); err != nil {
			t.Fatal(err)
		}
	}
	want := "\nSETTING       TYPE    REQUIRED  DEFAULT  DESCRIPTION\nsettings.url  string  yes       -        \n" +
		"\nSECRET         TYPE    REQUIRED  DEFAULT  DESCRIPTION\nsecrets.token  string  -         -        \n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
