// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/app/apptest"
	"github.com/cartage-dev/cartage/config"
)

// newPlugin writes a plugin project with the command, and builds it.
func newPlugin(t *testing.T) (dir string) {
	t.Helper()
	root, err := filepath.Abs(apptest.Root())
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "acme")
	if got := cartage(t, nil, "plugin", "new", "acme", "--dir", dir, "--replace", root); got.code != 0 {
		t.Fatalf("plugin new ended with %d: %s", got.code, got.err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", "bin/acme", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOSUMDB=off", "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		if strings.Contains(string(out), "GOPROXY=off") {
			t.Skipf("the cache of modules does not hold what a plugin needs:\n%s", out)
		}
		t.Fatalf("build: %v\n%s", err, out)
	}
	return dir
}

// TestNewPluginServes starts the host with a project that nobody has touched, for a cart and for points.
func TestNewPluginServes(t *testing.T) {
	t.Parallel()
	dir := newPlugin(t)
	h := &apptest.Host{API: freeURL(t), Admin: freeURL(t)}
	env := []string{
		"CARTAGE_SERVER__LISTEN=" + strings.TrimPrefix(h.API, "http://"), "CARTAGE_SERVER__PUBLIC_URL=" + h.API,
		"CARTAGE_ADMIN__LISTEN=" + strings.TrimPrefix(h.Admin, "http://"),
		"CARTAGE_STORE__PATH=" + filepath.Join(t.TempDir(), "cartage.db"),
		"CARTAGE_BACKENDS__ACME__PLUGIN=" + filepath.Join(dir, "bin", "acme"),
	}
	file := filepath.Join(dir, "cartage.yaml")
	startCommand(t, h, env, "--config", file)

	got := transfer(t, h, bag("first", "2 mug", "1 sold-out"))
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := stay.Get(got.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	// One thing is sold out, so it is the cart page that explains.
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "https://shop.example.com/cart?cart=") {
		t.Errorf("the link leads to %d %q", res.StatusCode, to)
	}
	till := cartage(t, env, "pos", "--config", file, "--script", "new 1; tap 1; expect balance 22867; revert; expect balance 23867")
	if till.code != 0 {
		t.Errorf("the till ended with %d: %s%s", till.code, till.out, till.err)
	}
}

func TestPluginNewSaysWhatToDo(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		code int
		args []string
		want []string
	}{
		{"no name", 2, nil, []string{"cartage plugin new NAME"}},
		{"no port of that name", 2, []string{"acme", "--ports", "carts,wishlists"}, []string{"wishlists", "carts,checkout,orders,loyalty"}},
		{"checkout without carts", 2, []string{"acme", "--ports", "checkout,orders"}, []string{"--ports: ", "offers carts, too"}},
		{"no release and no checkout", 1, []string{"acme"}, []string{"--replace", "Nothing was written"}},
		{"no checkout there", 1, []string{"acme", "--replace", "."}, []string{"no checkout"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := cartage(t, nil, append([]string{"plugin", "new"}, tt.args...)...)
			if got.code != tt.code {
				t.Errorf("it ended with %d, want %d", got.code, tt.code)
			}
			for _, want := range tt.want {
				if !strings.Contains(got.err, want) {
					t.Errorf("no %q in %s", want, got.err)
				}
			}
		})
	}
}

func TestPluginInspect(t *testing.T) {
	t.Parallel()
	mock := filepath.Join(apptest.Build(t).Plugins(), "mock")
	got := cartage(t, nil, "plugin", "inspect", mock, "--output", "json")
	var about struct {
		Name, SHA256 string
		Protocol     int
		Ports        []string
		KeyedWrites  bool `json:"keyed_writes"`
		Demo         bool
		Settings     []struct{ Path, Type, Description string }
	}
	if err := json.Unmarshal([]byte(got.out), &about); err != nil {
		t.Fatalf("%v in %q, %s", err, got.out, got.err)
	}
	if about.Name != "mock" || len(about.SHA256) != 64 || about.Protocol != 1 || len(about.Ports) != 4 || !about.KeyedWrites || !about.Demo || len(about.Settings) == 0 {
		t.Errorf("got %+v", about)
	}
	if text := cartage(t, nil, "plugin", "inspect", mock); text.code != 0 || !strings.Contains(text.out, "settings.faults.fail_every") || !strings.Contains(text.out, about.SHA256) {
		t.Errorf("got %d %q %q", text.code, text.out, text.err)
	}
	if none := cartage(t, nil, "plugin", "inspect", filepath.Join(t.TempDir(), "nothing")); none.code != 2 || !strings.Contains(none.err, "there is no program") {
		t.Errorf("got %d %q", none.code, none.err)
	}
}

// TestSettingsMistakesHavePlaces writes what only the plugin's schema can know to be wrong.
func TestSettingsMistakesHavePlaces(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "bad.yaml")
	text := `backends:
  mock:
    plugin: mock
    settings:
      delay_ms: soon
      faults: {fail_evry: 3}
      currencies: [GBP, XYZ]
    secrets:
      token: hush-hush
shops:
  demo:
    currencies: [GBP]
    backends: {carts: mock}
    checkout_hosts: ["http://127.0.0.1:8082"]
    poq: {secrets: [demo-poq-secret]}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := []string{
		"CARTAGE_PLUGINS__DIR=" + apptest.Build(t).Plugins(), "CARTAGE_BACKENDS__MOCK__SETTINGS__LISTN=127.0.0.1:0",
		"CARTAGE_SERVER__LISTEN=127.0.0.1:0", "CARTAGE_ADMIN__LISTEN=127.0.0.1:0",
	}
	for _, command := range []string{"check", "dev"} {
		args := []string{command, "--config", file}
		if command == "check" {
			args = append(args, "--dev")
		}
		got := cartage(t, env, args...)
		if got.code != config.ExitConfig {
			t.Errorf("%s ended with %d, want %d", command, got.code, config.ExitConfig)
		}
		for _, want := range []string{
			file + ":5:17: backends.mock.settings.delay_ms: text is not a whole number",
			file + ":6:27: backends.mock.settings.faults.fail_evry: unknown key; did you mean settings.faults.fail_every?",
			file + ":7:25: backends.mock.settings.currencies[1]: not a value that is allowed; write one of GBP, USD",
			file + ":9:14: backends.mock.secrets.token: unknown key",
			"environment: CARTAGE_BACKENDS__MOCK__SETTINGS__LISTN: backends.mock.settings.listn: unknown key; did you mean settings.listen?",
		} {
			if !strings.Contains(got.err, want) {
				t.Errorf("%s: no %q in\n%s", command, want, got.err)
			}
		}
		if strings.Contains(got.err+got.out, "hush") || strings.Contains(got.err, "soon") {
			t.Errorf("%s repeats a value: %s", command, got.err)
		}
	}
}
