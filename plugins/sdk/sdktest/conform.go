// SPDX-License-Identifier: Apache-2.0

package sdktest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/plugins/protocol/protocoltest"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// Sample is what of the shop behind a plugin Conform may use. What is optional
// and left out skips the rules that need it.
type Sample = backendtest.Sample

// Limited is a SKU of which so many units are left.
type Limited = backendtest.Limited

// Binary is a plugin to judge.
type Binary struct {
	// Path is of the built program. Empty: the package Package is built, and that
	// is the one whose test this is when it is empty, too.
	Path, Package string
	// Settings are encoded as JSON; nil is no settings.
	Settings any
	Secrets  map[string]string
	Sample   Sample
	// Env names variables of the test's environment that the plugin sees, too.
	Env []string
}

// Conform starts the built plugin as a host does, and holds it to every rule that
// `cartage plugin verify` knows: those of the process, and those of the ports that it
// offers. Each rule is a subtest; one that fails says what was sent, what came
// and what was expected.
func Conform(t *testing.T, b Binary) {
	t.Helper()
	p := protocoltest.Program{
		Path: b.Path, Secrets: map[string]secret.Text{}, Env: b.Env,
		Environ: os.Environ(), //nolint:forbidigo // a test hands on where certificates are, as a host does
	}
	if p.Path == "" {
		p.Path = build(t, b.Package)
	}
	if b.Settings != nil {
		var err error
		if p.Settings, err = json.Marshal(b.Settings); err != nil {
			t.Fatalf("encode settings: %v", err)
		}
	}
	for name, text := range b.Secrets {
		p.Secrets[name] = secret.New(text)
	}
	report, err := protocoltest.Run(t.Context(), p, b.Sample, protocoltest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(report.Subject)
	for _, r := range report.Results {
		t.Run(r.Rule, func(t *testing.T) { show(t, r) })
	}
}

func show(t *testing.T, r backendtest.Result) {
	t.Helper()
	if r.Note != "" {
		t.Log(r.Note)
	}
	if r.Outcome == backendtest.Skipped {
		t.Skip(r.Reason)
	}
	if r.Outcome == backendtest.Passed {
		return
	}
	t.Error(r.Promise)
	for _, e := range r.Exchanges {
		t.Logf("sent: %s", e.Sent)
		t.Logf("came: %s", e.Came)
	}
	for _, breach := range r.Breaches {
		t.Logf("expected: %s", breach.Expected)
		t.Logf("but: %s", breach.Came)
	}
}

// build builds a package into the test's own folder.
func build(t *testing.T, pkg string) string {
	t.Helper()
	if pkg == "" {
		pkg = "."
	}
	path := filepath.Join(t.TempDir(), "plugin")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, pkg) //nolint:gosec // G204: the author's own package
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return path
}
