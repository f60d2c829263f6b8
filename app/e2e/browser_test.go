// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/app/apptest"
)

// seen is what browser/checkout.mjs prints.
type seen struct {
	Status                 int
	Items                  map[string]string
	Hosts, Errors          []string
	Violations, Overflow   []string
	Refusal, Title, Number string
	Said, Agreed, Total    string
	Events                 []struct {
		Event string
		Data  json.RawMessage
	}
}

// browser finds Chromium and its driver. Without them the test is skipped, unless
// CARTAGE_TEST_BROWSER=required says that they must be there.
func browser(t *testing.T) (chromium string) {
	t.Helper()
	missing := t.Skip
	if os.Getenv("CARTAGE_TEST_BROWSER") == "required" {
		missing = t.Fatal
	}
	if _, err := os.Stat(filepath.Join("browser", "node_modules", "playwright-core")); err != nil {
		missing("no browser driver: run `npm ci --ignore-scripts` in app/e2e/browser")
	}
	if _, err := exec.LookPath("node"); err != nil {
		missing("no node on PATH")
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing("no Chromium on PATH")
	return ""
}

// drive runs the script. CARTAGE_TEST_SCREENSHOTS names a folder that keeps its pictures.
func drive(t *testing.T, link, mode string) seen {
	t.Helper()
	chromium := browser(t)
	folder := os.Getenv("CARTAGE_TEST_SCREENSHOTS")
	if folder == "" {
		folder = t.TempDir()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "checkout.mjs", chromium, link, mode, folder)
	cmd.Dir = "browser"
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("drive the browser: %v\n%s", err, stderr.String())
	}
	return decode[seen](t, out.Bytes())
}

// TestCheckoutInAWebView buys as the shopper of an app does: the page works, is
// accessible, asks nobody else for anything, and tells the app what happens.
func TestCheckoutInAWebView(t *testing.T) {
	t.Parallel()
	browser(t)
	h := apptest.Start(t, apptest.Options{})
	got := drive(t, transfer(t, h, bag("browser-app", "1 item_1_sku", "5 item_2_sku")).URL, "app")
	wantBought(t, h, got, "browser-app")
	for _, wrong := range [][]string{got.Errors, got.Violations, got.Overflow} {
		if len(wrong) > 0 {
			t.Errorf("the pages have faults:\n%s", strings.Join(wrong, "\n"))
		}
	}
	var order, completed int
	for _, e := range got.Events {
		var o struct {
			Total json.Number
			Order struct {
				OrderID string
				Total   json.Number
			}
		}
		if err := json.Unmarshal(e.Data, &o); err != nil {
			t.Errorf("event %s: %v", e.Event, err)
		}
		switch e.Event {
		case "order":
			order++
			if o.Total == "" {
				t.Errorf("order event without a total: %s", e.Data)
			}
		case "paymentcompleted":
			completed++
			if o.Order.OrderID != got.Number || o.Order.Total == "" {
				t.Errorf("paymentcompleted says %s, want order %s", e.Data, got.Number)
			}
		default:
			t.Errorf("unexpected event %s %s", e.Event, e.Data)
		}
	}
	if order == 0 || completed != 1 {
		t.Errorf("got %d order events and %d paymentcompleted, want some and exactly one", order, completed)
	}
}

// TestCheckoutWithoutJavaScript buys the same way, with nothing but HTML.
func TestCheckoutWithoutJavaScript(t *testing.T) {
	t.Parallel()
	browser(t)
	h := apptest.Start(t, apptest.Options{})
	got := drive(t, transfer(t, h, bag("browser-plain", "1 item_1_sku", "5 item_2_sku")).URL, "noscript")
	wantBought(t, h, got, "browser-plain")
}

func wantBought(t *testing.T, h *apptest.Host, got seen, reference string) {
	t.Helper()
	if diff := cmp.Diff(map[string]string{"item_1_sku": "1", "item_2_sku": "5"}, got.Items); got.Status != http.StatusOK || diff != "" {
		t.Errorf("the page came with %d and these items (-want +got):\n%s", got.Status, diff)
	}
	if !strings.Contains(got.Refusal, "address") {
		t.Errorf("an empty form was answered with %q", got.Refusal)
	}
	if got.Title != "Thank you" || got.Number == "" {
		t.Errorf("the confirmation says %q, order %q", got.Title, got.Number)
	}
	if !strings.Contains(got.Said, "£6.15") || !strings.Contains(got.Agreed, "£62.30") || got.Total != "£62.30" {
		t.Errorf("a code said %q; with express delivery the button said %q, and the order %q", got.Said, got.Agreed, got.Total)
	}
	ours := []string{strings.TrimPrefix(h.API, "http://"), strings.TrimPrefix(h.Shop, "http://")}
	for _, host := range got.Hosts {
		if host != ours[0] && host != ours[1] {
			t.Errorf("a page asked %s for something", host)
		}
	}
	if status, body := orderOf(t, h, reference); status != http.StatusOK || !strings.Contains(body, got.Number) {
		t.Errorf("the order by reference: %d %s, want %s", status, body, got.Number)
	}
	if status, body := post(t, h, bag(reference, "1 item_1_sku")); status != http.StatusConflict {
		t.Errorf("another bag under a completed reference: %d %s, want 409", status, body)
	}
}

// orderOf asks for the order of a reference as an administrator.
func orderOf(t testing.TB, h *apptest.Host, reference string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.API+"/poq/demo/orders/"+reference, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+apptest.OrdersSecret)
	status, body := do(t, req)
	return status, string(body)
}
