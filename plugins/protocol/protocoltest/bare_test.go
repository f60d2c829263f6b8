// SPDX-License-Identifier: Apache-2.0

package protocoltest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/ports/backend"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// bare is a plugin that keeps every rule without the SDK, so that those can be
// broken one by one which the SDK keeps for everybody.
type bare struct {
	clientAuth tls.ClientAuthType
	options    []grpc.ServerOption
	also       func(s *grpc.Server)

	configure  func(c protocol.Configuration) (err error, done bool) // goes before the usual
	eager      bool                                                  // answers before it is configured
	again      bool                                                  // may be configured again
	get        func()
	ports      []backend.Port
	configured atomic.Bool
}

func newBare() *bare {
	return &bare{clientAuth: tls.RequireAndVerifyClientCert, ports: []backend.Port{backend.PortCarts}}
}

// serve is the program's whole life.
func (b *bare) serve() error {
	if byHand() {
		return errors.New("this is a plugin: a host starts it")
	}
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)
	go func() {
		_, _ = io.Copy(io.Discard, os.NewFile(3, "lifeline"))
		os.Exit(1)
	}()
	certificate, der, err := selfSigned()
	if err != nil {
		return err
	}
	host := x509.NewCertPool()
	host.AppendCertsFromPEM([]byte(os.Getenv("PLUGIN_CLIENT_CERT")))
	l, err := net.Listen("unix", filepath.Join(os.Getenv("PLUGIN_UNIX_SOCKET_DIR"), "s"))
	if err != nil {
		return err
	}
	trust := credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{certificate}, ClientCAs: host, ClientAuth: b.clientAuth, MinVersion: tls.VersionTLS12})
	server := grpc.NewServer(append([]grpc.ServerOption{grpc.Creds(trust)}, b.options...)...)
	healthServer := health.NewServer()
	healthServer.SetServingStatus("plugin", healthv1.HealthCheckResponse_SERVING)
	healthv1.RegisterHealthServer(server, healthServer)
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "plugin.GRPCController", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Shutdown", Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			go server.GracefulStop()
			return &emptypb.Empty{}, decode(&emptypb.Empty{})
		}}},
	}, nil)
	protocol.RegisterLifecycle(server, b)
	protocol.RegisterCarts(server, b)
	if b.also != nil {
		b.also(server)
	}
	fmt.Printf("1|1|unix|%s|grpc|%s\n", l.Addr(), base64.RawStdEncoding.EncodeToString(der))
	return server.Serve(l)
}

func selfSigned() (c tls.Certificate, der []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour)}
	der, err = x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, der, err
}

// Describe implements protocol.LifecycleServer.
func (b *bare) Describe(context.Context) (protocol.Description, error) {
	return protocol.Description{Info: backend.Info{Name: "bare", Version: "1.0.0"}, Ports: b.ports, SettingsSchema: sound().SettingsSchema}, nil
}

// Configure implements protocol.LifecycleServer.
func (b *bare) Configure(_ context.Context, c protocol.Configuration) error {
	if b.configure != nil {
		if err, done := b.configure(c); done {
			return err
		}
	}
	var settings map[string]any
	if err := json.Unmarshal(c.Settings, &settings); err != nil || settings == nil {
		return wrongSettings("")
	}
	if c.Secrets["token"].Empty() {
		return wrongSettings("secrets.token")
	}
	if _, is := settings["url"].(string); !is {
		return wrongSettings("settings.url")
	}
	for key, value := range settings {
		if _, is := value.([]any); key != "url" && (key != "tags" || !is || strings.Contains(fmt.Sprint(value), "map[")) {
			return wrongSettings("settings." + key)
		}
	}
	if b.configured.Swap(true) && !b.again {
		return fault.New(fault.Conflict, "already_configured", "a second time")
	}
	return nil
}

func wrongSettings(path string) error {
	return fault.New(fault.Invalid, "invalid_settings", "the settings are wrong").By(fault.Caller).With(fault.Field{Path: path, Reason: "invalid"})
}

func (b *bare) ready() error {
	if !b.configured.Load() && !b.eager {
		return fault.New(fault.Unavailable, "not_configured", "not configured yet")
	}
	return nil
}

// Check implements protocol.LifecycleServer.
func (b *bare) Check(context.Context) error { return b.ready() }

// Put implements backend.Carts.
func (b *bare) Put(context.Context, backend.Call, backend.PutCart) (backend.PutAnswer, error) {
	if err := b.ready(); err != nil {
		return backend.PutAnswer{}, err
	}
	return backend.PutAnswer{}, fault.New(fault.Unsupported, "no_carts", "nothing is sold")
}

// Change implements backend.Carts.
func (b *bare) Change(context.Context, backend.Call, cart.ID, backend.ChangeCart) (backend.ChangeAnswer, error) {
	return backend.ChangeAnswer{}, fault.New(fault.Unsupported, "no_changes", "a cart cannot be changed here")
}

// Get implements backend.Carts.
func (b *bare) Get(context.Context, backend.Call, cart.ID) (cart.Cart, error) {
	if err := b.ready(); err != nil {
		return cart.Cart{}, err
	}
	if b.get != nil {
		b.get()
	}
	return cart.Cart{}, fault.New(fault.NotFound, "unknown_cart", "no such cart").By(fault.Caller)
}
