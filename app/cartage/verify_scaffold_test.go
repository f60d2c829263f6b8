// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/app/scaffold"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// dumpTest tells what the conformance test of a project holds.
const dumpTest = `package main

import (
	"encoding/json"
	"os"
	"testing"
)

func TestDump(t *testing.T) {
	text, err := json.Marshal(map[string]any{"Sample": testSample(), "Settings": testSettings(t)})
	if err == nil {
		err = os.WriteFile("dump.json", text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
`

// TestProjectsSayTheSameTwice holds verify.yaml of a new project to its conformance_test.go.
func TestProjectsSayTheSameTwice(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, ports := range [][]backend.Port{backend.Ports(), {backend.PortCarts}, {backend.PortOrders}} {
		t.Run(scaffold.Join(ports), func(t *testing.T) {
			t.Parallel()
			p := scaffold.Project{Name: "acme", Module: "example.com/acme", Dir: filepath.Join(t.TempDir(), "acme"), Ports: ports, Replace: root}
			if _, err := p.Write(); err != nil {
				t.Fatal(err)
			}
			file, err := readVerifyFile(filepath.Join(p.Dir, "verify.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			got, err := file.Sample.sample()
			if err != nil {
				t.Fatal(err)
			}
			var want struct {
				Sample   backendtest.Sample
				Settings map[string]any
			}
			if err := json.Unmarshal(dumped(t, p.Dir), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.Sample, got); diff != "" {
				t.Errorf("sample (-conformance_test.go +verify.yaml):\n%s", diff)
			}
			if diff := cmp.Diff(want.Settings, file.Settings); diff != "" {
				t.Errorf("settings (-conformance_test.go +verify.yaml):\n%s", diff)
			}
		})
	}
}

func dumped(t *testing.T, dir string) []byte {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "dump_test.go"), []byte(dumpTest), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-run", "TestDump", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		if strings.Contains(string(out), "GOPROXY=off") {
			t.Skipf("the cache of modules does not hold what a plugin needs:\n%s", out)
		}
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "dump.json"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
