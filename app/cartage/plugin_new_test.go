// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/app/scaffold"
	"github.com/cartage-dev/cartage/ports/backend"
)

// TestPrompts answers as a person would.
func TestPrompts(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, in, version string
		given             []string // flags
		start             scaffold.Project
		ports             []string
		want              scaffold.Project
		wantPorts         string
		says, wrong       string
	}{
		{
			name: "return, return, return", in: "acme\n\n\n\n\n", version: "v1.0.0",
			want: scaffold.Project{Name: "acme", Module: "example.com/acme", Dir: "acme"}, wantPorts: "carts,checkout,orders,loyalty", says: "[carts,checkout,orders,loyalty]",
		},
		{
			name: "one's own answers, after a slip", in: "Acme Shop\nacme_shop\n./here\nwishlists\norders\nexample.org/a\n", version: "v1.0.0",
			want: scaffold.Project{Name: "acme_shop", Module: "example.org/a", Dir: "./here"}, wantPorts: "orders", says: `there is no port "wishlists"`,
		},
		{
			name: "only what flags leave open", in: "\n", version: "v1.0.0", given: []string{"ports", "dir"},
			start: scaffold.Project{Name: "acme", Dir: "there"}, ports: []string{"carts"},
			want: scaffold.Project{Name: "acme", Module: "example.com/acme", Dir: "there"}, wantPorts: "carts", says: "[example.com/acme]",
		},
		{
			name: "a checkout, which is found", in: "\n\n\n\n", version: "dev", start: scaffold.Project{Name: "acme"},
			want: scaffold.Project{Name: "acme", Module: "example.com/acme", Dir: "acme", Replace: root}, wantPorts: "carts,checkout,orders,loyalty", says: "is no release",
		},
		{
			name: "a port that needs another", in: "\ncheckout\ncarts,checkout\n\n", version: "v1.0.0", start: scaffold.Project{Name: "acme"},
			want: scaffold.Project{Name: "acme", Module: "example.com/acme", Dir: "acme"}, wantPorts: "carts,checkout", says: "offers carts, too",
		},
		{
			name: "a folder where something is", in: ".\n./here\n\n\n", version: "v1.0.0", start: scaffold.Project{Name: "acme"},
			want: scaffold.Project{Name: "acme", Module: "example.com/acme", Dir: "./here"}, wantPorts: "carts,checkout,orders,loyalty", says: "is not empty",
		},
		{name: "a folder by flag, where something is", in: "", given: []string{"dir"}, version: "v1.0.0", start: scaffold.Project{Name: "acme", Dir: "."}, wrong: "is not empty; nothing was written"},
		{name: "nobody answers", in: "", version: "v1.0.0", wrong: "nothing was written"},
		{name: "nobody answers any more", in: "acme\n", version: "v1.0.0", wrong: "nothing was written"},
		{name: "three slips", in: "A\nB\nC\nacme\n", version: "v1.0.0", wrong: `"C" is no name`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			p, ports := tt.start, tt.ports
			p.Version = tt.version
			a := asker{in: bufio.NewReader(strings.NewReader(tt.in)), out: &out, given: func(flag string) bool { return slices.Contains(tt.given, flag) }}
			err := a.complete(t.Context(), &p, &ports)
			if tt.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wrong) {
					t.Errorf("got %v, want %q", err, tt.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if p.Name != tt.want.Name || p.Module != tt.want.Module || p.Dir != tt.want.Dir || p.Replace != tt.want.Replace || strings.Join(ports, ",") != tt.wantPorts {
				t.Errorf("got %+v with %v, want %+v with %s", p, ports, tt.want, tt.wantPorts)
			}
			if !strings.Contains(out.String(), tt.says) {
				t.Errorf("it does not say %q: %s", tt.says, out.String())
			}
		})
	}
}

// TestSourceBuild runs the first command of the documents, from a cartage that is no release.
func TestSourceBuild(t *testing.T) {
	t.Parallel()
	source, elsewhere := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(source, "go.mod"), []byte("module github.com/cartage-dev/cartage\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	outside := built(t)
	inside := filepath.Join(source, "bin", "cartage")
	if err := os.MkdirAll(filepath.Dir(inside), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(outside, inside); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, program, dir string
		found              bool
	}{
		{"the program is in a checkout", inside, elsewhere, true},
		{"its caller is", outside, filepath.Dir(inside), true},
		{"neither is", outside, t.TempDir(), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), tt.program, "plugin", "new", "acme", "--ports", "carts,checkout")
			cmd.Dir = tt.dir
			out, err := cmd.CombinedOutput()
			written, _ := os.ReadFile(filepath.Join(tt.dir, "acme", "go.mod"))
			if !tt.found {
				if err == nil || !strings.Contains(string(out), "--replace PATH") || written != nil {
					t.Errorf("got %v, %s%s", err, out, written)
				}
				return
			}
			if err != nil || !strings.HasPrefix(string(out), "using the source at "+source+" (--replace)\n") || !strings.Contains(string(written), "=> "+source+"\n") {
				t.Errorf("got %v, %s%s", err, out, written)
			}
		})
	}
}

func TestNothingIsAskedWithoutATerminal(t *testing.T) {
	t.Parallel()
	a := asker{given: func(string) bool { return false }}
	p, ports := scaffold.Project{Name: "acme", Version: "dev"}, []string(nil)
	if err := a.complete(t.Context(), &p, &ports); err != nil || p.Dir != "acme" || p.Module != "example.com/acme" || len(ports) != len(backend.Ports()) || p.Replace != "" {
		t.Errorf("got %+v, %v, %v", p, ports, err)
	}
	if err := a.complete(t.Context(), &scaffold.Project{}, &ports); err == nil {
		t.Error("a project without a name")
	}
	if isTerminal(strings.NewReader("")) {
		t.Error("a text is no terminal")
	}
}

// built is the program, in a folder that is no checkout.
func built(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "cartage")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return program
}
