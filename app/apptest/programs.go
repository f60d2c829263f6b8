// SPDX-License-Identifier: Apache-2.0

// Package apptest starts a real host, with real plugin processes and a real
// database, for tests that look at it from outside.
package apptest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Programs are the project's programs, built once for a test binary.
type Programs struct{ dir string }

var (
	buildOnce sync.Once
	built     Programs
	buildErr  error
)

// Main runs a test binary's tests and removes what was built for them; TestMain calls it.
func Main(m *testing.M) int {
	defer func() { _ = os.RemoveAll(built.dir) }()
	return m.Run()
}

// Build builds the host and its plugins, the first time it is asked.
func Build(t testing.TB) Programs {
	t.Helper()
	buildOnce.Do(func() { buildErr = build() })
	if buildErr != nil {
		t.Fatal(buildErr)
	}
	return built
}

func build() (err error) {
	if built.dir, err = os.MkdirTemp("", "cartage-test-"); err != nil {
		return err
	}
	for _, p := range []struct{ out, pkg string }{
		{filepath.Join(built.dir, "cartage"), "./app/cartage"},
		{filepath.Join(built.dir, "plugins", "mock"), "./plugins/mock"},
	} {
		cmd := exec.Command("go", "build", "-o", p.out, p.pkg)
		cmd.Dir = Root()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w\n%s", p.pkg, err, out)
		}
	}
	return nil
}

// Host is the path of the program cartage.
func (p Programs) Host() string { return filepath.Join(p.dir, "cartage") }

// Plugins is the folder that holds the plugins.
func (p Programs) Plugins() string { return filepath.Join(p.dir, "plugins") }

// Root is the module's root as seen from a package of it.
func Root() string {
	root := "."
	for range depthMax {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		root = filepath.Join(root, "..")
	}
	return root
}

// depthMax bounds how deep a package may be.
const depthMax = 8
