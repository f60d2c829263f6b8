// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/secret"
)

func fails(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		err   error
		code  string // unknownOffer: or unknownRedemption, by endpoint
		after string // Retry-After
	}{
		{"unknown action", fault.New(fault.NotFound, "unknown_action", "no"), unknownOffer, ""},
		{"unknown anything", fault.New(fault.NotFound, "", "no").By(fault.Backend), unknownOffer, ""},
		{"unknown shop", fault.New(fault.NotFound, "unknown_shop", "no"), unknownShop, ""},
		{"too few points", fault.New(fault.Conflict, "insufficient_points", "no"), insufficientPoints, ""},
		{"another body", fault.New(fault.Conflict, "key_reused", "no"), keyReused, ""},
		{"another key", fault.New(fault.Conflict, "already_reserved", "no"), alreadyReserved, ""},
		{"released", fault.New(fault.Conflict, "redemption_released", "no"), redemptionReleased, ""},
		{"captured", fault.New(fault.Conflict, "redemption_captured", "no"), redemptionCaptured, ""},
		{"another conflict", fault.New(fault.Conflict, "method_not_allowed", "no"), conflict, ""},
		{"not acceptable", fault.New(fault.Invalid, "invalid_json", "no"), unprocessable, ""},
		{"asked too often", fault.New(fault.Limited, "", "no").After(90 * time.Second), limited, "90"},
		{"asked far too often", fault.New(fault.Limited, "", "no").After(9000 * time.Hour), limited, "3600"},
		{"not offered", fault.New(fault.Unsupported, "", "no"), unsupported, ""},
		{"certainly not done", fault.New(fault.Unavailable, "", "no").After(1500 * time.Millisecond), unavailableNow, "2"},
		{"perhaps done", fault.New(fault.Unknown, "", "no"), perhapsDone, ""},
		{"a bug", fault.New(fault.Internal, "", "no"), internalError, ""},
		{"not promised", fault.New(fault.Denied, "", "no"), internalError, ""},
		{"not promised either", fault.New(fault.Unauthenticated, "unauthorised", "no"), internalError, ""},
		{"of no kind", context.Canceled, internalError, ""},
	} {
		for i := range endpoints {
			at := &endpoints[i]
			t.Run(tt.name+"/"+at.name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, nil)
				b.port.answer = fails(tt.err)
				want := tt.code
				if want == unknownOffer {
					want = at.unknown
				}
				got := b.send(t, good[at.name])
				if p := got.problem(t); p.Code != want || got.header.Get("Retry-After") != tt.after {
					t.Errorf("got %+v after %q, want %s", p, got.header.Get("Retry-After"), want)
				}
				if n := b.counted(t, "cartage_posui_requests_total", map[string]string{"app": "demo", "endpoint": at.name, "outcome": want}); n != 1 || len(b.port.heardOf()) > 0 {
					t.Errorf("%s was counted %v times, and the port heard of %v", want, n, b.port.heardOf())
				}
			})
		}
	}
}

// TestEveryFaultIsDocumented goes through all there can be.
func TestEveryFaultIsDocumented(t *testing.T) {
	t.Parallel()
	for _, kind := range append(fault.Kinds(), fault.Kind(200)) {
		for code := range tellings {
			for i := range endpoints {
				as, known := tellings[told(fault.New(kind, code, "any"), &endpoints[i]).code]
				if !known || as.status < 400 || as.status == 401 || as.detail == "" {
					t.Errorf("%v %s is answered %+v", kind, code, as)
				}
			}
		}
	}
}

func TestPortThatPanics(t *testing.T) {
	t.Parallel()
	for name, panics := range map[string]func(){
		"of its own":         func() { panic("customer 4155550132") },
		"of the runtime":     func() { _ = []int{}[len(good)] },
		"as a cut-off would": func() { panic(http.ErrAbortHandler) },
	} {
		for endpoint, q := range good {
			b := newBench(t, nil)
			b.port.answer = func(context.Context) error { panics(); return nil }
			if p := b.send(t, q).problem(t); p.Code != internalError {
				t.Errorf("%s at %s: got %+v", name, endpoint, p)
			}
			if log := b.log.String(); !strings.Contains(log, `"ERROR","msg":"port panicked"`) || strings.Contains(log, "4155550132") {
				t.Errorf("the log has %s", log)
			}
			if err := b.handler.Drain(t.Context()); err != nil { // every slot is free again
				t.Error(err)
			}
		}
	}
}

// TestNothingLeaks plants what nobody may see and goes through all that can fail.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	const mail, phone, device = "someone@example.test", "4155550132", "device-canary"
	token := sign(t, theSecret, said(b.now(), func(c jwt.MapClaims) { c["sub"], c["jti"], c["sid"] = mail, "jti-canary", "sid-canary" }))
	canaries := []string{theSecret, oldSecret, otherSecret, mail, phone, device, "jti-canary", "sid-canary", "key-canary", token[10:40], token[len(token)-20:], "customer_id=", demoDomain}
	edits := map[string]func(*http.Request){
		"": nil, "token": header("Authorization", "Bearer "+token), "forged": header("Authorization", "Bearer "+token[:len(token)-4]+"AAAA"),
		"not JWT": header("Authorization", "Bearer "+mail), "key": header(keyHeader, "key-canary"), "bad key": header(keyHeader, "key-canary\x7f"),
		"type": header("Content-Type", "text/plain; x="+mail), "method": func(r *http.Request) { r.Method = "PATCH" },
	}
	bodies := []string{
		strings.Replace(goodBody, "till-1", device, 1), strings.Replace(goodBody, "till-1", strings.Repeat(device, 9), 1),
		`{"` + mail + `":1,"` + mail + `":2,"phone":"` + phone + `"}`, `{"Offer_ID":"` + mail + `"}`, `{"offer_id":"` + mail, strings.Repeat(mail, bodyMax),
	}
	for _, err := range []error{nil, fault.New(fault.Unavailable, "down\n{\"level\":\"ERROR\"}", "the ledger\x1b[31m is down"), fault.New(fault.NotFound, "", "no")} {
		b.port.answer = fails(err)
		for name, edit := range edits {
			for _, text := range bodies {
				for _, q := range []request{
					{method: "POST", path: "/redemptions", body: text}, {method: "POST", path: "/redemptions/" + anID + "/commit", body: text},
					{method: "DELETE", path: "/redemptions/" + phone}, {method: "GET", path: "/loyalty?locale=en&currency=GBP&customer_id=" + phone},
					{method: "GET", path: "/loyalty?locale=" + device + "&currency=" + mail + "&customer_id=1"},
				} {
					got := b.send(t, with(q, edit))
					for _, canary := range canaries {
						if strings.Contains(got.body, canary) || strings.Contains(fmt.Sprint(got.header), canary) {
							t.Errorf("%s: the answer has %s: %s", name, canary, got.body)
						}
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
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	fine := Options{Apps: []App{demoApp(), otherApp()}, Redemptions: &port{}, Logger: slog.New(slog.DiscardHandler)}
	if _, err := New(fine); err != nil {
		t.Fatal(err)
	}
	for name, edit := range map[string]func(o *Options, a *App){
		"no port":                 func(o *Options, _ *App) { o.Redemptions = nil },
		"no logger":               func(o *Options, _ *App) { o.Logger = nil },
		"no name":                 func(_ *Options, a *App) { a.Name = "" },
		"name for no label":       func(_ *Options, a *App) { a.Name = "a b" },
		"name taken":              func(_ *Options, a *App) { a.Name = "other" },
		"no client id":            func(_ *Options, a *App) { a.ClientID = "" },
		"client id with a quote":  func(_ *Options, a *App) { a.ClientID = `a"b` },
		"client id taken":         func(_ *Options, a *App) { a.ClientID = otherClient },
		"no secret":               func(_ *Options, a *App) { a.Secrets = nil },
		"empty secret":            func(_ *Options, a *App) { a.Secrets = []secret.Text{secret.New("x"), {}} },
		"three secrets":           func(_ *Options, a *App) { a.Secrets = []secret.Text{secret.New("a"), secret.New("b"), secret.New("c")} },
		"no shop":                 func(_ *Options, a *App) { a.Installed = nil },
		"domain of somebody else": func(_ *Options, a *App) { a.Installed[0].Domain = "demo-shop.example" },
		"domain alone":            func(_ *Options, a *App) { a.Installed[0].Domain = ".myshopify.com" },
		"domain below one":        func(_ *Options, a *App) { a.Installed[0].Domain = "a.b.myshopify.com" },
		"domain in capitals":      func(_ *Options, a *App) { a.Installed[0].Domain = "Demo.myshopify.com" },
		"no shop of ours":         func(_ *Options, a *App) { a.Installed[0].Shop = "" },
		"domain twice":            func(_ *Options, a *App) { a.Installed[1].Domain = a.Installed[0].Domain },
		"shop of ours twice":      func(_ *Options, a *App) { a.Installed[1].Shop = a.Installed[0].Shop },
	} {
		o := fine
		o.Apps = []App{otherApp(), demoApp()}
		edit(&o, &o.Apps[1])
		if _, err := New(o); err == nil || strings.Contains(err.Error(), theSecret) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestNoAppNoRoutes: a host without such apps serves nothing here.
func TestNoAppNoRoutes(t *testing.T) {
	t.Parallel()
	h, err := New(Options{Redemptions: &port{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	h.Register(mux)
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, Base+"/loyalty", nil)
	if _, pattern := mux.Handler(req); pattern != "" {
		t.Errorf("%s is served", pattern)
	}
}
