// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"text/template"

	"github.com/cartage-dev/cartage/app/apptest"
	"github.com/cartage-dev/cartage/config"
)

// movable is a config that tests change while its host runs.
type movable struct {
	file string
	// The addresses of the web shops of backends mock and two, and where two may move to.
	One, Two, Three string
	Data            string
	Carts           string // the backend of new carts: mock or two
	Secret          string
	Program         string // of mock
	Timeout         string // of calls to mock
	Gone            bool   // two is not configured
	Failing         bool   // two answers nothing but that it is unavailable
	Rehearse        bool   // the demo shop rehearses with two
	More            bool   // there is another shop
	Mistake         bool
	Third, Token    string // program of backend third, when there is one, and the file of its secret
	Bad             string // another backend, after its name
}

var movableText = template.Must(template.New("").Parse(`
backends:
  mock: {plugin: {{.Program}}, guard: {timeout: {{.Timeout}}}}
{{- if not .Gone}}
  two: {plugin: mock, settings: {listen: "{{.Two}}", data_dir: "{{.Data}}/{{.Two}}"{{if .Failing}}, faults: {fail_every: 1}{{end}}}}
{{- end}}
{{- with .Third}}
  third: {plugin: "{{.}}", secrets: {token: "file:{{$.Token}}"}}
{{- end}}
{{- with .Bad}}
  bad: { {{- . -}} }
{{- end}}
shops:
  demo:
    currencies: [GBP, USD]
    backends: {carts: {{.Carts}}, orders: {{.Carts}}}
{{- if .Rehearse}}
    shadow: {backend: two, share: 1}
{{- end}}
    poq: {secrets: [{{.Secret}}], orders_secrets: [demo-orders-secret]}
{{- if .Mistake}}
    currencys: [GBP]
{{- end}}
{{- if .More}}
  more: {currencies: [USD], backends: {carts: mock}, checkout_hosts: ["http://{{.One}}"], poq: {secrets: [more-secret]}}
{{- end}}
`))

// startMovable starts a host with such a config.
func startMovable(t *testing.T, environ ...string) (*apptest.Host, *movable) {
	t.Helper()
	m := &movable{
		file: filepath.Join(t.TempDir(), "cartage.yaml"), Data: t.TempDir(), Carts: "mock", Secret: apptest.Secret, Timeout: "1s", Program: "mock",
		One: address(t), Two: address(t), Three: address(t),
	}
	m.write(t)
	return apptest.Start(t, apptest.Options{File: m.file, Environ: append(environ,
		"CARTAGE_BACKENDS__MOCK__SETTINGS__LISTEN="+m.One, "CARTAGE_BACKENDS__MOCK__SETTINGS__PUBLIC_URL=http://"+m.One,
		fmt.Sprintf("CARTAGE_SHOPS__DEMO__CHECKOUT_HOSTS=http://%s,http://%s,http://%s,http://witness.example", m.One, m.Two, m.Three),
	)}), m
}

func address(t *testing.T) string {
	t.Helper()
	return strings.TrimPrefix(freeURL(t), "http://")
}

// write puts the file in the place of the one before, as careful editors do.
func (m *movable) write(t *testing.T) {
	t.Helper()
	f, err := os.Create(m.file + ".new")
	if err != nil {
		t.Fatal(err)
	}
	if err := movableText.Execute(f, m); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(f.Name(), m.file); err != nil {
		t.Fatal(err)
	}
}

// reload asks at the admin listener and returns the status and what it said.
func reload(t testing.TB, h *apptest.Host) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.Admin+"/reload", nil)
	if err != nil {
		t.Fatal(err)
	}
	status, said := do(t, req)
	return status, string(said)
}

// leadsTo is the address of the web shop that a transfer's link leads to.
func leadsTo(link string) (string, error) {
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(link)
	if err != nil {
		return "", err
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	to, err := url.Parse(res.Header.Get("Location"))
	if err != nil || to.Host == "" {
		return "", fmt.Errorf("the link answered %d and leads to %q", res.StatusCode, res.Header.Get("Location"))
	}
	return to.Host, nil
}

func wantLeadsTo(t *testing.T, h *apptest.Host, body, want string) {
	t.Helper()
	if got, err := leadsTo(transfer(t, h, body).URL); err != nil || got != want {
		t.Errorf("the cart of %s is at %s, want %s: %v", body, got, want, err)
	}
}

// TestSwap moves a shop to another backend while it runs: by the endpoint, with the
// cart that was made before staying where it is.
func TestSwap(t *testing.T) {
	t.Parallel()
	h, m := startMovable(t)
	wantLeadsTo(t, h, bag("before", "1 item_1_sku"), m.One)
	m.Carts = "two"
	m.write(t)
	if status, said := reload(t, h); status != http.StatusOK || !strings.Contains(said, "shop demo: changed\n") {
		t.Fatalf("reload answered %d: %s", status, said)
	}
	wantLeadsTo(t, h, bag("after", "1 item_1_sku"), m.Two)
	wantLeadsTo(t, h, bag("before", "2 item_1_sku"), m.One) // other contents, the same cart
	if status, said := reload(t, h); status != http.StatusOK || said != "nothing to change\n" {
		t.Errorf("a reload without a change answered %d: %s", status, said)
	}
}

// TestReloadWaitsForTheOld is answered only once no request is at work with the old config.
func TestReloadWaitsForTheOld(t *testing.T) {
	t.Parallel()
	h, m := startMovable(t, "CARTAGE_BACKENDS__MOCK__SETTINGS__DELAY_MS=700")
	var answered atomic.Bool
	var selling sync.WaitGroup
	selling.Go(func() {
		transfer(t, h, bag("under-way", "1 item_1_sku"))
		answered.Store(true)
	})
	if !eventually(func() bool {
		_, ready := get(t, h.Admin+"/readyz?verbose")
		return strings.Contains(ready, `in_flight="1"`)
	}) {
		t.Fatal("no call is under way")
	}
	m.Carts = "two"
	m.write(t)
	if status, said := reload(t, h); status != http.StatusOK || !answered.Load() {
		t.Errorf("reload answered %d before the request of the old config was: %s", status, said)
	}
	selling.Wait()
}

// TestOrderStaysWhereItsCartIs buys after the swap what was handed over before.
func TestOrderStaysWhereItsCartIs(t *testing.T) {
	t.Parallel()
	h, m := startMovable(t)
	page := follow(t, transfer(t, h, bag("bought-late", "1 item_1_sku")).URL)
	m.Carts = "two"
	m.write(t)
	if status, said := reload(t, h); status != http.StatusOK {
		t.Fatalf("reload answered %d: %s", status, said)
	}
	buy(t, page.url)
	if status, body := orderOf(t, h, "bought-late"); status != http.StatusOK {
		t.Errorf("the order is not found: %d %s", status, body)
	}
}

// TestFileIsWatched needs no word from anybody, and takes a secret's rotation over.
func TestFileIsWatched(t *testing.T) {
	t.Parallel()
	h, m := startMovable(t)
	m.Secret = "rotated"
	m.write(t)
	if !eventually(func() bool {
		status, _ := post(t, h, bag("with-the-old-secret", "1 item_1_sku"))
		return status == http.StatusUnauthorized
	}) {
		t.Error("the change of the file was not taken over")
	}
}

// TestReloadOfAProcess is an operator's: by a command, which says where a mistake is,
// and by SIGHUP, which finds a new program of a plugin.
func TestReloadOfAProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h, file, program := &apptest.Host{}, filepath.Join(dir, "cartage.yaml"), filepath.Join(dir, "program")
	env := h.Environ(t, dir)
	h.Admin = freeURL(t)
	env = append(env, "CARTAGE_ADMIN__LISTEN="+strings.TrimPrefix(h.Admin, "http://"), "CARTAGE_BACKENDS__MOCK__PLUGIN="+program)
	install := func(more string) {
		t.Helper()
		body, err := os.ReadFile(filepath.Join(apptest.Build(t).Plugins(), "mock"))
		if err == nil {
			err = os.WriteFile(program+".new", append(body, more...), 0o700)
		}
		if err == nil {
			err = os.Rename(program+".new", program)
		}
		if err == nil {
			err = os.WriteFile(file, config.Demo, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	install("")
	host := startCommand(t, h, env, "--config", file)
	before, _ := plugin(t, h)
	install("another version")
	if err := host.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if !eventually(func() bool { now, _ := plugin(t, h); return now != before }) {
		t.Error("the new program was not started")
	}
	if got := cartage(t, nil, "reload", "--admin", h.Admin); got.code != 0 || got.out != "nothing to change\n" {
		t.Errorf("reload ended with %d: %s%s", got.code, got.out, got.err)
	}
	if err := os.WriteFile(file, []byte("server: {lisen: x}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := cartage(t, nil, "reload", "--admin", h.Admin); got.code != 1 || !strings.Contains(got.out, file+":1:10: server.lisen: unknown key") {
		t.Errorf("reload ended with %d: %s%s", got.code, got.out, got.err)
	}
	transfer(t, h, bag("still-sold", "1 item_1_sku"))
}

// buy sends the form of a checkout page.
func buy(t *testing.T, page string) {
	t.Helper()
	form := url.Values{
		"name": {"Ada Example"}, "email": {"ada@example.com"}, "line1": {"1 Example Street"}, "city": {"London"}, "postcode": {"N1 1AA"}, "country": {"GB"},
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, page, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if status, body := do(t, req); status != http.StatusOK || !strings.Contains(string(body), "Thank you") {
		t.Fatalf("the order was answered with %d: %s", status, body)
	}
}
