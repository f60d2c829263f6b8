// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/app/apptest"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// verifyMock is a file for `plugin verify` that is right for the mock backend.
const verifyMock = `settings:
  public_url: https://shop.example
sample:
  currency: GBP
  skus: [item_1_sku, item_2_sku, teapot_slate]
  prices: {item_1_sku: "14.00"}
  sold_out_sku: sold_out_sku
  not_for_sale_sku: retired_sku
  limited: {sku: last_three_sku, stock: 3}
  refused_currency: EUR
  other_shop: second
  page_origins: ["https://shop.example"]
`

// verify runs the command over the mock backend with a file that holds text.
func verify(t *testing.T, text string, args ...string) ran {
	t.Helper()
	file := filepath.Join(t.TempDir(), "verify.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	mock := filepath.Join(apptest.Build(t).Plugins(), "mock")
	return cartage(t, []string{"VERIFY_SECRET=hush-hush-verify"}, append([]string{"plugin", "verify", mock, "--settings", file}, args...)...)
}

func TestVerifyMock(t *testing.T) {
	t.Parallel()
	got := verify(t, verifyMock, "--output", "json")
	var report struct {
		OK      bool
		Subject string
		Results []struct{ Part, Rule, Promise, Outcome, Reason string }
	}
	if err := json.Unmarshal([]byte(got.out), &report); err != nil {
		t.Fatalf("%v in %q, %s", err, got.out, got.err)
	}
	parts := map[string]int{}
	for _, r := range report.Results {
		parts[r.Part]++
		if r.Outcome == "failed" {
			t.Errorf("%s: %s", r.Rule, r.Promise)
		}
	}
	if got.code != 0 || !report.OK || !strings.HasPrefix(report.Subject, "mock ") || parts["process"] < 20 || parts["host"] != 1 || parts["carts"] < 30 || parts["orders"] < 5 || parts["faults"] < 5 {
		t.Errorf("it ended with %d; %q, %v, %s", got.code, report.Subject, parts, got.err)
	}
	if strings.Contains(got.out+got.err, "hush-hush") {
		t.Error("the report shows a secret")
	}
}

func TestVerifyTellsWhatIsNotKept(t *testing.T) {
	t.Parallel()
	got := verify(t, strings.Replace(verifyMock, "14.00", "14.01", 1), "--rule", "carts.put.known_prices", "--rule", "carts.get.unknown")
	for _, want := range []string{
		"FAIL  carts.put.known_prices", "ok    carts.get.unknown", "sent      Carts.Put 1 × item_1_sku in GBP", "expected  GBP 14.01", "but       GBP 14.00 (1400)",
		"2 rules", "1 passed, 1 failed, 0 skipped",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("no %q in\n%s", want, got.out)
		}
	}
	if got.code != 1 || !strings.Contains(got.err, "1 of 2 rules") {
		t.Errorf("it ended with %d: %s", got.code, got.err)
	}
}

// TestVerifyWithWrongSettings is what an author meets first: no rule blames the plugin for them.
func TestVerifyWithWrongSettings(t *testing.T) {
	t.Parallel()
	const good = "  public_url: https://shop.example\n"
	for _, tt := range []struct {
		name, old, now string
		args           []string
		want           string
	}{
		{"a value of another form", good, "  public_url: shop.example\n", nil, "verify.yaml:2:3: settings.public_url: not of the form"},
		{"by one rule alone", good, "  public_url: shop.example\n", []string{"--rule", "host"}, "verify.yaml:2:3: settings.public_url: not of the form"},
		{"a value of another type", good, good + "  delay_ms: hush-hush\n", nil, "verify.yaml:3:3: settings.delay_ms: text is not a whole number"},
		{"an unknown key within", good, good + "  faults:\n    fail_evry: 3\n", nil, "verify.yaml:4:5: settings.faults.fail_evry: unknown key; did you mean settings.faults.fail_every?"},
		{"one of several", good, good + "  currencies: [GBP, hush-hush]\n", nil, "verify.yaml:3:21: settings.currencies[1]: not a value that is allowed"},
		{"a secret that nobody knows", "sample:", "secrets:\n  token: env:VERIFY_SECRET\nsample:", nil, "verify.yaml:4:3: secrets.token: unknown key"},
		{"such a secret by flag", "", "", []string{"--secret", "token=env:VERIFY_SECRET"}, "verify.yaml: secrets.token: unknown key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := verify(t, strings.Replace(verifyMock, tt.old, tt.now, 1), tt.args...)
			if got.code != 78 || got.out != "" || !strings.Contains(got.err, tt.want) || strings.Contains(got.err, "hush") {
				t.Errorf("it ended with %d, want %s: %s%s", got.code, tt.want, got.err, got.out)
			}
		})
	}
}

func TestVerifyMistakes(t *testing.T) {
	t.Parallel()
	const good = "secrets: {unused: env:VERIFY_SECRET}\n" + verifyMock
	for _, tt := range []struct {
		name, old, now string
		want           string
	}{
		{"an unknown key", "sold_out_sku: ", "soldout_sku: ", "verify.yaml:8: soldout_sku: unknown key"},
		{"a value of another type", "skus: [item_1_sku, item_2_sku, teapot_slate]", "skus: hush-hush", "verify.yaml:6: a value of type str"},
		{"too few things", "[item_1_sku, item_2_sku, teapot_slate]", "[item_1_sku]", "sample.skus: must name at least two"},
		{"a price that is none", `"14.00"`, `"14,00"`, "sample.prices.item_1_sku: must be a decimal in GBP"},
		{"a secret written out", "env:VERIFY_SECRET", "hush-hush", "secrets.unused: a secret is written out; write env:NAME or file:/path"},
		{"a variable that is not set", "env:VERIFY_SECRET", "env:VERIFY_NOTHING", "secrets.unused: variable VERIFY_NOTHING is not set, or empty"},
		{"a file that is not there", "env:VERIFY_SECRET", "file:/no/such/file", "secrets.unused: there is no file /no/such/file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := verify(t, strings.Replace(good, tt.old, tt.now, 1))
			if got.code != 78 || !strings.Contains(got.err, tt.want) || strings.Contains(got.err, "hush-hush") {
				t.Errorf("it ended with %d: %s", got.code, got.err)
			}
		})
	}
	if got := verify(t, good, "--rule", "carts.sing"); got.code != 2 || !strings.Contains(got.err, `no rule is called "carts.sing"`) {
		t.Errorf("no such rule ended with %d: %s", got.code, got.err)
	}
}

// TestVerifyKnowsTheTimeOfACall is because the kit cannot ask config.
func TestVerifyKnowsTheTimeOfACall(t *testing.T) {
	t.Parallel()
	if got, want := backendtest.HostCallMax, config.DefaultBackend().Guard.Timeout; got != want {
		t.Errorf("the kit says %s, and config %s", got, want)
	}
}

func TestVerifyListsItsRules(t *testing.T) {
	t.Parallel()
	if got := cartage(t, nil, "plugin", "verify", "--list"); got.code != 0 || !strings.Contains(got.out, "carts.put.totals_add_up") || !strings.Contains(got.out, "process.lifeline") {
		t.Errorf("it ended with %d: %s%s", got.code, got.out, got.err)
	}
	if help := cartage(t, nil, "plugin", "verify", "--help"); help.code != 0 || !strings.Contains(help.out, "order_reference") || !strings.Contains(help.out, "Exit status") {
		t.Errorf("it ended with %d: %s", help.code, help.out)
	}
}

// TestVerifyNode is why the kit speaks the protocol by hand: a plugin may be written in anything.
func TestVerifyNode(t *testing.T) {
	t.Parallel()
	file := filepath.Join(filepath.Dir(nodePlugin(t)), "verify.yaml")
	if got := cartage(t, nil, "plugin", "verify", nodePlugin(t), "--settings", file); got.code != 0 {
		t.Errorf("it ended with %d:\n%s%s", got.code, got.out, got.err)
	}
}
