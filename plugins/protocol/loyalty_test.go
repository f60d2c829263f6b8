// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
	core "github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/plugins/protocol"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

// loyalty is a port whose answers a test chooses.
type loyalty struct {
	points func(context.Context, backend.Call, core.CustomerID) (core.Points, error)
	move   func(context.Context, backend.Call, backend.Movement) (core.Points, error)
	moved  func(context.Context, backend.Call, idempotency.Key) (backend.Movement, error)
}

func (l loyalty) Points(ctx context.Context, call backend.Call, customer core.CustomerID) (core.Points, error) {
	return l.points(ctx, call, customer)
}

func (l loyalty) Move(ctx context.Context, call backend.Call, m backend.Movement) (core.Points, error) {
	return l.move(ctx, call, m)
}

func (l loyalty) Moved(ctx context.Context, call backend.Call, key idempotency.Key) (backend.Movement, error) {
	return l.moved(ctx, call, key)
}

func serveLoyalty(t *testing.T, l loyalty) backend.Loyalty {
	t.Helper()
	return protocol.NewBackend(serve(t, func(s grpc.ServiceRegistrar) { protocol.RegisterLoyalty(s, l) }), both).Loyalty
}

var movementReasons = rapid.SampledFrom([]backend.MovementReason{backend.PointsRedeemed, backend.PointsReturned, backend.PointsEarned, backend.PointsClawed})

func key(t *rapid.T) idempotency.Key {
	return idempotency.Key(hex.EncodeToString(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key")))
}

// movement is one of none, too, where that can be.
func movement(t *rapid.T, none bool) backend.Movement {
	points := rapid.Int64()
	if !none {
		points = points.Filter(func(n int64) bool { return n != 0 })
	}
	return backend.Movement{
		Customer: core.CustomerID(someText.Draw(t, "customer")), Points: core.Points(points.Draw(t, "points")),
		Reason: movementReasons.Draw(t, "reason"), Order: core.OrderID(anyText.Draw(t, "order")),
	}
}

func TestLoyaltyRoundTrip(t *testing.T) {
	t.Parallel()
	type asked struct {
		Call     backend.Call
		Customer core.CustomerID
		Movement backend.Movement
		Key      idempotency.Key
	}
	var got asked
	var points core.Points
	var moved backend.Movement
	l, ctx := serveLoyalty(t, loyalty{
		points: func(_ context.Context, call backend.Call, customer core.CustomerID) (core.Points, error) {
			got = asked{Call: call, Customer: customer}
			return points, nil
		},
		move: func(_ context.Context, call backend.Call, m backend.Movement) (core.Points, error) {
			got = asked{Call: call, Movement: m}
			return points, nil
		},
		moved: func(_ context.Context, call backend.Call, key idempotency.Key) (backend.Movement, error) {
			got = asked{Call: call, Key: key}
			return moved, nil
		},
	}), soon(t)
	balances := rapid.Int64Min(0)
	rapid.Check(t, func(t *rapid.T) {
		want := asked{Call: call(t), Customer: core.CustomerID(someText.Draw(t, "customer"))}
		points = core.Points(balances.Draw(t, "points"))
		there, err := l.Points(ctx, want.Call, want.Customer)
		if err != nil {
			t.Fatalf("points: %v", err)
		}
		compare(t, "points request", got, want)
		compare(t, "points", there, points)
	})
	rapid.Check(t, func(t *rapid.T) {
		want := asked{Call: call(t), Movement: movement(t, true)}
		want.Call.Key = key(t)
		points = core.Points(balances.Draw(t, "points"))
		left, err := l.Move(ctx, want.Call, want.Movement)
		if err != nil {
			t.Fatalf("move: %v", err)
		}
		compare(t, "move request", got, want)
		compare(t, "points after it", left, points)
	})
	rapid.Check(t, func(t *rapid.T) {
		want := asked{Call: call(t), Key: key(t)}
		moved = movement(t, false)
		found, err := l.Moved(ctx, want.Call, want.Key)
		if err != nil {
			t.Fatalf("moved: %v", err)
		}
		compare(t, "moved request", got, want)
		compare(t, "movement", found, moved)
	})
}

var oneKey = strings.Repeat("0f", 32)

func TestMalformedLoyalty(t *testing.T) {
	t.Parallel()
	ask := func(t *testing.T, f foreign) backend.Loyalty {
		t.Helper()
		return protocol.NewBackend(f.serve(t), both).Loyalty
	}
	t.Run("less than nothing to spend", func(t *testing.T) {
		t.Parallel()
		for _, less := range []int64{-1, math.MinInt64} {
			l := ask(t, foreign{points: &protocolv1.PointsResponse{Points: less}, move: &protocolv1.MoveResponse{Points: less}})
			_, err := l.Points(soon(t), backend.Call{}, "c")
			wantRefused(t, err)
			_, err = l.Move(soon(t), backend.Call{Key: idempotency.Key(oneKey)}, backend.Movement{Customer: "c", Points: 1, Reason: backend.PointsEarned})
			wantRefused(t, err)
		}
	})
	for name, m := range map[string]*protocolv1.Movement{
		"no movement":                nil,
		"an empty movement":          {},
		"a movement of nobody":       {Points: 1, Reason: "earned"},
		"a movement of none":         {Customer: "c", Reason: "earned", Order: "o"},
		"no reason":                  {Customer: "c", Points: 1},
		"a reason of a newer plugin": {Customer: "c", Points: 1, Reason: "birthday"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ask(t, foreign{moved: &protocolv1.MovedResponse{Movement: m}}).Moved(soon(t), backend.Call{}, idempotency.Key(oneKey))
			wantRefused(t, err)
		})
	}
}

// TestUnspeakableLoyalty are answers of a plugin that the host would not understand.
func TestUnspeakableLoyalty(t *testing.T) {
	t.Parallel()
	conn := serve(t, func(s grpc.ServiceRegistrar) {
		protocol.RegisterLoyalty(s, loyalty{
			points: func(context.Context, backend.Call, core.CustomerID) (core.Points, error) { return -1, nil },
			move:   func(context.Context, backend.Call, backend.Movement) (core.Points, error) { return -1, nil },
			moved: func(context.Context, backend.Call, idempotency.Key) (backend.Movement, error) {
				return backend.Movement{Customer: "c", Points: 1, Reason: "birthday"}, nil
			},
		})
	})
	raw, call := protocolv1.NewLoyaltyClient(conn), &protocolv1.Call{IdempotencyKey: oneKey}
	_, err := raw.Points(soon(t), &protocolv1.PointsRequest{Call: call, Customer: "c"})
	wantRefused(t, protocol.FromStatus(err, false))
	_, err = raw.Move(soon(t), &protocolv1.MoveRequest{Call: call, Movement: &protocolv1.Movement{Customer: "c", Points: 1, Reason: "earned"}})
	wantRefused(t, protocol.FromStatus(err, true))
	_, err = raw.Moved(soon(t), &protocolv1.MovedRequest{Call: call, Key: oneKey})
	wantRefused(t, protocol.FromStatus(err, false))
}

func TestMalformedLoyaltyRequests(t *testing.T) {
	t.Parallel()
	l := protocolv1.NewLoyaltyClient(serve(t, func(s grpc.ServiceRegistrar) { protocol.RegisterLoyalty(s, loyalty{}) }))
	good, keyed := &protocolv1.Call{}, &protocolv1.Call{IdempotencyKey: oneKey}
	gift := func(customer, reason string) *protocolv1.Movement {
		return &protocolv1.Movement{Customer: customer, Points: 1, Reason: reason}
	}
	move := func(call *protocolv1.Call, m *protocolv1.Movement) error {
		_, err := l.Move(soon(t), &protocolv1.MoveRequest{Call: call, Movement: m})
		return err
	}
	points := func(m *protocolv1.PointsRequest) error { _, err := l.Points(soon(t), m); return err }
	moved := func(m *protocolv1.MovedRequest) error { _, err := l.Moved(soon(t), m); return err }
	for _, tt := range []struct {
		name string
		err  error
		path string
	}{
		{"points without a call", points(&protocolv1.PointsRequest{Customer: "c"}), "call"},
		{"points of nobody", points(&protocolv1.PointsRequest{Call: good}), "customer"},
		{"a move without a call", move(nil, gift("c", "earned")), "call"},
		{"a move without a key", move(good, gift("c", "earned")), "call.idempotency_key"},
		{"a key cut short", move(&protocolv1.Call{IdempotencyKey: oneKey[1:]}, gift("c", "earned")), "call.idempotency_key"},
		{"a key of other letters", move(&protocolv1.Call{IdempotencyKey: strings.Repeat("xy", 32)}, gift("c", "earned")), "call.idempotency_key"},
		{"no movement", move(keyed, nil), "movement"},
		{"a movement of nobody", move(keyed, gift("", "earned")), "movement.customer"},
		{"a reason of a newer host", move(keyed, gift("c", "birthday")), "movement.reason"},
		{"moved without a call", moved(&protocolv1.MovedRequest{Key: oneKey}), "call"},
		{"moved under no key", moved(&protocolv1.MovedRequest{Call: good}), "key"},
		{"moved under a key too long", moved(&protocolv1.MovedRequest{Call: good, Key: oneKey + "00"}), "key"},
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

// TestLoyaltyCutOff: a move that was sent is perhaps done, whatever cut it off; a read is not.
func TestLoyaltyCutOff(t *testing.T) {
	t.Parallel()
	began := make(chan struct{}, 3)
	wait := func(ctx context.Context) error { began <- struct{}{}; <-ctx.Done(); return ctx.Err() }
	var server *grpc.Server
	conn := serve(t, func(s grpc.ServiceRegistrar) {
		server = s.(*grpc.Server)
		protocol.RegisterLoyalty(s, loyalty{
			points: func(ctx context.Context, _ backend.Call, _ core.CustomerID) (core.Points, error) { return 0, wait(ctx) },
			move: func(ctx context.Context, _ backend.Call, _ backend.Movement) (core.Points, error) {
				return 0, wait(ctx)
			},
			moved: func(ctx context.Context, _ backend.Call, _ idempotency.Key) (backend.Movement, error) {
				return backend.Movement{}, wait(ctx)
			},
		})
	})
	l, ctx := protocol.NewBackend(conn, both).Loyalty, soon(t)
	came := map[string]chan error{"points": make(chan error, 1), "move": make(chan error, 1), "moved": make(chan error, 1)}
	go func() { _, err := l.Points(ctx, backend.Call{}, "c"); came["points"] <- err }()
	go func() {
		_, err := l.Move(ctx, backend.Call{Key: idempotency.Key(oneKey)}, backend.Movement{Customer: "c", Points: 1, Reason: backend.PointsEarned})
		came["move"] <- err
	}()
	go func() { _, err := l.Moved(ctx, backend.Call{}, idempotency.Key(oneKey)); came["moved"] <- err }()
	for range came {
		<-began
	}
	server.Stop()
	for name, want := range map[string]fault.Kind{"points": fault.Unavailable, "move": fault.Unknown, "moved": fault.Unavailable} {
		if err := <-came[name]; fault.KindOf(err) != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
}

func TestLoyaltyNotSent(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	l := serveLoyalty(t, loyalty{})
	_, points := l.Points(ctx, backend.Call{}, "c")
	_, move := l.Move(ctx, backend.Call{}, backend.Movement{})
	_, moved := l.Moved(ctx, backend.Call{}, "")
	for _, err := range []error{points, move, moved} {
		if f := fault.From(err); f.Kind != fault.Unavailable || f.Code != "not_sent" {
			t.Errorf("got %v, want unavailable not_sent: it was over before it began", err)
		}
	}
}
