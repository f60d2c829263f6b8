// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/plugins/protocol"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

func TestDeadlineCrosses(t *testing.T) {
	t.Parallel()
	deadlines := make(chan time.Time, 1)
	c := serveCarts(t, carts{get: func(ctx context.Context, _ backend.Call, _ cart.ID) (cart.Cart, error) {
		deadline, _ := ctx.Deadline()
		deadlines <- deadline
		return cart.Cart{ID: "c1", Currency: "GBP"}, nil
	}})
	ctx := soon(t)
	if _, err := c.Get(ctx, backend.Call{}, "c1"); err != nil {
		t.Fatal(err)
	}
	want, _ := ctx.Deadline()
	if got := <-deadlines; got.IsZero() || got.After(want.Add(time.Second)) {
		t.Errorf("got deadline %v, want about %v", got, want)
	}
}

func TestDeadlineEndsCall(t *testing.T) {
	t.Parallel()
	seen := make(chan struct{})
	c := serveCarts(t, carts{put: func(ctx context.Context, _ backend.Call, _ backend.PutCart) (backend.PutAnswer, error) {
		<-ctx.Done()
		close(seen)
		return backend.PutAnswer{}, ctx.Err()
	}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // enough for the call to arrive on a busy machine
	defer cancel()
	_, err := c.Put(ctx, backend.Call{}, backend.PutCart{})
	if kind := fault.KindOf(err); kind != fault.Unknown {
		t.Errorf("got %v, want unknown", err)
	}
	within(t, seen, "the plugin sees the deadline")
}

func TestCancellationCrosses(t *testing.T) {
	t.Parallel()
	began, seen := make(chan struct{}), make(chan struct{})
	c := serveCarts(t, carts{put: func(ctx context.Context, _ backend.Call, _ backend.PutCart) (backend.PutAnswer, error) {
		close(began)
		<-ctx.Done()
		close(seen)
		return backend.PutAnswer{}, ctx.Err()
	}})
	ctx, cancel := context.WithCancel(soon(t))
	go func() { <-began; cancel() }()
	_, err := c.Put(ctx, backend.Call{}, backend.PutCart{})
	if kind := fault.KindOf(err); kind != fault.Unknown {
		t.Errorf("got %v, want unknown: the write had been sent", err)
	}
	within(t, seen, "the plugin sees the cancellation")
}

func TestNotSent(t *testing.T) {
	t.Parallel()
	c := serveCarts(t, carts{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Put(ctx, backend.Call{}, backend.PutCart{})
	if f := fault.From(err); f.Kind != fault.Unavailable || f.Code != "not_sent" || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want unavailable not_sent: it was over before it began", err)
	}
}

func within(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(hang):
		t.Errorf("never: %s", what)
	}
}

func TestRequestIDCrosses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, id, want string }{
		{"an id", "01JD8Z3N", "01JD8Z3N"},
		{"none", "", ""},
		{"one that metadata cannot carry", "tab\there", ""},
		{"one that is too long", strings.Repeat("x", 129), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got string
			c := serveCarts(t, carts{get: func(ctx context.Context, _ backend.Call, _ cart.ID) (cart.Cart, error) {
				got = backend.RequestID(ctx)
				return cart.Cart{ID: "c1", Currency: "GBP"}, nil
			}})
			if _, err := c.Get(backend.WithRequestID(soon(t), tt.id), backend.Call{}, "c1"); err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got id %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMessageTooLarge(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", protocol.MessageMax)
	c := serveCarts(t, carts{
		put: func(context.Context, backend.Call, backend.PutCart) (backend.PutAnswer, error) {
			return backend.PutAnswer{}, nil
		},
		get: func(context.Context, backend.Call, cart.ID) (cart.Cart, error) {
			return cart.Cart{ID: "c1", Currency: "GBP", Lines: []cart.Line{{Title: large}}}, nil
		},
	})
	_, request := c.Put(soon(t), backend.Call{}, backend.PutCart{Reference: large})
	_, answer := c.Get(soon(t), backend.Call{}, "c1")
	for what, err := range map[string]error{"request": request, "answer": answer} {
		if f := fault.From(err); f.Kind != fault.Internal || f.Source != fault.Plugin || f.Code != "message_too_large" {
			t.Errorf("%s: got %v by %s, want internal message_too_large by plugin", what, f, f.Source)
		}
	}
}

// TestPluginGone stops the server while calls are in flight.
func TestPluginGone(t *testing.T) {
	t.Parallel()
	began := make(chan struct{}, 2)
	wait := func(ctx context.Context) error { began <- struct{}{}; <-ctx.Done(); return ctx.Err() }
	var server *grpc.Server
	conn := serve(t, func(s grpc.ServiceRegistrar) {
		server = s.(*grpc.Server)
		protocol.RegisterCarts(s, carts{
			put: func(ctx context.Context, _ backend.Call, _ backend.PutCart) (backend.PutAnswer, error) {
				return backend.PutAnswer{}, wait(ctx)
			},
			get: func(ctx context.Context, _ backend.Call, _ cart.ID) (cart.Cart, error) { return cart.Cart{}, wait(ctx) },
		})
	})
	c, ctx := protocol.NewBackend(conn, both).Carts, soon(t)
	puts, gets := make(chan error, 1), make(chan error, 1)
	go func() { _, err := c.Put(ctx, backend.Call{}, backend.PutCart{}); puts <- err }()
	go func() { _, err := c.Get(ctx, backend.Call{}, "c1"); gets <- err }()
	<-began
	<-began
	server.Stop()
	if err := <-puts; fault.KindOf(err) != fault.Unknown {
		t.Errorf("write: got %v, want unknown", err)
	}
	if err := <-gets; fault.KindOf(err) != fault.Unavailable {
		t.Errorf("read: got %v, want unavailable", err)
	}
}

func TestMalformedRequests(t *testing.T) {
	t.Parallel()
	conn := serve(t, func(s grpc.ServiceRegistrar) {
		protocol.RegisterCarts(s, carts{})
		protocol.RegisterCheckout(s, till{})
		protocol.RegisterOrders(s, orders(nil))
	})
	c, k, o := protocolv1.NewCartsClient(conn), protocolv1.NewCheckoutClient(conn), protocolv1.NewOrdersClient(conn)
	put := func(m *protocolv1.PutRequest) error { _, err := c.Put(soon(t), m); return err }
	change := func(m *protocolv1.ChangeRequest) error { _, err := c.Change(soon(t), m); return err }
	deliver := func(m *protocolv1.DeliverRequest) error { _, err := k.Deliver(soon(t), m); return err }
	good := &protocolv1.Call{Currency: "GBP"}
	_, noCart := k.HandOff(soon(t), &protocolv1.HandOffRequest{Call: good})
	_, noID := c.Get(soon(t), &protocolv1.GetRequest{Call: good})
	_, noReference := o.ByReference(soon(t), &protocolv1.ByReferenceRequest{Call: good})
	for _, tt := range []struct {
		name string
		err  error
		path string
	}{
		{"no call", put(&protocolv1.PutRequest{}), "call"},
		{"a currency nobody knows", put(&protocolv1.PutRequest{Call: &protocolv1.Call{Currency: "gbp"}}), "call.currency"},
		{"an address that is none", put(&protocolv1.PutRequest{Call: &protocolv1.Call{ShopperIp: "here"}}), "call.shopper_ip"},
		{"an item without a sku", put(&protocolv1.PutRequest{Call: good, Items: []*protocolv1.Item{{Sku: "a", Quantity: 1}, {Quantity: 1}}}), "items[1]"},
		{"an item of nothing", put(&protocolv1.PutRequest{Call: good, Items: []*protocolv1.Item{{Sku: "a"}}}), "items[0]"},
		{"no cart id", noID, "id"},
		{"a change without a call", change(&protocolv1.ChangeRequest{Id: "c1"}), "call"},
		{"a change of no cart", change(&protocolv1.ChangeRequest{Call: good}), "id"},
		{"a change of no sku", change(&protocolv1.ChangeRequest{Call: good, Id: "c1", Set: []*protocolv1.Item{{Quantity: 1}}}), "set[0]"},
		{"less than no units", change(&protocolv1.ChangeRequest{Call: good, Id: "c1", Set: []*protocolv1.Item{{Sku: "a"}, {Sku: "b", Quantity: -1}}}), "set[1]"},
		{"an empty code", change(&protocolv1.ChangeRequest{Call: good, Id: "c1", Codes: &protocolv1.Codes{Codes: []string{"A", ""}}}), "codes[1]"},
		{"a code too long", change(&protocolv1.ChangeRequest{Call: good, Id: "c1", Codes: &protocolv1.Codes{Codes: []string{strings.Repeat("ü", cart.CodeMax+1)}}}), "codes[0]"},
		{"too many codes", change(&protocolv1.ChangeRequest{Call: good, Id: "c1", Codes: &protocolv1.Codes{Codes: make([]string, cart.CodesMax+1)}}), "codes"},
		{"delivery of no cart", deliver(&protocolv1.DeliverRequest{Call: good}), "id"},
		{"delivery by no option", deliver(&protocolv1.DeliverRequest{Call: good, Id: "c1", Options: []string{""}}), "options[0]"},
		{"hand-off of no cart", noCart, "id"},
		{"no reference", noReference, "reference"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := fault.From(protocol.FromStatus(tt.err, false))
			if f.Kind != fault.Invalid || f.Code != "bad_request" || len(f.Fields) != 1 || f.Fields[0].Path != tt.path {
				t.Errorf("got %v with fields %v, want invalid bad_request at %s", f, f.Fields, tt.path)
			}
		})
	}
}
