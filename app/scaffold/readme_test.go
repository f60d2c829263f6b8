// SPDX-License-Identifier: Apache-2.0

package scaffold_test

import (
	"crypto/sha256"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/app/scaffold"
	"github.com/cartage-dev/cartage/ports/backend"
)

// step is one block of plugins/README.md that says what it is: a file, an edit of one, or commands.
type step struct{ what, name, text string }

var stepForm = regexp.MustCompile("(?s)<!-- (run|file|edit)( [a-z_.]+)? -->\n```[a-z]+\n(.*?)```\n")

func steps(t *testing.T) []step {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), "plugins", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var all []step
	for _, m := range stepForm.FindAllStringSubmatch(string(text), -1) {
		all = append(all, step{m[1], strings.TrimSpace(m[2]), m[3]})
	}
	if marks := strings.Count(string(text), "<!-- "); marks != len(all) || len(all) < 8 {
		t.Fatalf("understood %d of %d blocks", len(all), marks)
	}
	return all
}

// edit applies the lines of a diff, which have to match once.
func edit(t *testing.T, file, diff string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var before, after strings.Builder
	for line := range strings.Lines(diff) {
		if line[0] != '+' {
			before.WriteString(line[1:])
		}
		if line[0] != '-' {
			after.WriteString(line[1:])
		}
	}
	if n := strings.Count(string(text), before.String()); n != 1 {
		t.Fatalf("%s holds %d times what README.md edits:\n%s", filepath.Base(file), n, before.String())
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), before.String(), after.String(), 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTheHour does what plugins/README.md says, up to the tests that have to pass
// in the end. The project itself is written as TestProjectsWork has it.
func TestTheHour(t *testing.T) {
	t.Parallel()
	all := steps(t)
	p := project(t, backend.PortCarts, backend.PortOrders)
	if want := "plugin new acme --ports " + scaffold.Join(p.Ports) + " "; !strings.Contains(all[0].text, want) {
		t.Errorf("the first step is not %q: %s", want, all[0].text)
	}
	if _, err := p.Write(); err != nil {
		t.Fatal(err)
	}
	for _, s := range all[1:] {
		file := filepath.Join(p.Dir, s.name)
		switch s.what {
		case "file":
			if err := os.WriteFile(file, []byte(s.text), 0o600); err != nil {
				t.Fatal(err)
			}
		case "edit":
			edit(t, file, s.text)
		case "run":
			goes(t, p.Dir, "sh", "-ec", s.text)
		}
	}
	holds(t, p.Dir)
}

// holds has the configs that the hour leaves behind checked by the host, with the fake
// in the place of Acme's own address and the program's checksum in that of zeros.
func holds(t *testing.T, dir string) {
	t.Helper()
	cartage := filepath.Join(t.TempDir(), "cartage")
	goes(t, root(t), "go", "build", "-o", cartage, "./app/cartage")
	goes(t, dir, "go", "build", "-o", "bin/acme", ".")
	goes(t, dir, "go", "test", "-c", "-o", "bin/fake", ".")
	program, err := os.ReadFile(filepath.Join(dir, "bin", "acme"))
	if err != nil {
		t.Fatal(err)
	}
	env := []string{
		"ACME_TOKEN=a-token-for-tests", "POQ_SECRET=" + strings.Repeat("secret", 8), "CARTAGE_ALLOW__INSECURE_BACKENDS=acme",
		"CARTAGE_BACKENDS__ACME__SETTINGS__BASE_URL=http://" + serveFake(t, dir),
	}
	verifies(t, dir, cartage, env)
	goesWith(t, dir, env, cartage, "check", "--dev", "--config", "cartage.yaml")
	goesWith(t, dir, append(env, fmt.Sprintf("CARTAGE_BACKENDS__ACME__SHA256=%x", sha256.Sum256(program))), cartage, "check", "--config", "acme.yaml")
}

// verifies does what `make verify` does, with the fake where it serves.
func verifies(t *testing.T, dir, cartage string, env []string) {
	t.Helper()
	file := filepath.Join(dir, "verify.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	here := strings.Replace(string(text), "http://127.0.0.1:9090", "http://"+serveFake(t, dir), 1)
	if err := os.WriteFile(file, []byte(here), 0o600); err != nil {
		t.Fatal(err)
	}
	goesWith(t, dir, append(env, "CARTAGE="+cartage), "make", "verify")
}

// serveFake lets the fake run for as long as the test, as README.md says it is done.
func serveFake(t *testing.T, dir string) (at string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at = l.Addr().String()
	_ = l.Close()
	fake := exec.CommandContext(t.Context(), filepath.Join(dir, "bin", "fake"), "-test.run", "TestServe", "-test.timeout", "0")
	fake.Env = append(os.Environ(), "FAKE="+at)
	if err := fake.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fake.Process.Kill(); _ = fake.Wait() })
	for range 100 {
		if conn, err := net.Dial("tcp", at); err == nil {
			_ = conn.Close()
			return at
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the fake does not listen")
	return ""
}

// goes runs a command in a project, without a network.
func goes(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	goesWith(t, dir, nil, name, args...)
}

func goesWith(t *testing.T, dir string, env []string, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	// What this repository needs is in the cache of modules, and a plugin needs no more.
	cmd.Env = append(append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=-mod=mod", "GOWORK=off"), env...)
	out, err := cmd.CombinedOutput()
	if err != nil && strings.Contains(string(out), "GOPROXY=off") {
		t.Skipf("the cache of modules does not hold what a plugin needs:\n%s", out)
	}
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}
