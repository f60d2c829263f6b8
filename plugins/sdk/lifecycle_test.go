// SPDX-License-Identifier: Apache-2.0

package sdk_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/plugins/sdk"
	"github.com/cartage-dev/cartage/plugins/sdk/sdktest"
	"github.com/cartage-dev/cartage/ports/backend"
)

// hang bounds a test that would otherwise wait for ever.
const hang = 30 * time.Second

func TestMain(m *testing.M) {
	if role := os.Getenv(roleEnv); role != "" {
		actAs(role)
		return
	}
	goleak.VerifyTestMain(m)
}

// testPlugin offers carts that do as told by the reference or the id.
func testPlugin() sdk.Plugin {
	return sdk.Plugin{
		Info: sdk.Info{Name: "test", Version: "1.2.3", KeyedWrites: true}, Offers: []sdk.Port{sdk.PortCarts},
		Configure: func(_ context.Context, c sdk.Config) (sdk.Ports, error) {
			var settings struct {
				Greeting string `json:"greeting"`
			}
			if err := c.Decode(&settings); err != nil {
				return sdk.Ports{}, err
			}
			return sdk.Ports{
				Carts: moody{config: c},
				Check: func(context.Context) error {
					return sdk.NewFault(sdk.Unauthenticated, "", "token refused").By(sdk.SourceBackend)
				},
				Close: func(context.Context) error { c.Log.Info("ports closed"); return nil },
			}, nil
		},
	}
}

type moody struct{ config sdk.Config }

func (m moody) Put(ctx context.Context, _ sdk.Call, req sdk.PutCart) (sdk.PutAnswer, error) {
	switch req.Reference {
	case "panic":
		_ = req.Items[len(req.Items)]
	case "foreign":
		return sdk.PutAnswer{}, errors.New("dial tcp 10.0.0.1: refused")
	case "wait":
		m.config.Log.InfoContext(ctx, "waiting")
		<-ctx.Done()
		return sdk.PutAnswer{}, ctx.Err()
	}
	return sdk.PutAnswer{Cart: sdk.Cart{ID: "c1", Currency: "GBP"}}, nil
}

func (moody) Change(context.Context, sdk.Call, sdk.CartID, sdk.ChangeCart) (sdk.ChangeAnswer, error) {
	return sdk.ChangeAnswer{}, sdk.NewFault(sdk.Unsupported, "no_changes", "a cart cannot be changed here")
}

func (m moody) Get(ctx context.Context, _ sdk.Call, id sdk.CartID) (sdk.Cart, error) {
	m.config.Log.InfoContext(ctx, "cart shown", "token", m.config.Secret("token"))
	if _, bounded := ctx.Deadline(); !bounded {
		return sdk.Cart{}, errors.New("a call has no deadline")
	}
	if id == "large" {
		id = sdk.CartID(strings.Repeat("x", protocol.MessageMax))
	}
	return sdk.Cart{ID: id, Currency: "GBP"}, nil
}

// serveRaw serves p unconfigured, with its log in the writer.
func serveRaw(t *testing.T, p sdk.Plugin, log *lines) *grpc.ClientConn {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- sdk.ServeOn(ctx, p, l, log) }()
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(4*protocol.MessageMax))) // the plugin's own limit is at test
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return conn
}

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	t.Cleanup(cancel)
	return ctx
}

func TestLifecycle(t *testing.T) {
	t.Parallel()
	var log lines
	conn := serveRaw(t, testPlugin(), &log)
	l := protocol.NewLifecycle(conn)
	d, err := l.Describe(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	b := protocol.NewBackend(conn, d)
	_, err = b.Carts.Get(soon(t), backend.Call{}, "c1")
	wantFault(t, "before Configure", err, sdk.Unavailable, "not_configured")
	wantFault(t, "check before Configure", l.Check(soon(t)), sdk.Unavailable, "not_configured")
	wantFault(t, "settings that are no object", l.Configure(soon(t), protocol.Configuration{Settings: []byte("[]")}), sdk.Invalid, "invalid_settings")
	wantFault(t, "settings nobody knows", l.Configure(soon(t), protocol.Configuration{Settings: []byte(`{"greting":"hi"}`)}), sdk.Invalid, "invalid_settings")
	if err := l.Configure(soon(t), protocol.Configuration{}); err != nil {
		t.Fatalf("configure after a mistake: %v", err)
	}
	wantFault(t, "a second Configure", l.Configure(soon(t), protocol.Configuration{}), sdk.Conflict, "already_configured")
	wantFault(t, "check", l.Check(soon(t)), sdk.Unauthenticated, "")
	if _, err := b.Carts.Get(t.Context(), backend.Call{}, "c1"); err != nil {
		t.Errorf("a call whose host set no deadline: %v", err)
	}
}

func wantFault(t *testing.T, what string, err error, kind sdk.Kind, code string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no fault, want %s %s", what, kind, code)
		return
	}
	if f := fault.From(err); f.Kind != kind || f.Code != code {
		t.Errorf("%s: got %v, want %s %s", what, err, kind, code)
	}
}

func TestPanicIsOneFault(t *testing.T) {
	t.Parallel()
	var log lines
	conn := serveRaw(t, testPlugin(), &log)
	if err := protocol.NewLifecycle(conn).Configure(soon(t), protocol.Configuration{}); err != nil {
		t.Fatal(err)
	}
	c := protocol.NewBackend(conn, protocol.Description{Ports: backend.Ports()}).Carts
	ctx := backend.WithRequestID(soon(t), "req-7")
	_, err := c.Put(ctx, backend.Call{}, backend.PutCart{Reference: "panic"})
	wantFault(t, "panic", err, sdk.Internal, "panic")
	if f := fault.From(err); f.Source != sdk.SourcePlugin || strings.Contains(f.Message, "index out of range") {
		t.Errorf("got %q by %s", f.Message, f.Source)
	}
	if _, err := c.Put(ctx, backend.Call{}, backend.PutCart{}); err != nil {
		t.Errorf("the call after: %v", err)
	}
	line := log.one(t, "handler panicked")
	if line["request_id"] != "req-7" || !strings.Contains(line["panic"].(string), "index out of range") || !strings.Contains(line["stack"].(string), "moody") {
		t.Errorf("got line %v", line)
	}
}

func TestAnswerTooLarge(t *testing.T) {
	t.Parallel()
	var log lines
	conn := serveRaw(t, testPlugin(), &log)
	if err := protocol.NewLifecycle(conn).Configure(soon(t), protocol.Configuration{}); err != nil {
		t.Fatal(err)
	}
	c := protocol.NewBackend(conn, protocol.Description{Ports: backend.Ports()}).Carts
	_, err := c.Get(soon(t), backend.Call{}, "large")
	wantFault(t, "a large answer", err, sdk.Internal, "message_too_large")
	if _, err := c.Get(soon(t), backend.Call{}, "c1"); err != nil {
		t.Errorf("the call after: %v", err)
	}
}

func TestForeignErrorStaysHere(t *testing.T) {
	t.Parallel()
	var log lines
	conn := serveRaw(t, testPlugin(), &log)
	if err := protocol.NewLifecycle(conn).Configure(soon(t), protocol.Configuration{}); err != nil {
		t.Fatal(err)
	}
	c := protocol.NewBackend(conn, protocol.Description{Ports: backend.Ports()}).Carts
	_, err := c.Put(soon(t), backend.Call{}, backend.PutCart{Reference: "foreign"})
	wantFault(t, "foreign error", err, sdk.Internal, "unclassified")
	if strings.Contains(err.Error(), "10.0.0.1") {
		t.Errorf("the text crossed: %v", err)
	}
	if line := log.one(t, "call ended in a fault"); line["cause"] != "dial tcp 10.0.0.1: refused" {
		t.Errorf("got line %v", line)
	}
}

func TestPortsMustMatchOffers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		offers []sdk.Port
		made   sdk.Ports
	}{
		{"one offered and not made", []sdk.Port{sdk.PortCarts}, sdk.Ports{}},
		{"points offered and not kept", []sdk.Port{sdk.PortCarts, sdk.PortLoyalty}, sdk.Ports{Carts: moody{}}},
		{"points kept and not offered", []sdk.Port{sdk.PortCarts}, sdk.Ports{Carts: moody{}, Loyalty: club{}}},
		{"one made and not offered", []sdk.Port{sdk.PortCarts}, sdk.Ports{Carts: moody{}, Orders: noOrders{}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := testPlugin()
			p.Offers = tt.offers
			p.Configure = func(context.Context, sdk.Config) (sdk.Ports, error) { return tt.made, nil }
			_, err := sdktest.Start(t, p, nil, nil)
			wantFault(t, tt.name, err, sdk.Internal, "ports_mismatch")
		})
	}
}

type noOrders struct{}

func (noOrders) ByReference(context.Context, sdk.Call, string) (sdk.Order, error) {
	return sdk.Order{}, sdk.NewFault(sdk.NotFound, "", "none")
}

type club struct{}

func (club) Points(context.Context, sdk.Call, sdk.CustomerID) (sdk.Points, error) { return 7, nil }

func (club) Move(_ context.Context, _ sdk.Call, m sdk.Movement) (sdk.Points, error) {
	return 7 + m.Points, nil
}

func (club) Moved(context.Context, sdk.Call, sdk.IdempotencyKey) (sdk.Movement, error) {
	return sdk.Movement{Customer: "c", Points: 1, Reason: sdk.PointsEarned, Order: "o"}, nil
}

func TestLoyaltyIsServed(t *testing.T) {
	t.Parallel()
	p := testPlugin()
	p.Offers, p.Info.ReadBack = []sdk.Port{sdk.PortLoyalty}, true
	p.Configure = func(context.Context, sdk.Config) (sdk.Ports, error) { return sdk.Ports{Loyalty: club{}}, nil }
	var log lines
	conn := serveRaw(t, p, &log)
	l := protocol.NewLifecycle(conn)
	d, err := l.Describe(soon(t))
	if err != nil || !d.Info.ReadBack {
		t.Fatalf("described %+v, %v", d, err)
	}
	b, call := protocol.NewBackend(conn, d).Loyalty, sdk.Call{Key: sdk.IdempotencyKey(strings.Repeat("0f", 32))}
	taking := sdk.Movement{Customer: "c", Points: -2, Reason: sdk.PointsRedeemed}
	_, points := b.Points(soon(t), call, "c")
	_, move := b.Move(soon(t), call, taking)
	_, moved := b.Moved(soon(t), call, call.Key)
	for _, err := range []error{points, move, moved} {
		wantFault(t, "before Configure", err, sdk.Unavailable, "not_configured")
	}
	if err := l.Configure(soon(t), protocol.Configuration{}); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Points(soon(t), call, "c"); err != nil || got != 7 {
		t.Errorf("Points() = %d, %v", got, err)
	}
	if got, err := b.Move(soon(t), call, taking); err != nil || got != 5 {
		t.Errorf("Move() = %d, %v", got, err)
	}
	want := sdk.Movement{Customer: "c", Points: 1, Reason: sdk.PointsEarned, Order: "o"}
	if got, err := b.Moved(soon(t), call, call.Key); err != nil || got != want {
		t.Errorf("Moved() = %+v, %v", got, err)
	}
}

func TestIncompletePlugins(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil func(*sdk.Plugin)
		want  string
	}{
		{"no name", func(p *sdk.Plugin) { p.Info.Name = "" }, "Info"},
		{"no version", func(p *sdk.Plugin) { p.Info.Version = "" }, "Info"},
		{"no Configure", func(p *sdk.Plugin) { p.Configure = nil }, "Configure"},
		{"offers nothing", func(p *sdk.Plugin) { p.Offers = nil }, "Offers"},
		{"offers what nobody knows", func(p *sdk.Plugin) { p.Offers = []sdk.Port{"wishlists"} }, "wishlists"},
		{"offers to pay for carts it does not make", func(p *sdk.Plugin) { p.Offers = []sdk.Port{sdk.PortCheckout} }, "checkout"},
		{"offers twice", func(p *sdk.Plugin) { p.Offers = []sdk.Port{sdk.PortCarts, sdk.PortCarts} }, "carts"},
		{"a schema that is not JSON", func(p *sdk.Plugin) { p.SettingsSchema = []byte("{") }, "SettingsSchema"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := testPlugin()
			tt.spoil(&p)
			err := sdk.ServeOn(t.Context(), p, nil, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error that names %s", err, tt.want)
			}
		})
	}
}

// TestExample proves that the example sells.
func TestExample(t *testing.T) {
	t.Parallel()
	p := testPlugin()
	p.Configure = func(context.Context, sdk.Config) (sdk.Ports, error) {
		return sdk.Ports{Carts: shop{page: "https://shop.example/"}}, nil
	}
	b := sdktest.Serve(t, p, nil, nil)
	got, err := b.Carts.Put(soon(t), sdk.Call{Currency: "GBP"}, sdk.PutCart{Items: []sdk.Item{{SKU: "a", Quantity: 3}}, Reference: "r1", WantPages: true})
	if err != nil || got.Cart.Totals.Total != sdk.Of(3, "GBP") || got.Pages == nil || got.Pages.Checkout.URL != "https://shop.example/" {
		t.Errorf("got %+v, %v", got, err)
	}
}
