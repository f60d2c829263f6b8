// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/plugins/protocol"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
)

// TestFaultRoundTrip sends faults over a real server, as reads and as writes.
func TestFaultRoundTrip(t *testing.T) {
	t.Parallel()
	var sent error
	c := serveCarts(t, carts{
		put: func(context.Context, backend.Call, backend.PutCart) (backend.PutAnswer, error) {
			return backend.PutAnswer{}, sent
		},
		get: func(context.Context, backend.Call, cart.ID) (cart.Cart, error) { return cart.Cart{}, sent },
	})
	ctx := soon(t)
	rapid.Check(t, func(t *rapid.T) {
		want := fullFault(t)
		sent = fmt.Errorf("while selling: %w", want.Because(errors.New("stays at home")))
		_, err := c.Put(ctx, backend.Call{}, backend.PutCart{})
		compare(t, "fault of a write", fault.From(err), want)
		_, err = c.Get(ctx, backend.Call{}, "c1")
		compare(t, "fault of a read", fault.From(err), want)
	})
}

func TestFaultOfEveryKindAndSource(t *testing.T) {
	t.Parallel()
	for _, kind := range fault.Kinds() {
		for _, tt := range []struct{ sent, want fault.Source }{
			{fault.Caller, fault.Caller}, {fault.Backend, fault.Backend}, {fault.Plugin, fault.Plugin},
			{fault.Engine, fault.Plugin}, // a plugin does not speak for the engine
		} {
			t.Run(kind.String()+"/"+tt.sent.String(), func(t *testing.T) {
				t.Parallel()
				sent := fault.New(kind, "some_code", "said").By(tt.sent).After(1500 * time.Microsecond)
				want := fault.New(kind, "some_code", "said").By(tt.want).After(2 * time.Millisecond)
				crossed := bare(protocol.ToStatus(sent))
				if details := status.Convert(crossed).Details(); len(details) != 1 || details[0].(*protocolv1.Fault).GetSource() != tt.want.String() {
					t.Errorf("got details %v", details)
				}
				got := fault.From(protocol.FromStatus(crossed, true))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("fault (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// bare is what is left of a status once it has crossed a wire.
func bare(err error) error { return status.FromProto(status.Convert(err).Proto()).Err() }

func TestToStatusOfOthers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  error
		want *fault.Error
	}{
		{"an error that is no fault", errors.New("dial https://key@shop"), fault.New(fault.Internal, "unclassified", "the plugin met an error that it did not classify").By(fault.Plugin)},
		{"a deadline", fmt.Errorf("post: %w", context.DeadlineExceeded), fault.New(fault.Unknown, "deadline_exceeded", "no answer in time").By(fault.Backend)},
		{"a cancellation", fmt.Errorf("post: %w", context.Canceled), fault.New(fault.Unknown, "canceled", "the call was canceled").By(fault.Caller)},
		{"a kind nobody knows", &fault.Error{Kind: 99, Source: fault.Plugin}, &fault.Error{Kind: fault.Internal, Source: fault.Plugin}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := protocol.ToStatus(tt.err)
			if diff := cmp.Diff(tt.want, fault.From(protocol.FromStatus(bare(s), false))); diff != "" {
				t.Errorf("fault (-want +got):\n%s", diff)
			}
			if !errors.Is(s, tt.err) {
				t.Error("the original is not in the chain for this side's log")
			}
			if strings.Contains(status.Convert(s).String(), "key@") {
				t.Error("a foreign text crosses the wire")
			}
		})
	}
	if protocol.ToStatus(nil) != nil || protocol.FromStatus(nil, true) != nil {
		t.Error("no error became one")
	}
}

// TestFromStatusWithoutDetail is the table of README.md.
func TestFromStatusWithoutDetail(t *testing.T) {
	t.Parallel()
	const tooLarge = "grpc: received message larger than max (5000000 vs. 4194304)"
	for _, tt := range []struct {
		code        codes.Code
		message     string
		read, write fault.Kind
		wantCode    string
	}{
		{codes.DeadlineExceeded, "", fault.Unknown, fault.Unknown, "deadline_exceeded"},
		{codes.Canceled, "", fault.Unavailable, fault.Unknown, "canceled"},
		{codes.Unavailable, "connection error", fault.Unavailable, fault.Unknown, "plugin_gone"},
		{codes.ResourceExhausted, tooLarge, fault.Internal, fault.Internal, "message_too_large"},
		{codes.ResourceExhausted, "slow down", fault.Limited, fault.Limited, ""},
		{codes.Unimplemented, "", fault.Unsupported, fault.Unsupported, "not_offered"},
		{codes.InvalidArgument, "", fault.Invalid, fault.Invalid, ""},
		{codes.OutOfRange, "", fault.Invalid, fault.Invalid, ""},
		{codes.NotFound, "", fault.NotFound, fault.NotFound, ""},
		{codes.AlreadyExists, "", fault.Conflict, fault.Conflict, ""},
		{codes.FailedPrecondition, "", fault.Conflict, fault.Conflict, ""},
		{codes.Aborted, "", fault.Conflict, fault.Conflict, ""},
		{codes.PermissionDenied, "", fault.Denied, fault.Denied, ""},
		{codes.Unauthenticated, "", fault.Unauthenticated, fault.Unauthenticated, ""},
		{codes.Internal, "", fault.Internal, fault.Internal, "plugin_error"},
		{codes.Unknown, "", fault.Internal, fault.Internal, "plugin_error"},
		{codes.DataLoss, "", fault.Internal, fault.Internal, "plugin_error"},
		{codes.Code(77), "", fault.Internal, fault.Internal, "plugin_error"},
	} {
		t.Run(tt.code.String()+" "+tt.message, func(t *testing.T) {
			t.Parallel()
			for write, want := range map[bool]fault.Kind{false: tt.read, true: tt.write} {
				got := fault.From(protocol.FromStatus(status.Error(tt.code, tt.message), write))
				if got.Kind != want || got.Code != tt.wantCode || got.Source == fault.Engine {
					t.Errorf("write %t: got %s %q by %s, want %s %q", write, got.Kind, got.Code, got.Source, want, tt.wantCode)
				}
				if tt.message != "" && strings.Contains(got.Message, tt.message) {
					t.Errorf("write %t: the message shows a stranger's text", write)
				}
			}
		})
	}
}

func TestFromStatusKeepsFaults(t *testing.T) {
	t.Parallel()
	refused := fault.New(fault.Unavailable, "plugin_restarting", "between two processes")
	if got := fault.From(protocol.FromStatus(fmt.Errorf("invoke: %w", refused), true)); got != refused {
		t.Errorf("got %v, want the fault itself", got)
	}
}

// TestFaultOfNewerPeer reads words that this version does not know.
func TestFaultOfNewerPeer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		d    *protocolv1.Fault
		want fault.Kind
		by   fault.Source
	}{
		{"a kind nobody knows falls back to the code", &protocolv1.Fault{Kind: "asleep", Source: "backend"}, fault.NotFound, fault.Caller},
		{"a source nobody knows is the plugin", &protocolv1.Fault{Kind: "conflict", Source: "moon"}, fault.Conflict, fault.Plugin},
		{"no plugin speaks for the engine", &protocolv1.Fault{Kind: "internal", Source: "engine"}, fault.Internal, fault.Plugin},
		{"a wait beyond all reason is bounded", &protocolv1.Fault{Kind: "limited", Source: "backend", RetryAfterMs: 1 << 62}, fault.Limited, fault.Backend},
		{"a wait into the past is none", &protocolv1.Fault{Kind: "limited", Source: "backend", RetryAfterMs: -5}, fault.Limited, fault.Backend},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := status.New(codes.NotFound, "").WithDetails(tt.d)
			if err != nil {
				t.Fatal(err)
			}
			got := fault.From(protocol.FromStatus(s.Err(), false))
			if got.Kind != tt.want || got.Source != tt.by {
				t.Errorf("got %s by %s, want %s by %s", got.Kind, got.Source, tt.want, tt.by)
			}
			if got.RetryAfter < 0 || got.RetryAfter > 24*time.Hour {
				t.Errorf("got retry after %s", got.RetryAfter)
			}
		})
	}
}

func TestFaultIsBounded(t *testing.T) {
	t.Parallel()
	huge := fault.New(fault.Invalid, strings.Repeat("c", 1000), "%s", strings.Repeat("ü", 1000)+"\xff").By(fault.Caller)
	for range 1000 {
		huge.Fields = append(huge.Fields, fault.Field{Path: strings.Repeat("p", 999), Reason: strings.Repeat("r", 999), Detail: strings.Repeat("d", 999)})
	}
	c := serveCarts(t, carts{
		get: func(context.Context, backend.Call, cart.ID) (cart.Cart, error) { return cart.Cart{}, huge },
	})
	_, err := c.Get(soon(t), backend.Call{}, "c1")
	got := fault.From(err)
	if got.Kind != fault.Invalid || len(got.Fields) != 128 || got.Message != strings.Repeat("ü", 256) || len(got.Code) != 64 {
		t.Errorf("got %s with %d fields, a message of %d and a code of %d bytes", got.Kind, len(got.Fields), len(got.Message), len(got.Code))
	}
	if f := got.Fields[0]; len(f.Path) != 256 || len(f.Reason) != 64 || len(f.Detail) != 256 {
		t.Errorf("got a field of %d, %d and %d bytes", len(f.Path), len(f.Reason), len(f.Detail))
	}
}

// FuzzFromStatus reads arbitrary bytes as the detail of a status.
func FuzzFromStatus(f *testing.F) {
	good, err := proto.Marshal(&protocolv1.Fault{Kind: "limited", Source: "backend", Code: "busy", RetryAfterMs: 10, Fields: []*protocolv1.FaultField{{Path: "a"}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(codes.Internal), "text", good, true)
	f.Add(uint32(codes.Unavailable), "\xff", []byte{0xff}, false)
	f.Add(uint32(0), "", []byte{}, true)
	f.Fuzz(func(t *testing.T, code uint32, message string, detail []byte, write bool) {
		s := status.New(codes.Code(code), message).Proto()
		s.Details = []*anypb.Any{{TypeUrl: "type.googleapis.com/cartage.plugin.v1.Fault", Value: detail}}
		got := protocol.FromStatus(status.ErrorProto(s), write)
		if code == 0 {
			if got != nil {
				t.Fatalf("OK became %v", got)
			}
			return
		}
		e, ok := errors.AsType[*fault.Error](got)
		if !ok {
			t.Fatalf("got %T", got)
		}
		if _, known := fault.ParseKind(e.Kind.String()); !known || e.Source == fault.Engine {
			t.Errorf("got kind %s by %s", e.Kind, e.Source)
		}
		if len(e.Message) > 512 || len(e.Fields) > 128 || !utf8.ValidString(e.Message) || e.RetryAfter < 0 {
			t.Errorf("got a fault out of bounds: %v", e)
		}
	})
}
