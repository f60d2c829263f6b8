// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/ports/inbound"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		err    error
		status int // of an action; promotions answer 200 but for 404 of a shop
		code   string
	}{
		{"unknown action", fault.New(fault.NotFound, "unknown_action", "no"), 404, unknownAction},
		{"unknown anything", fault.New(fault.NotFound, "", "no"), 404, unknownAction},
		{"unknown to a backend", fault.New(fault.NotFound, "unknown_customer", "no").By(fault.Backend), 404, unknownAction},
		{"unknown shop", fault.New(fault.NotFound, "unknown_shop", "no"), 404, unknownShop},
		{"too few points", fault.New(fault.Conflict, "insufficient_points", "no"), 500, insufficientPoints},
		{"another conflict", fault.New(fault.Conflict, "", "no"), 500, conflict},
		{"asked too often", fault.New(fault.Limited, "", "no").After(time.Minute), 500, overloaded},
		{"certainly not done", fault.New(fault.Unavailable, "", "no"), 500, unavailableNow},
		{"perhaps done", fault.New(fault.Unknown, "", "no"), 500, perhapsDone},
		{"a bug", fault.New(fault.Internal, "", "no"), 500, internalError},
		{"not promised", fault.New(fault.Invalid, "invalid_json", "no").By(fault.Caller), 500, internalError},
		{"not promised either", fault.New(fault.Unauthenticated, "unauthorised", "no").By(fault.Caller), 500, internalError},
		{"not offered", fault.New(fault.Unsupported, "", "no"), 500, internalError},
		{"of no kind", context.Canceled, 500, internalError},
		{"late", fault.New(fault.Unavailable, "", "no").Because(context.DeadlineExceeded), 500, deadline},
		{"late, of no kind", fmt.Errorf("ask: %w", context.DeadlineExceeded), 500, deadline},
		{"late, and unknown all the same", fault.New(fault.NotFound, "", "no").Because(context.DeadlineExceeded), 404, unknownAction},
	} {
		for _, at := range endpoints {
			t.Run(tt.name+"/"+at.name(), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, demoApp())
				b.port.answer = fails(tt.err)
				got, want, body := b.direct(t, at, bodyFor(at), nil), tt.status, ""
				switch {
				case at == promotions && tt.code != unknownShop:
					want = http.StatusOK
					_, body = deadlineAnswer(promotions)
				case tt.status == 500:
					body = `{"code":"` + tt.code + `"}` + "\n"
				}
				if got.status != want || got.body != body || got.header.Get("Retry-After") != "" {
					t.Errorf("got %d %s, want %d %s", got.status, got.body, want, body)
				}
				if n := b.outcome(t, at, tt.code); n != 1 {
					t.Errorf("%s was counted %v times", tt.code, n)
				}
				checkNote(t, b.log.String(), at, tt.code)
			})
		}
	}
}

// checkNote wants one warning that says which request of which app it was, and why.
func checkNote(t *testing.T, log string, at endpoint, reason string) {
	t.Helper()
	var line map[string]any
	if err := json.Unmarshal([]byte(log), &line); err != nil {
		t.Fatalf("not one line: %v: %s", err, log)
	}
	if line[slog.LevelKey] != "WARN" || line["app"] != "demo" || line["endpoint"] != at.name() || line["reason"] != reason || line["request_id"] == "" {
		t.Errorf("the log has %s", log)
	}
}

func TestPortThatPanics(t *testing.T) {
	t.Parallel()
	var none *inbound.Screen
	for name, panics := range map[string]func() inbound.Screen{
		"of its own":         func() inbound.Screen { panic("customer " + email) },
		"of the runtime":     func() inbound.Screen { return *none },
		"as a cut-off would": func() inbound.Screen { panic(http.ErrAbortHandler) },
	} {
		for _, at := range endpoints {
			t.Run(name+"/"+at.name(), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, demoApp())
				b.port.answer = func(context.Context, endpoint, inbound.Till) (inbound.Screen, error) { return panics(), nil }
				got := b.direct(t, at, bodyFor(at), nil)
				want, body := deadlineAnswer(at)
				if got.status != want || got.body != strings.Replace(body, deadline, internalError, 1) {
					t.Errorf("got %d %s", got.status, got.body)
				}
				if log := b.log.String(); !strings.Contains(log, `"ERROR","msg":"port panicked"`) || !strings.Contains(log, "faults_test.go") || strings.Contains(log, email) {
					t.Errorf("the log has %s", log)
				}
				if err := b.handler.Drain(t.Context()); err != nil { // every slot is free again
					t.Error(err)
				}
			})
		}
	}
}

// TestNothingLeaks plants what nobody may see and goes through all that can fail.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	b := newBench(t, demoApp())
	canaries := []string{theSecret, oldSecret, otherSecret, email, "supported_templates", "demo-shop", "4155550132", sign(theSecret, sample)}
	edits := map[string]func(*http.Request){
		"": nil, "forged": signed(sign(otherSecret, sample)), "not JSON": func(r *http.Request) {
			body := `{"` + email + `":1,"` + email + `":2,"phone":"4155550132"`
			both(sends(body), signed(sign(theSecret, body)))(r)
		},
		"case": func(r *http.Request) {
			body := `{"Customer_ID":"` + email + `"}`
			both(sends(body), signed(sign(theSecret, body)))(r)
		},
		"type": set("Content-Type", "text/plain; x="+email), "method": func(r *http.Request) { r.Method = "GET" },
		"large": sends(strings.Repeat(email, bodyMax)),
	}
	for _, err := range []error{nil, fault.New(fault.Unavailable, "down\n{\"level\":\"ERROR\"}", "the ledger\x1b[31m is down"), fault.New(fault.NotFound, "", "no")} {
		b.port.answer = fails(err)
		if err == nil {
			b.port.answer = shows(inbound.Screen{Known: true})
		}
		for name, edit := range edits {
			for _, at := range endpoints {
				got := b.direct(t, at, bodyFor(at), edit)
				for _, canary := range canaries {
					if strings.Contains(got.body, canary) || strings.Contains(fmt.Sprint(got.header), canary) {
						t.Errorf("%s: the answer has %s: %s", name, canary, got.body)
					}
				}
			}
		}
	}
	families, err := b.figures.Gather()
	if err != nil {
		t.Fatal(err)
	}
	log := b.log.String()
	for _, canary := range canaries {
		if strings.Contains(log, canary) || strings.Contains(fmt.Sprint(families), canary) {
			t.Errorf("%s is in the log or the figures", canary)
		}
	}
	for line := range strings.Lines(log) {
		if !json.Valid([]byte(line)) || strings.Contains(line, "\x1b") || len(line) > 2_000 {
			t.Errorf("the log has %q", line)
		}
	}
	if n := strings.Count(log, "\n"); n < 3*len(edits) {
		t.Errorf("%d lines only", n)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := Options{Apps: []App{demoApp(), otherApp()}, POS: &port{}, Logger: slog.New(slog.DiscardHandler)}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(o *Options, a *App){
		"no port":                 func(o *Options, _ *App) { o.POS = nil },
		"no logger":               func(o *Options, _ *App) { o.Logger = nil },
		"no name":                 func(_ *Options, a *App) { a.Name = "" },
		"name for no label":       func(_ *Options, a *App) { a.Name = "a b" },
		"name taken":              func(_ *Options, a *App) { a.Name = "other" },
		"no path":                 func(_ *Options, a *App) { a.Path = "" },
		"relative path":           func(_ *Options, a *App) { a.Path = "pos" },
		"root":                    func(_ *Options, a *App) { a.Path = "/" },
		"slash at the end":        func(_ *Options, a *App) { a.Path = "/pos/" },
		"wildcard":                func(_ *Options, a *App) { a.Path = "/{pos}" },
		"path taken":              func(_ *Options, a *App) { a.Path = "/pos/other" },
		"no secret":               func(_ *Options, a *App) { a.Secrets = nil },
		"empty secret":            func(_ *Options, a *App) { a.Secrets = []secret.Text{secret.New("x"), {}} },
		"three secrets":           func(_ *Options, a *App) { a.Secrets = []secret.Text{secret.New("a"), secret.New("b"), secret.New("c")} },
		"scale":                   func(_ *Options, a *App) { a.PercentScale = 10 },
		"field":                   func(_ *Options, a *App) { a.VariantField = "none" },
		"no shop":                 func(_ *Options, a *App) { a.Installed = nil },
		"domain of somebody else": func(_ *Options, a *App) { a.Installed[0].Domain = "demo-shop.example" },
		"domain alone":            func(_ *Options, a *App) { a.Installed[0].Domain = ".myshopify.com" },
		"domain below one":        func(_ *Options, a *App) { a.Installed[0].Domain = "a.b.myshopify.com" },
		"domain in capitals":      func(_ *Options, a *App) { a.Installed[0].Domain = "Demo.myshopify.com" },
		"no number":               func(_ *Options, a *App) { a.Installed[0].ShopID = 0 },
		"no shop of ours":         func(_ *Options, a *App) { a.Installed[0].Shop = "" },
		"domain twice":            func(_ *Options, a *App) { a.Installed[1].Domain = a.Installed[0].Domain },
		"shop of ours twice":      func(_ *Options, a *App) { a.Installed[1].Shop = a.Installed[0].Shop },
	} {
		o := good
		o.Apps = []App{otherApp(), demoApp()}
		edit(&o, &o.Apps[1])
		if _, err := New(o); err == nil || strings.Contains(err.Error(), theSecret) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
