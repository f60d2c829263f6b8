// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/app/apptest"
)

// Tests of Node run by themselves, before those that run at once: starting Node takes
// so much of a machine that tests which kill and count would miss their time.

// nodePlugin is the plugin that is written in plain Node. Without Node or its
// packages the test is skipped, unless CARTAGE_TEST_NODE=required says that they must be there.
func nodePlugin(t *testing.T) (path string) {
	t.Helper()
	missing := t.Skip
	if os.Getenv("CARTAGE_TEST_NODE") == "required" {
		missing = t.Fatal
	}
	if _, err := exec.LookPath("node"); err != nil {
		missing("no node on PATH")
	}
	if _, err := os.Stat(filepath.Join("nodeplugin", "node_modules", "@grpc", "grpc-js")); err != nil {
		missing("no gRPC for Node: run `npm ci --ignore-scripts` in app/e2e/nodeplugin")
	}
	path, err := filepath.Abs(filepath.Join("nodeplugin", "plugin.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// nodeShop is the config of one shop on the Node plugin: address of the API, of
// the admin listener, of the shop's page, the database's folder, and the program.
const nodeShop = `
server: {listen: %[1]q, public_url: "http://%[1]s", ready_delay: 0s}
admin: {listen: %[2]q}
log: {format: json, level: debug}
store: {path: %[4]q}
backends:
  node:
    plugin: %[5]q
    settings:
      listen: %[3]q
      delay_ms: 20
      faults: {broken: internal}
shops:
  demo:
    locale: en-GB
    currencies: [GBP]
    backends: {carts: node, orders: node}
    checkout_hosts: ["http://%[3]s"]
    poq: {shortage: strict, secrets: [demo-poq-secret], orders_secrets: [demo-orders-secret]}
`

// startNodeShop runs the host with the Node plugin until the test ends.
func startNodeShop(t *testing.T) (*apptest.Host, *exec.Cmd) {
	t.Helper()
	path, dir := nodePlugin(t), t.TempDir()
	h := &apptest.Host{API: freeURL(t), Admin: freeURL(t), Shop: freeURL(t), Dir: dir}
	bare := func(url string) string { return strings.TrimPrefix(url, "http://") }
	text := fmt.Sprintf(nodeShop, bare(h.API), bare(h.Admin), bare(h.Shop), filepath.Join(dir, "cartage.db"), path)
	file := filepath.Join(dir, "node.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return h, startCommand(t, h, nil, "--config", file)
}

// stop ends the host as an operator would, and returns what it logged.
func stop(t *testing.T, host *exec.Cmd) string {
	t.Helper()
	if err := host.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := host.Wait(); err != nil {
		t.Errorf("the host ended with %v", err)
	}
	return host.Stderr.(*bytes.Buffer).String()
}

// TestNodePluginSells goes the whole way of a cart: transfer, page, order, lookup, and the end.
func TestNodePluginSells(t *testing.T) {
	h, host := startNodeShop(t)
	body := bag("9f1c0a3d5b7e4c2f8a6d1e0b3c5f7a9d", "1 item_1_sku", "5 item_2_sku")
	got := transfer(t, h, body)
	if again := transfer(t, h, body); again.URL != got.URL {
		t.Errorf("the same bag got %s, want %s", again.URL, got.URL)
	}
	if status, answer := post(t, h, bag("short", "1 no_such_sku", "1 sold_out_sku")); status != http.StatusUnprocessableEntity {
		t.Errorf("a bag of nothing that is sold answered %d: %s", status, answer)
	} else if details := decode[refused](t, answer).Error.Details; len(details) != 2 || details[0].Reason != "unknown_sku" || details[1].Reason != "out_of_stock" {
		t.Errorf("it is refused for %v", details)
	}
	if status, answer := post(t, h, bag("broken", "1 item_1_sku")); status < 500 || strings.Contains(string(answer), "demonstration") {
		t.Errorf("a bug of the plugin answered %d: %s", status, answer)
	}
	if status, _ := lookUp(t, h, "9f1c0a3d5b7e4c2f8a6d1e0b3c5f7a9d"); status != http.StatusNotFound {
		t.Errorf("before the order, its lookup answered %d", status)
	}
	page := follow(t, got.URL)
	if absent := page.missing("1 Teapot", "5 Cup"); len(absent) > 0 {
		t.Errorf("no %q on the page: %s", absent, page.body)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, page.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, answer := do(t, req); status != http.StatusOK {
		t.Fatalf("ordering answered %d: %s", status, answer)
	}
	if status, answer := lookUp(t, h, "9f1c0a3d5b7e4c2f8a6d1e0b3c5f7a9d"); status != http.StatusOK || !strings.Contains(answer, `"N-`) {
		t.Errorf("lookup of the order answered %d: %s", status, answer)
	}
	pid, _ := plugin(t, h)
	log := stop(t, host)
	if syscall.Kill(pid, 0) == nil {
		t.Errorf("process %d of Node outlived its host", pid)
	}
	if !strings.Contains(log, "exited with status 0") {
		t.Errorf("it did not end when it was asked to:\n%s", log)
	}
	if !strings.Contains(log, `"msg":"shop open"`) || !strings.Contains(log, h.Shop) {
		t.Errorf("what the plugin logged is not in the host's log:\n%s", log)
	}
}

// opened is the page that a link leads to.
type opened struct{ url, body string }

func (o opened) missing(words ...string) (absent []string) {
	for _, w := range words {
		if !strings.Contains(o.body, w) {
			absent = append(absent, w)
		}
	}
	return absent
}

func follow(t *testing.T, link string) opened {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var body bytes.Buffer
	if _, err := body.ReadFrom(http.MaxBytesReader(nil, res.Body, 1<<20)); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the link led to %d: %v %s", res.StatusCode, err, body.String())
	}
	return opened{res.Request.URL.String(), body.String()}
}

func lookUp(t *testing.T, h *apptest.Host, reference string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.API+"/poq/demo/orders/"+reference, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+apptest.OrdersSecret)
	status, body := do(t, req)
	return status, string(body)
}

// TestKilledNodePluginIsReplaced kills the process while carts come in. Node takes
// its time to start, longer on a busy machine than a call waits: then the
// channel is told to come back, does, and gets its cart.
func TestKilledNodePluginIsReplaced(t *testing.T) {
	const kills, callers, each, triesMax = 3, 4, 10, 100
	h, _ := startNodeShop(t)
	var selling sync.WaitGroup
	for c := range callers {
		selling.Go(func() {
			for i := range each {
				body, status, answer := bag(fmt.Sprintf("kill-%d-%d", c, i), fmt.Sprintf("%d item_1_sku", each*c+i+1)), 0, []byte(nil)
				for range triesMax {
					if status, answer = post(t, h, body); status != http.StatusServiceUnavailable {
						break
					}
					time.Sleep(100 * time.Millisecond)
				}
				if status != http.StatusOK {
					t.Errorf("cart %d of caller %d: %d %s", i, c, status, answer)
				}
			}
		})
	}
	for range kills {
		time.Sleep(150 * time.Millisecond)
		if pid, _ := plugin(t, h); pid > 0 {
			_ = syscall.Kill(pid, syscall.SIGTERM) // ignored
			_ = syscall.Kill(pid, syscall.SIGINT)  // ignored
			time.Sleep(50 * time.Millisecond)
			if still, _ := plugin(t, h); still != pid {
				t.Errorf("process %d ended by a signal that it should leave to the host", pid)
			}
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	selling.Wait()
	if !eventually(func() bool { pid, restarts := plugin(t, h); return pid > 0 && restarts > 0 }) {
		t.Error("no kill reached the plugin, or it was not started again")
	}
}
