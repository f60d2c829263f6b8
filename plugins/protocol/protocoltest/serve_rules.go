// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/plugins/protocol"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// invoke makes a call with an empty request, and says which status it ended in.
func invoke(ctx context.Context, t *backendtest.T, p *process, method string) *status.Status {
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	s := status.Convert(p.conn.Invoke(ctx, method, &emptypb.Empty{}, &emptypb.Empty{}))
	t.Exchange(method+" with an empty request", fmt.Sprintf("%s: %s", s.Code(), s.Message()))
	return s
}

// absent reports whether nobody serves the method: gRPC says so itself, without a Fault.
func absent(s *status.Status) bool { return s.Code() == codes.Unimplemented && len(s.Details()) == 0 }

func serves(ctx context.Context, t *backendtest.T, r *trial) {
	r.ready(ctx, t, func(p *process) {
		d, ok := described(ctx, t, p)
		if !ok {
			return
		}
		for service, method := range knownServices() {
			s := invoke(ctx, t, p, method)
			if slices.Contains(d.GetServices(), service) {
				t.Expect(!absent(s), service+" to be served, since it is offered", s.Code().String())
				continue
			}
			t.Expect(s.Code() == codes.Unimplemented, service+" not to be served, since it is not offered", s.Code().String())
		}
	})
}

func unknownService(ctx context.Context, t *backendtest.T, r *trial) {
	r.fresh(ctx, t, func(p *process) {
		s := invoke(ctx, t, p, "/cartage.plugin.v1.Tomorrow/Do")
		t.Expect(s.Code() == codes.Unimplemented, "UNIMPLEMENTED", s.Code().String())
	})
}

func unknownFields(ctx context.Context, t *backendtest.T, r *trial) {
	r.fresh(ctx, t, func(p *process) {
		ctx, cancel := context.WithTimeout(ctx, askMax)
		defer cancel()
		req := &protocolv1.DescribeRequest{}
		req.ProtoReflect().SetUnknown(protowire.AppendString(protowire.AppendTag(nil, 4242, protowire.BytesType), "of a newer host"))
		_, err := protocolv1.NewLifecycleClient(p.conn).Describe(ctx, req)
		t.Exchange("Lifecycle.Describe with a field of tomorrow", fmt.Sprint(err))
		t.Expect(err == nil, "an answer", fmt.Sprint(err))
	})
}

func hasSchema(ctx context.Context, t *backendtest.T, r *trial) {
	r.fresh(ctx, t, func(p *process) {
		d, ok := described(ctx, t, p)
		if !ok {
			return
		}
		if len(d.GetSettingsSchema()) == 0 {
			t.Skip("it gives no schema")
			return
		}
		var schema struct {
			Type       any
			Properties map[string]json.RawMessage
		}
		err := json.Unmarshal(d.GetSettingsSchema(), &schema)
		t.Expect(err == nil, "JSON", fmt.Sprint(err))
		t.Expect(err != nil || schema.Type == "object", `a schema of "type": "object"`, fmt.Sprint(schema.Type))
	})
}

func notConfigured(ctx context.Context, t *backendtest.T, r *trial) {
	r.fresh(ctx, t, func(p *process) {
		d, err := describe(ctx, p)
		if !t.Expect(err == nil, "a description", fmt.Sprint(err)) {
			return
		}
		b := protocol.NewBackend(p.conn, d)
		type called struct {
			name string
			do   func(ctx context.Context) error
		}
		calls := []called{{"Lifecycle.Check", protocol.NewLifecycle(p.conn).Check}}
		if b.Carts != nil {
			calls = append(calls,
				called{"Carts.Get", func(ctx context.Context) error { _, err := b.Carts.Get(ctx, t.Call(""), "c1"); return err }},
				called{"Carts.Put", func(ctx context.Context) error {
					_, err := b.Carts.Put(ctx, t.Call("a"), backend.PutCart{Reference: t.Reference("a")})
					return err
				}})
		}
		if b.Orders != nil {
			calls = append(calls, called{"Orders.ByReference", func(ctx context.Context) error {
				_, err := b.Orders.ByReference(ctx, t.Call(""), t.Reference("a"))
				return err
			}})
		}
		if b.Loyalty != nil {
			m := backend.Movement{Customer: t.Sample.UnknownCustomer, Points: 1, Reason: backend.PointsEarned}
			calls = append(calls,
				called{"Loyalty.Points", func(ctx context.Context) error {
					_, err := b.Loyalty.Points(ctx, t.Call(""), m.Customer)
					return err
				}},
				called{"Loyalty.Move", func(ctx context.Context) error { _, err := b.Loyalty.Move(ctx, t.Call("a"), m); return err }},
				called{"Loyalty.Moved", func(ctx context.Context) error {
					_, err := b.Loyalty.Moved(ctx, t.Call(""), t.Call("a").Key)
					return err
				}})
		}
		for _, call := range calls {
			ctx, cancel := context.WithTimeout(ctx, askMax)
			err := call.do(ctx)
			cancel()
			t.Exchange(call.name+" before Configure", backendtest.DescribeFault(err))
			t.Expect(is(err, fault.Unavailable, "not_configured"), "Unavailable (not_configured) for "+call.name, backendtest.DescribeFault(err))
		}
	})
}

func is(err error, kind fault.Kind, code string) bool {
	return err != nil && fault.From(err).Kind == kind && fault.From(err).Code == code
}

// survives expects that a process which was sent something odd still answers.
func survives(ctx context.Context, t *backendtest.T, p *process) {
	if !p.lives(ctx) {
		t.Breach("the process to live", p.obituary())
		return
	}
	_, err := describe(ctx, p)
	t.Expect(err == nil, "an answer to the next call", fmt.Sprint(err))
}

func largeMessage(ctx context.Context, t *backendtest.T, r *trial) {
	r.ready(ctx, t, func(p *process) {
		ctx, cancel := context.WithTimeout(ctx, askMax)
		defer cancel()
		req := &protocolv1.DescribeRequest{}
		req.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 4242, protowire.BytesType), make([]byte, protocol.MessageMax+1<<20)))
		_, err := protocolv1.NewLifecycleClient(p.conn).Describe(ctx, req)
		t.Exchange("Lifecycle.Describe of 5 MiB", fmt.Sprint(err))
		t.Expect(err != nil, "a refusal", "an answer")
		survives(ctx, t, p)
	})
}

// rawCodec sends bytes as they are.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error) { return v.([]byte), nil }
func (rawCodec) Unmarshal([]byte, any) error   { return nil }
func (rawCodec) Name() string                  { return "proto" }

func malformedMessage(ctx context.Context, t *backendtest.T, r *trial) {
	r.ready(ctx, t, func(p *process) {
		ctx, cancel := context.WithTimeout(ctx, askMax)
		defer cancel()
		for _, method := range []string{protocolv1.Lifecycle_Describe_FullMethodName, protocolv1.Carts_Put_FullMethodName, protocolv1.Orders_ByReference_FullMethodName, protocolv1.Loyalty_Move_FullMethodName} {
			var ignored []byte
			err := p.conn.Invoke(ctx, method, []byte("\xff\xff\xff\xff no message \x00"), &ignored, grpc.ForceCodec(rawCodec{}))
			t.Exchange(method+" with bytes that are no message", fmt.Sprint(err))
			t.Expect(err != nil, "a refusal by "+method, "an answer")
		}
		survives(ctx, t, p)
	})
}
