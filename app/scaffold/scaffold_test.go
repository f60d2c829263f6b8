// SPDX-License-Identifier: Apache-2.0

package scaffold_test

import (
	"bytes"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/app/scaffold"
	"github.com/cartage-dev/cartage/ports/backend"
)

// root is this repository, as seen from here.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func project(t *testing.T, ports ...backend.Port) scaffold.Project {
	t.Helper()
	return scaffold.Project{
		Name: "acme", Module: "example.com/acme", Dir: filepath.Join(t.TempDir(), "acme"), Ports: ports, Replace: root(t),
	}
}

// mixes are all choices of ports that a plugin may make.
func mixes() (all [][]backend.Port) {
	ports := backend.Ports()
	for bits := range 1 << len(ports) {
		var names []string
		for i, p := range ports {
			if bits>>i&1 == 1 {
				names = append(names, string(p))
			}
		}
		if chosen, err := scaffold.ParsePorts(names); err == nil {
			all = append(all, chosen)
		}
	}
	return all
}

// TestProjectsWork builds, vets and tests what is written, as its author would.
func TestProjectsWork(t *testing.T) {
	t.Parallel()
	if n := len(mixes()); n != 11 {
		t.Errorf("%d mixes of ports, want all but checkout without carts", n)
	}
	for _, ports := range mixes() {
		t.Run(scaffold.Join(ports), func(t *testing.T) {
			t.Parallel()
			p := project(t, ports...)
			names, err := p.Write()
			if err != nil {
				t.Fatal(err)
			}
			wellFormed(t, p.Dir, names)
			goes(t, p.Dir, "go", "build", "-o", "bin/acme", ".")
			goes(t, p.Dir, "go", "vet", "./...")
			goes(t, p.Dir, "go", "test", "./...")
		})
	}
}

// linesMax bounds a file of a project.
const linesMax = 300

// wellFormed holds what is written to gofmt and to what a stranger may see.
func wellFormed(t *testing.T, dir string, names []string) {
	t.Helper()
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(text, []byte("\n")); n > linesMax {
			t.Errorf("%s has %d lines, which is more than anybody reads", name, n)
		}
		if filepath.Ext(name) == ".go" {
			if formatted, err := format.Source(text); err != nil || !bytes.Equal(formatted, text) {
				t.Errorf("%s is not as gofmt writes it (%v)", name, err)
			}
		}
		for _, odd := range []string{"{{.", "{{if", "{{-", "<no value>", "\t \n", " \n", "\n\n\n"} {
			if strings.Contains(string(text), odd) {
				t.Errorf("%s has %q in it", name, odd)
			}
		}
	}
}

func TestGoVersionIsOurs(t *testing.T) {
	t.Parallel()
	line := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for l := range strings.Lines(string(text)) {
			if strings.HasPrefix(l, "go ") {
				return l
			}
		}
		return ""
	}
	p := project(t, backend.PortCarts)
	if _, err := p.Write(); err != nil {
		t.Fatal(err)
	}
	if got, want := line(filepath.Join(p.Dir, "go.mod")), line(filepath.Join(root(t), "go.mod")); got != want {
		t.Errorf("a project is written with %q, and the sdk needs %q", got, want)
	}
}

func TestReleasedProject(t *testing.T) {
	t.Parallel()
	p := project(t, backend.PortCarts)
	p.Replace, p.Version = "", "v0.4.1"
	if _, err := p.Write(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(p.Dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "require github.com/cartage-dev/cartage v0.4.1\n") || strings.Contains(string(text), "replace") {
		t.Errorf("got %s", text)
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	t.Parallel()
	full := project(t, backend.PortCarts)
	if err := os.MkdirAll(full.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(full.Dir, "main.go")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := full.Write(); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("a full folder: %v", err)
	}
	aFile := project(t, backend.PortCarts)
	aFile.Dir = mine
	if _, err := aFile.Write(); err == nil {
		t.Error("a file was taken for a folder")
	}
	if text, err := os.ReadFile(mine); err != nil || string(text) != "mine" {
		t.Errorf("got %q, %v", text, err)
	}
	if held, err := os.ReadDir(filepath.Dir(full.Dir)); err != nil || len(held) != 1 {
		t.Errorf("something was left beside it: %v, %v", held, err)
	}
	empty := project(t, backend.PortCarts)
	if err := os.MkdirAll(empty.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(empty.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := empty.Write(); err != nil {
		t.Errorf("an empty folder: %v", err)
	}
	if after, err := os.Stat(empty.Dir); err != nil || !os.SameFile(before, after) {
		t.Errorf("somebody may stand in the empty folder, and it was replaced (%v)", err)
	}
}

func TestBadProjects(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(*scaffold.Project)
		want  string
	}{
		{"no name", func(p *scaffold.Project) { p.Name = "" }, "no name"},
		{"a name that config does not take", func(p *scaffold.Project) { p.Name = "Acme-Shop" }, "lower-case"},
		{"a name that is code", func(p *scaffold.Project) { p.Name = `a"; panic("` }, "no name"},
		{"a path for a name", func(p *scaffold.Project) { p.Name = "../acme" }, "no name"},
		{"no ports", func(p *scaffold.Project) { p.Ports = nil }, "at least one port"},
		{"checkout without carts", func(p *scaffold.Project) { p.Ports = []backend.Port{backend.PortCheckout} }, "offers carts, too"},
		{"no module", func(p *scaffold.Project) { p.Module = "" }, "example.com/acme"},
		{"a module with a line break", func(p *scaffold.Project) { p.Module = "a\nreplace x => y" }, "Go module"},
		{"our module", func(p *scaffold.Project) { p.Module = "github.com/cartage-dev/cartage/plugins/acme" }, "Cartage's own"},
		{"no checkout", func(p *scaffold.Project) { p.Replace = filepath.Dir(p.Dir) }, "no checkout"},
		{"neither release nor checkout", func(p *scaffold.Project) { p.Replace, p.Version = "", "v0.1.0-3-gabcdef" }, "no released version"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := project(t, backend.PortCarts)
			tt.spoil(&p)
			if _, err := p.Write(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error that says %q", err, tt.want)
			}
			if _, err := os.Stat(p.Dir); err == nil {
				t.Error("something was written")
			}
		})
	}
}

func TestParsePorts(t *testing.T) {
	t.Parallel()
	got, err := scaffold.ParsePorts([]string{"orders", " carts ", "loyalty", "checkout"})
	if err != nil || scaffold.Join(got) != "carts,checkout,orders,loyalty" {
		t.Errorf("got %v, %v", got, err)
	}
	for _, names := range [][]string{{"wishlists"}, {"carts", "carts"}, {"checkout"}, {"orders", "checkout"}, {""}, nil} {
		if _, err := scaffold.ParsePorts(names); err == nil || !strings.Contains(err.Error(), "carts") {
			t.Errorf("ParsePorts(%q): %v, want an error that names the ports", names, err)
		}
	}
}

func TestReleased(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"v0.1.0": true, "v1.2.3-rc.1": true, "dev": false, "abc1234": false, "v0.1.0-3-gabcdef0": false, "v0.1.0-dirty": false, "0.1.0": false,
	} {
		if got := scaffold.Released(version); got != want {
			t.Errorf("Released(%q) = %t", version, got)
		}
	}
}

func TestCheckoutAbove(t *testing.T) {
	t.Parallel()
	if got, ok := scaffold.CheckoutAbove(filepath.Join(root(t), "app", "cartage")); !ok || got != root(t) {
		t.Errorf("got %q, %t", got, ok)
	}
	if got, ok := scaffold.CheckoutAbove(t.TempDir()); ok {
		t.Errorf("got %q", got)
	}
}
