// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/config"
)

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const at = "cartage.yaml:15:14: backends.m2.secrets.token: "
	for _, tt := range []struct {
		name, path string
		mode       config.Mode
		want       string // the secret
		mistake    string
	}{
		{"one line", write("line", "canary\n", 0o600), config.Serve, "canary", ""},
		{"no line break", write("bare", "canary", 0o640), config.Serve, "canary", ""},
		{"of Windows", write("crlf", "canary\r\n", 0o600), config.Serve, "canary", ""},
		{"two lines", write("two", "canary\n\n", 0o600), config.Serve, "canary\n", ""},
		{"not there", filepath.Join(dir, "none"), config.Serve, "", fmt.Sprintf("file %q cannot be read: no such file or directory; give a file that is there and may be read", filepath.Join(dir, "none"))},
		{"a folder", dir, config.Serve, "", fmt.Sprintf("%q is not a file; give a file that is there and may be read", dir)},
		{"empty", write("empty", "", 0o600), config.Serve, "", fmt.Sprintf("file %q is empty; give a file that holds one secret", filepath.Join(dir, "empty"))},
		{"a line break alone", write("blank", "\n", 0o600), config.Serve, "", fmt.Sprintf("file %q is empty; give a file that holds one secret", filepath.Join(dir, "blank"))},
		{"world-readable", write("open", "canary\n", 0o604), config.Serve, "", fmt.Sprintf("file %q can be read by everybody; take that away: chmod o= FILE", filepath.Join(dir, "open"))},
		{"world-readable for development", filepath.Join(dir, "open"), config.Dev, "canary", ""},
		{"too long", write("long", strings.Repeat("x", 70_000), 0o600), config.Serve, "", fmt.Sprintf("file %q is longer than 64 KiB; give a file that holds one secret", filepath.Join(dir, "long"))},
		{"relative", "secrets/token", config.Serve, "", "file: is followed by no absolute path; write file:/path"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg, err := load(strings.Replace(good, "env:M2_TOKEN", `"file:`+tt.path+`"`, 1), tt.mode)
			if tt.mistake != "" {
				if got := fmt.Sprint(err); got != at+tt.mistake {
					t.Errorf("got  %s\nwant %s", got, at+tt.mistake)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := cfg.Backends["m2"].Secrets["token"].Reveal(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestHandoffKey(t *testing.T) {
	t.Parallel()
	const key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	cfg := mustLoad(t, good, config.Serve, "CARTAGE_HANDOFF__KEY=env:KEY", "KEY="+key)
	if got := cfg.Handoff.Key.Reveal(); got != key {
		t.Errorf("got %q", got)
	}
	if got := mustLoad(t, good+"handoff: {key: \"\"}\n", config.Serve).Handoff.Key; !got.Empty() {
		t.Errorf("got %q, want none", got.Reveal())
	}
}

// TestSecretsAreNeverPrinted prints a config in the ways that people do.
func TestSecretsAreNeverPrinted(t *testing.T) {
	t.Parallel()
	cfg := mustLoad(t, good, config.Serve)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if printed := fmt.Sprintf(verb, cfg) + fmt.Sprintf(verb, *cfg.Shops["uk"].Poq); strings.Contains(printed, "canary") {
			t.Errorf("%s prints a secret: %s", verb, printed)
		}
	}
}
