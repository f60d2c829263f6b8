// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	grpcproto "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"

	"github.com/cartage-dev/cartage/plugins/protocol"
	protocolv1 "github.com/cartage-dev/cartage/plugins/protocol/v1"
)

// serveRaw is a plugin without the SDK, whose answers are as its name says.
func serveRaw(how string) {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: protocol.Version, MagicCookieKey: protocol.MagicCookieKey, MagicCookieValue: protocol.MagicCookieValue,
		},
		Plugins: goplugin.PluginSet{protocol.PluginName: rawPlugin{how: how}},
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.ForceServerCodecV2(rawCodec{encoding.GetCodecV2(grpcproto.Name), how}))...)
		},
		Logger: hclog.NewNullLogger(),
	})
	if how == "clings" {
		time.Sleep(time.Hour)
	}
	os.Exit(0)
}

type rawPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
	how string
}

func (p rawPlugin) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	protocolv1.RegisterLifecycleServer(s, rawLifecycle{how: p.how})
	if p.how != "boasts" {
		protocolv1.RegisterCartsServer(s, rawCarts{})
	}
	return nil
}

func (rawPlugin) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, nil
}

type rawLifecycle struct {
	protocolv1.UnimplementedLifecycleServer
	how string
}

func (l rawLifecycle) Describe(context.Context, *protocolv1.DescribeRequest) (*protocolv1.DescribeResponse, error) {
	d := &protocolv1.DescribeResponse{Name: "raw", Version: "1.0.0", Services: []string{protocolv1.Carts_ServiceDesc.ServiceName}}
	switch l.how {
	case "boasts":
		d.Services = append(d.Services, protocolv1.Orders_ServiceDesc.ServiceName, "cartage.plugin.v9.Everything")
	case "changes":
		d.Version = strconv.Itoa(os.Getpid())
	case "verbose":
		d.Name = strings.Repeat("x", 1<<20)
	case "silent":
		time.Sleep(time.Hour)
	}
	return d, nil
}

func (rawLifecycle) Configure(context.Context, *protocolv1.ConfigureRequest) (*protocolv1.ConfigureResponse, error) {
	return &protocolv1.ConfigureResponse{}, nil
}

func (rawLifecycle) Check(context.Context, *protocolv1.CheckRequest) (*protocolv1.CheckResponse, error) {
	return &protocolv1.CheckResponse{}, nil
}

type rawCarts struct {
	protocolv1.UnimplementedCartsServer
}

func (rawCarts) Put(_ context.Context, req *protocolv1.PutRequest) (*protocolv1.PutResponse, error) {
	if req.GetReference() == "many details" {
		return nil, manyDetails()
	}
	if _, done := misbehave(context.Background(), req.GetReference()); !done {
		return &protocolv1.PutResponse{Cart: &protocolv1.Cart{Id: "1", Currency: "GBP"}}, nil
	}
	return &protocolv1.PutResponse{}, nil
}

// rawCodec writes answers that are none.
type rawCodec struct {
	encoding.CodecV2
	how string
}

func (c rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	answer, is := v.(*protocolv1.PutResponse)
	if !is {
		return c.CodecV2.Marshal(v)
	}
	switch c.how {
	case "gigabyte":
		megabyte := mem.SliceBuffer(make([]byte, 1<<20))
		var all mem.BufferSlice
		for range 1 << 10 {
			all = append(all, megabyte)
		}
		return all, nil
	case "million": // empty problems
		return mem.BufferSlice{mem.SliceBuffer(strings.Repeat("\x12\x00", 1_000_000))}, nil
	case "wrong":
		return mem.BufferSlice{mem.SliceBuffer("\x0a\xff\xff\xff\x0f not protobuf")}, nil
	case "foreign":
		answer.Cart = &protocolv1.Cart{Id: "1", Currency: "NaN\r\nSet-Cookie: a=b", TotalMinor: -1 << 63}
	}
	return c.CodecV2.Marshal(answer)
}
