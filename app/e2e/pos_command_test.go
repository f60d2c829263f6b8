// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/app/apptest"
)

// played is an exchange as `cartage pos --json` prints it.
type played struct {
	Call    string
	Status  int
	Done    bool
	Request map[string]any
	Answer  struct {
		Type    string
		Label   string           `json:"points_label"`
		Balance string           `json:"points_balance"`
		Actions []map[string]any `json:"actions"`
	}
}

// TestTillAsInTheGuide is the conversation of Shopify's "Handling POS cart app extension
// endpoints" (read 2026-11), which begins with 23867 points, holds 1000 and gives them back.
func TestTillAsInTheGuide(t *testing.T) {
	t.Parallel()
	h := apptest.Start(t, apptest.Options{})
	got := cartage(t, nil, "pos", "--dev", "--host", h.API, "--locale", "en", "--json", "--script",
		"new 1; expect balance 23867; tap 1; expect balance 22867; revert; expect balance 23867")
	wantRun(t, got, 0, nil, nil)
	lines := strings.Split(strings.TrimSpace(got.out), "\n")
	wants := []struct{ call, balance string }{{"promotions", "23867"}, {"perform_action", "22867"}, {"revert_action", "23867"}}
	if len(lines) != len(wants) {
		t.Fatalf("%d exchanges in %s", len(lines), got.out)
	}
	var tapped any
	for i, want := range wants {
		var p played
		if err := json.Unmarshal([]byte(lines[i]), &p); err != nil {
			t.Fatal(err)
		}
		if p.Call != want.call || p.Status != 200 || !p.Done || p.Answer.Type != "simple_action_list" || p.Answer.Label != "Point balance" || p.Answer.Balance != want.balance {
			t.Errorf("got %+v, want %+v", p, want)
		}
		asked := map[string]any{
			"customer_id": 1.0, "locale": "en", "supported_templates": []any{"simple_action_list"},
			"supported_actions": []any{"flat_discount", "percent_discount", "add_variant"},
			"currency_code":     "USD", "shop_id": 1.0, "shopify_domain": "shopify-domain.myshopify.com",
		}
		if i > 0 {
			asked["action_id"] = tapped
		}
		if diff := cmp.Diff(asked, p.Request); diff != "" {
			t.Errorf("%s asks otherwise than the guide (-want +got):\n%s", p.Call, diff)
		}
		if i == 1 {
			if len(p.Answer.Actions) != 0 {
				t.Errorf("there is more to tap: %+v", p.Answer)
			}
			continue
		}
		first := p.Answer.Actions[0]
		tapped = first["action_id"]
		delete(first, "action_id")
		if diff := cmp.Diff(map[string]any{"type": "flat_discount", "title": "Add $5.00 discount", "description": "-1000 points", "value": "5.00"}, first); diff != "" {
			t.Errorf("%s offers otherwise than the guide (-want +got):\n%s", p.Call, diff)
		}
	}
	if strings.Contains(got.out+got.err, "demo-app-secret") {
		t.Error("the secret is printed")
	}
}

// TestTillSells sells what was tapped, and cancels it. What an order means for points is
// reckoned a little after its webhook is answered.
func TestTillSells(t *testing.T) {
	t.Parallel()
	h := apptest.Start(t, apptest.Options{})
	play := func(script string) ran { return cartage(t, nil, "pos", "--dev", "--host", h.API, "--script", script) }
	wantRun(t, play("new 1; double 1; sale"), 0, []string{"the points are held once", "USD 53.00", `cart-promotion-actions  [("1", "`, "Delivered"}, nil)
	for _, step := range []struct{ script, balance string }{
		{"", "22920"}, // 1000 spent, and 53 earned
		{"new 1; sale; retry; refund 29.00; cancel", "22920"},
	} {
		if step.script != "" {
			wantRun(t, play(step.script), 0, []string{"USD 58.00", "refunds/create", "orders/cancelled"}, nil)
		}
		var last ran
		if !eventually(func() bool { last = play("new 1; expect balance " + step.balance); return last.code == 0 }) {
			t.Errorf("after %q the balance is not %s: %s %s", step.script, step.balance, last.out, last.err)
		}
	}
}

func TestTillThatIsRefused(t *testing.T) {
	t.Parallel()
	h := apptest.Start(t, apptest.Options{})
	for _, tt := range []struct {
		name, env, script, want string
	}{
		{"another secret", "SHOPIFY__APPS__DEMO__SECRETS=another", "new", "another secret for app demo"},
		{"another path", "SHOPIFY__APPS__DEMO__POS_PATH=/tills", "new", "serves no till at /tills/promotions"},
		{"another shop", "SHOPS__DEMO__SHOPIFY__SHOP_ID=2", "new", "404: the host knows no shop"},
		{"another path of hooks", "SHOPIFY__APPS__DEMO__HOOKS_PATH=/told", "new; sale", "serves no webhooks at /told"},
	} {
		wantRun(t, cartage(t, []string{"CARTAGE_" + tt.env}, "pos", "--dev", "--host", h.API, "--script", tt.script), 1, nil, []string{tt.want})
	}
	h.Stop()
	wantRun(t, cartage(t, nil, "pos", "--dev", "--host", h.API, "--script", "new"), 1, nil, []string{"is it running?"})
	if help := cartage(t, nil, "pos", "--help"); help.code != 0 || !strings.Contains(help.out, "A first try:") {
		t.Errorf("--help ended with %d: %s", help.code, help.out)
	}
}

// TestTillIsShownTheSameIdAgain, where config says so: what was taken back is tapped again under its id, and then once more
// it is held once.
func TestTillIsShownTheSameIdAgain(t *testing.T) {
	t.Parallel()
	h := apptest.Start(t, apptest.Options{Environ: []string{"CARTAGE_SHOPS__DEMO__LOYALTY__REOFFER=same"}})
	got := cartage(t, nil, "pos", "--dev", "--host", h.API, "--json", "--script",
		"new 1; tap 1; expect balance 22867; revert; expect balance 23867; tap 1; expect balance 22867; revert; expect balance 23867")
	wantRun(t, got, 0, nil, nil)
	ids := map[any]bool{}
	for line := range strings.Lines(got.out) {
		var p played
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			t.Fatal(err)
		}
		if id, is := p.Request["action_id"]; is {
			ids[id] = true
		}
	}
	if len(ids) != 1 {
		t.Errorf("%d ids were tapped and taken back", len(ids))
	}
}
