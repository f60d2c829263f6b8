// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"text/template"

	"github.com/cartage-dev/cartage/app/apptest"
)

var (
	witnessOnce sync.Once
	errWitness  error
)

// witness is one of two builds of testdata/witness, which differ in their version, 1 and 2.
func witness(t *testing.T, version int) string {
	t.Helper()
	built := func(version int) string {
		return filepath.Join(apptest.Build(t).Plugins(), fmt.Sprint("witness", version))
	}
	witnessOnce.Do(func() {
		for v := 1; v <= 2 && errWitness == nil; v++ {
			cmd := exec.Command("go", "build", "-ldflags", fmt.Sprint("-X main.version=", v), "-o", built(v), "./testdata/witness")
			if out, err := cmd.CombinedOutput(); err != nil {
				errWitness = fmt.Errorf("build witness: %w\n%s", err, out)
			}
		}
	})
	if errWitness != nil {
		t.Fatal(errWitness)
	}
	return built(version)
}

// stand is a host that sells by backend a, which is the witness until a test has it otherwise.
type stand struct {
	*apptest.Host
	file string
	// Program and SHA256 are of a; Other is a backend that no shop has.
	Program, SHA256, Other string
	Settings               string // of a
	Token, OtherToken      string // files of their secrets
	Gone                   bool   // there is no a, and the shop is the mock's
	Mistake                string // more in the shop
	address                string // of a's web shop when it is the mock
}

var standText = template.Must(template.New("").Parse(`backends:
  mock: {plugin: mock}
{{- if not .Gone}}
  a: {plugin: "{{.Program}}"{{with .SHA256}}, sha256: {{.}}{{end}}, start_timeout: 5s, settings: { {{- .Settings -}} }{{with .Token}}, secrets: {token: "file:{{.}}"}{{end}}}
{{- end}}
{{- if .Other}}
  b: {plugin: "{{.Other}}", secrets: {token: "file:{{.OtherToken}}"}}
{{- end}}
shops:
  demo:
    currencies: [GBP]
    backends: {{if .Gone}}{carts: mock, orders: mock}{{else}}{carts: a, orders: a}{{end}}
    poq: {secrets: [demo-poq-secret], orders_secrets: [demo-orders-secret]}
{{- with .Mistake}}
    {{.}}
{{- end}}
`))

// newStand may be changed before start.
func newStand(t *testing.T) *stand {
	t.Helper()
	dir := t.TempDir()
	s := &stand{file: filepath.Join(dir, "cartage.yaml"), Program: filepath.Join(dir, "program"), Token: filepath.Join(dir, "token"), address: address(t)}
	s.install(t, 1)
	put(t, s.Token, "first", 0o600)
	return s
}

func (s *stand) start(t *testing.T, o apptest.Options) {
	t.Helper()
	s.write(t)
	o.File = s.file
	o.Environ = append(o.Environ, "CARTAGE_SHOPS__DEMO__CHECKOUT_HOSTS=http://witness.example,http://"+s.address)
	s.Host = apptest.Start(t, o)
}

func (s *stand) write(t *testing.T) {
	t.Helper()
	var text strings.Builder
	if err := standText.Execute(&text, s); err != nil {
		t.Fatal(err)
	}
	put(t, s.file, text.String(), 0o600)
}

// install puts a build of the witness where a's program is.
func (s *stand) install(t *testing.T, version int) {
	t.Helper()
	body, err := os.ReadFile(witness(t, version))
	if err != nil {
		t.Fatal(err)
	}
	put(t, s.Program, string(body), 0o700)
}

// put puts a file in the place of the one before.
func put(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	err := os.WriteFile(path+".new", []byte(text), mode)
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// told is which build of the witness sells, and the secret that it has.
func (s *stand) told(t *testing.T, reference string) (version, token string) {
	t.Helper()
	page, err := url.Parse(transfer(t, s.Host, bag(reference, "1 item_1_sku")).URL)
	if err != nil || page.Host != "witness.example" {
		t.Fatalf("the witness did not sell, but %s: %v", page, err)
	}
	return page.Query().Get("version"), page.Query().Get("token")
}

// pid is the process of a backend; 0 when it has none.
func (s *stand) pid(t *testing.T, name string) string {
	t.Helper()
	_, body := get(t, s.Admin+"/readyz?output=json")
	for _, p := range decode[readiness](t, []byte(body)).Parts {
		if p.Name == "backend "+name {
			return p.Detail["pid"]
		}
	}
	return "0"
}

// attempts counts the reloads that ended like outcome.
func (s *stand) attempts(t *testing.T, outcome string) (n int) {
	t.Helper()
	_, figures := get(t, s.Admin+"/metrics")
	_, after, _ := strings.Cut(figures, fmt.Sprintf("cartage_config_reloads_total{outcome=%q} ", outcome))
	_, _ = fmt.Sscan(after, &n)
	return n
}

func sum(t *testing.T, path string) string {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw := sha256.Sum256(body)
	return hex.EncodeToString(raw[:])
}
