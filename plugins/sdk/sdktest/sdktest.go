// SPDX-License-Identifier: Apache-2.0

// Package sdktest serves a plugin inside a test, over an in-memory pipe and
// through all that stands between a host and a plugin but the process: messages,
// limits, deadlines, faults, recovery.
//
// Invariant: what a test sees here a host sees too. The package knows nothing of
// any one plugin.
package sdktest

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/plugins/sdk"
	"github.com/cartage-dev/cartage/ports/backend"
)

const (
	pipeBytes    = 1 << 20
	configureMax = 10 * time.Second
)

// Serve configures p and returns what a host sees of it. Settings are
// encoded as JSON; nil is no settings. The plugin ends with the test, its log is the
// test's, and a Configure that does not succeed fails the test.
func Serve(t testing.TB, p sdk.Plugin, settings any, secrets map[string]string) backend.Backend {
	t.Helper()
	b, err := Start(t, p, settings, secrets)
	if err != nil {
		t.Fatalf("start plugin: %v", err)
	}
	return b
}

// Start is Serve for tests of a Configure that may not succeed.
func Start(t testing.TB, p sdk.Plugin, settings any, secrets map[string]string) (backend.Backend, error) {
	t.Helper()
	conn, err := dial(t, p)
	if err != nil {
		return backend.Backend{}, err
	}
	encoded, err := json.Marshal(settings)
	if err != nil {
		return backend.Backend{}, fmt.Errorf("encode settings: %w", err)
	}
	if string(encoded) == "null" {
		encoded = []byte("{}")
	}
	hidden := make(map[string]secret.Text, len(secrets))
	for name, text := range secrets {
		hidden[name] = secret.New(text)
	}
	ctx, cancel := context.WithTimeout(t.Context(), configureMax)
	defer cancel()
	lifecycle := protocol.NewLifecycle(conn)
	d, err := lifecycle.Describe(ctx)
	if err != nil {
		return backend.Backend{}, err
	}
	if err := lifecycle.Configure(ctx, protocol.Configuration{Backend: "test", Settings: encoded, Secrets: hidden}); err != nil {
		return backend.Backend{}, err
	}
	return protocol.NewBackend(conn, d), nil
}

// dial serves p until the test ends, and connects to it.
func dial(t testing.TB, p sdk.Plugin) (*grpc.ClientConn, error) {
	t.Helper()
	pipe := bufconn.Listen(pipeBytes)
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() {
		served <- sdk.ServeOn(ctx, p, pipe, t.Output())
		_ = pipe.Close() // whoever dials a plugin that did not come up is told at once
	}()
	conn, err := grpc.NewClient("passthrough:///plugin",
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return pipe.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(protocol.MessageMax), grpc.MaxCallSendMsgSize(protocol.MessageMax)),
	)
	t.Cleanup(func() {
		if conn != nil {
			_ = conn.Close()
		}
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve plugin: %v", err)
		}
	})
	return conn, err
}
