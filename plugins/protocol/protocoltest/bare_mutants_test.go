// SPDX-License-Identifier: Apache-2.0

package protocoltest_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/plugins/protocol/protocoltest"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// bareRoles are the ways in which a process without the SDK may be broken.
var bareRoles = map[string]func(b *bare){
	"bare":              func(*bare) {},
	"answers strangers": func(b *bare) { b.clientAuth = tls.NoClientCert },
	"answers whatever is asked": func(b *bare) {
		b.options = append(b.options, grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
			if method, _ := grpc.MethodFromServerStream(s); strings.Contains(method, "Tomorrow") {
				return s.SendMsg(&protocolv1.CheckResponse{})
			}
			return status.Error(codes.Unimplemented, "not here")
		}))
	},
	"refuses new fields": intercepting(func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error) {
		if len(req.(proto.Message).ProtoReflect().GetUnknown()) > 0 {
			return nil, status.Error(codes.InvalidArgument, "what is this?")
		}
		return next(ctx, req)
	}),
	"answers unconfigured": func(b *bare) { b.eager = true },
	"takes lists for settings": func(b *bare) {
		b.configure = func(c protocol.Configuration) (error, bool) { return nil, string(c.Settings) == "[]" }
	},
	"refuses its settings": func(b *bare) {
		b.configure = func(c protocol.Configuration) (error, bool) {
			return wrongSettings("settings.url"), strings.HasPrefix(string(c.Settings), `{"url":"https:`) && !strings.Contains(string(c.Settings), ",") && !c.Secrets["token"].Empty()
		}
	},
	"serves what it does not offer": func(b *bare) {
		b.also = func(s *grpc.Server) { protocol.RegisterOrders(s, noOrders{b}) }
	},
	"offers what it does not serve": func(b *bare) { b.ports = append(b.ports, backend.PortOrders) },
	"is configured again":           func(b *bare) { b.again = true },
	"takes messages of any size":    func(b *bare) { b.options = append(b.options, grpc.MaxRecvMsgSize(64<<20)) },
	"reads what is no message": func(b *bare) {
		b.options = append(b.options, grpc.ForceServerCodecV2(carefree{encoding.GetCodecV2(grpcproto.Name)}))
	},
	"dies of what is no message": func(b *bare) {
		b.options = append(b.options, grpc.ForceServerCodecV2(fragile{encoding.GetCodecV2(grpcproto.Name)}))
	},
	"is easily busy": func(b *bare) {
		var busy atomic.Int64
		intercepting(func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error) {
			defer busy.Add(-1)
			if busy.Add(1) > callsFew {
				return nil, status.Error(codes.ResourceExhausted, "come back later")
			}
			time.Sleep(10 * time.Millisecond)
			return next(ctx, req)
		})(b)
	},
	"says too much of itself": func(b *bare) {
		var said atomic.Int64
		intercepting(func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error) {
			answer, err := next(ctx, req)
			if d, is := answer.(*protocolv1.DescribeResponse); is && said.Add(1) == 1 { // and not 64 times at once, which takes its time
				d.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 4242, protowire.BytesType), make([]byte, protocol.MessageMax*5/8)))
			}
			return answer, err
		})(b)
	},
	"prints on the way": func(b *bare) { b.get = func() { fmt.Println("looking for a cart") } },
}

// callsFew is how many calls at once a plugin that is easily busy bears.
const callsFew = 8

func intercepting(spoil func(ctx context.Context, req any, next grpc.UnaryHandler) (any, error)) func(b *bare) {
	return func(b *bare) {
		b.options = append(b.options, grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			return spoil(ctx, req, next)
		}))
	}
}

// carefree takes bytes that are no message for an empty one.
type carefree struct{ encoding.CodecV2 }

func (c carefree) Unmarshal(data mem.BufferSlice, into any) error {
	_ = c.CodecV2.Unmarshal(data, into)
	return nil
}

// fragile ends the process over bytes that are no message.
type fragile struct{ encoding.CodecV2 }

func (f fragile) Unmarshal(data mem.BufferSlice, into any) error {
	if err := f.CodecV2.Unmarshal(data, into); err != nil {
		os.Exit(7)
	}
	return nil
}

// noOrders knows no order.
type noOrders struct{ *bare }

func (o noOrders) ByReference(context.Context, backend.Call, string) (order.Order, error) {
	return order.Order{}, fault.New(fault.NotFound, "unknown_order", "no such order").By(fault.Caller)
}

// bareProcesses says which rules catch which process, and no other of all that
// there are for processes.
var bareProcesses = map[string][]string{
	"answers strangers":             {"process.encrypts"},
	"answers whatever is asked":     {"process.unknown_service"},
	"refuses new fields":            {"process.unknown_fields"},
	"answers unconfigured":          {"process.not_configured"},
	"takes lists for settings":      {"process.configure.not_an_object"},
	"refuses its settings":          {"process.configure.accepts"},
	"serves what it does not offer": {"process.services"},
	"offers what it does not serve": {"process.not_configured", "process.services"}, // which cannot say so
	"is configured again":           {"process.configure.once"},
	"takes messages of any size":    {"process.large_message"},
	"reads what is no message":      {"process.malformed_message"},
	"dies of what is no message":    {"process.malformed_message"},
	"is easily busy":                {"process.calls_at_once"},
	"says too much of itself":       {"run.answer_size"},
	"prints on the way":             {"run.stdout_quiet"},
}

// TestBareProcesses breaks what the SDK keeps for everybody.
func TestBareProcesses(t *testing.T) {
	t.Parallel()
	for role, want := range bareProcesses {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			report := judge(t, role, "process", "carts.get.unknown", "run")
			if diff := cmp.Diff(want, failed(report)); diff != "" {
				t.Errorf("caught by other rules than it should (-want +got):\n%s", diff)
				_ = report.WriteText(t.Output(), false)
			}
		})
	}
}

// proven are the rules that a broken process of these tests fails.
func proven() []string {
	rules := []string{"process.starts"} // by TestNoHandshake
	for _, table := range []map[string][]string{brokenProcesses, bareProcesses} {
		for _, caught := range table {
			rules = append(rules, caught...)
		}
	}
	return rules
}

// TestEveryRuleCanFail holds the kit to what it promises: there is a broken process for each rule.
func TestEveryRuleCanFail(t *testing.T) {
	t.Parallel()
	var unproven []string
	ports := backendtest.Rules()
	for _, r := range protocoltest.Rules() {
		ofPort := slices.ContainsFunc(ports, func(p backendtest.Rule) bool { return p.ID == r.ID })
		if !ofPort && !slices.Contains(proven(), r.ID) {
			unproven = append(unproven, r.ID)
		}
	}
	if len(unproven) > 0 {
		t.Errorf("no broken process fails %v", unproven)
	}
}
