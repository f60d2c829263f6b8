// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/customer"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/plugins/sdk/sdktest"
	"github.com/cartage-dev/cartage/ports/backend"
)

var inPounds = backend.Call{Shop: "demo", Currency: "GBP", Locale: "en-GB"}

// lines is a log that a test reads.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) has(word string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), word)
}

// launchNode runs the Node plugin under a host of its own, without the rest of Cartage.
func launchNode(t *testing.T, settings map[string]any) (*pluginhost.Plugin, *lines, error) {
	t.Helper()
	spec := pluginhost.Spec{Backend: "node", Path: nodePlugin(t)}
	var err error
	if spec.Settings, err = json.Marshal(settings); err != nil {
		t.Fatal(err)
	}
	log := &lines{}
	host, err := pluginhost.New(pluginhost.Options{
		Logger:     slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := host.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	p, err := host.Launch(t.Context(), spec)
	return p, log, err
}

func mustLaunchNode(t *testing.T, settings map[string]any) (*pluginhost.Plugin, *lines) {
	t.Helper()
	p, log, err := launchNode(t, settings)
	if err != nil {
		t.Fatal(err)
	}
	return p, log
}

// TestNodeConforms judges the program by the kit that judges every plugin, as
// `cartage plugin verify` does: the process first, and then its ports.
func TestNodeConforms(t *testing.T) {
	sdktest.Conform(t, sdktest.Binary{
		Path: nodePlugin(t), Settings: map[string]any{"ordered": []string{"bought"}, "customers": map[string]any{"1": 23_867, "2": 0}},
		Sample: sdktest.Sample{
			Currency: "GBP", RefusedCurrency: "JPY", SKUs: []string{"item_1_sku", "item_2_sku"},
			Prices:     map[string]money.Amount{"item_1_sku": money.Of(2450, "GBP"), "item_2_sku": money.Of(895, "GBP")},
			SoldOutSKU: "sold_out_sku", NotForSaleSKU: "retired_sku", Limited: sdktest.Limited{SKU: "scarce_sku", Stock: 2},
			OrderReference: "bought", Codes: []string{"TENTH", "FIFTH"}, RefusedCountry: "AQ", Email: "ada@example.com",
			Address:   customer.Address{LastName: "Byron", Line1: "1 High Street", City: "London", PostalCode: "N1 7GU", Country: "GB"},
			Customers: []loyalty.CustomerID{"1", "2"},
		},
	})
}

// TestFaultsOfNode has one of each kind, as a write and as a read, cross from JavaScript.
func TestFaultsOfNode(t *testing.T) {
	sources := map[fault.Kind]fault.Source{
		fault.Invalid: fault.Caller, fault.NotFound: fault.Caller, fault.Conflict: fault.Caller, fault.Internal: fault.Plugin,
	}
	kinds := map[string]string{}
	for _, k := range fault.Kinds() {
		kinds["broken-"+k.String()] = k.String()
	}
	p, _ := mustLaunchNode(t, map[string]any{"faults": kinds})
	b := p.Backend()
	for _, k := range fault.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			want := fault.New(k, "fault_switch", "this call fails for demonstration").By(fault.Backend)
			if source, other := sources[k]; other {
				want.Source = source
			}
			if k == fault.Limited {
				want.RetryAfter = 1500 * time.Millisecond
			}
			_, err := b.Orders.ByReference(within(t, time.Minute), inPounds, "broken-"+k.String())
			if diff := cmp.Diff(want, fault.From(err)); diff != "" {
				t.Errorf("of a read (-want +got):\n%s", diff)
			}
			items := []cart.Item{{SKU: "item_1_sku", Quantity: 1}}
			_, err = b.Carts.Put(within(t, time.Minute), inPounds, backend.PutCart{Reference: "broken-" + k.String(), Items: items})
			if diff := cmp.Diff(want, fault.From(err)); diff != "" {
				t.Errorf("of a write (-want +got):\n%s", diff)
			}
		})
	}
	t.Run("fields", func(t *testing.T) {
		_, err := b.Carts.Put(within(t, time.Minute), inPounds, backend.PutCart{Items: []cart.Item{{SKU: "ä ö 购物", Quantity: 1 << 60}}})
		want := []fault.Field{{Path: "items[0].quantity", Reason: "out_of_range", Detail: "must be 1 to 9999"}}
		if diff := cmp.Diff(want, fault.From(err).Fields); diff != "" {
			t.Errorf("fields (-want +got):\n%s", diff)
		}
	})
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// TestNodeRefusesSettings by the name of the key, before it is called. What the schema
// says the host may refuse on its own; what goes beyond it only the plugin can.
func TestNodeRefusesSettings(t *testing.T) {
	for _, tt := range []struct {
		name, path string
		settings   map[string]any
	}{
		{"a key that it does not know", "settings.lisen", map[string]any{"lisen": "127.0.0.1:0"}},
		{"another type", "settings.delay_ms", map[string]any{"delay_ms": "2s"}},
		{"what no schema says", "settings.listen", map[string]any{"listen": "127.0.0.1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := launchNode(t, tt.settings)
			got := fault.From(err)
			if got.Kind != fault.Invalid || got.Code != "invalid_settings" || len(got.Fields) != 1 || got.Fields[0].Path != tt.path {
				t.Errorf("got %v with %+v, want a word about %s", err, got.Fields, tt.path)
			}
		})
	}
}

// TestNodeStopsWorking when nobody waits for the answer any more; the process goes on.
func TestNodeStopsWorking(t *testing.T) {
	for _, tt := range []struct {
		name string
		ctx  func(*testing.T) context.Context
		want fault.Kind
	}{
		{"at the deadline", func(t *testing.T) context.Context { return within(t, 300*time.Millisecond) }, fault.Unknown},
		{"when the call is canceled", func(t *testing.T) context.Context {
			ctx, cancel := context.WithCancel(within(t, time.Minute))
			time.AfterFunc(300*time.Millisecond, cancel)
			return ctx
		}, fault.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, log := mustLaunchNode(t, map[string]any{"delay_ms": 30_000})
			before := p.Status().PID
			ctx := backend.WithRequestID(tt.ctx(t), "given-up-1")
			if _, err := p.Backend().Carts.Get(ctx, inPounds, "c1"); fault.From(err).Kind != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if !eventually(func() bool { return log.has(`"msg":"call given up"`) && log.has(`"request_id":"given-up-1"`) }) {
				t.Error("the plugin went on with the call")
			}
			if err := p.Check(t.Context()); err != nil || p.Status().PID != before {
				t.Errorf("afterwards: %v, process %d became %d", err, before, p.Status().PID)
			}
		})
	}
}

// TestNodeUnderManyCalls has calls of one process overlap, and the same key arrive at once.
func TestNodeUnderManyCalls(t *testing.T) {
	const callers = 64
	p, _ := mustLaunchNode(t, map[string]any{})
	if d := p.Description(); !d.Info.KeyedWrites || !d.Info.Demo || len(d.Ports) != len(backend.Ports()) || !json.Valid(d.SettingsSchema) {
		t.Errorf("it says of itself %+v", d)
	}
	b := p.Backend()
	ids := make([]cart.ID, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() {
			call := inPounds
			call.Key = "one-key"
			answer, err := b.Carts.Put(within(t, time.Minute), call, backend.PutCart{
				Reference: "r1", Items: []cart.Item{{SKU: "scarce_sku", Quantity: 3}, {SKU: "item_2_sku", Quantity: 4}},
			})
			if err != nil {
				t.Errorf("caller %d: %v", i, err)
				return
			}
			ids[i] = answer.Cart.ID
			if total := answer.Cart.Totals.Total; total.Minor != 2*3100+4*895 || total.Currency != "GBP" || answer.Cart.Totals.Tax != nil {
				t.Errorf("caller %d: totals %+v", i, answer.Cart.Totals)
			}
			want := []cart.Problem{{SKU: "scarce_sku", Reason: cart.QuantityReduced, Asked: 3, Got: 2}}
			if diff := cmp.Diff(want, answer.Problems); diff != "" {
				t.Errorf("caller %d: problems (-want +got):\n%s", i, diff)
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("one key made the carts %s and %s", ids[0], id)
		}
	}
	call := inPounds
	call.Key = "one-key"
	_, err := b.Carts.Put(within(t, time.Minute), call, backend.PutCart{Reference: "r1", Items: []cart.Item{{SKU: "item_1_sku", Quantity: 1}}})
	if f := fault.From(err); f.Kind != fault.Conflict || f.Code != "key_reused" {
		t.Errorf("the key with another cart: %v", err)
	}
}
