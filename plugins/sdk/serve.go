// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/cartage-dev/cartage/plugins/protocol"
)

// closeMax bounds Ports.Close: go-plugin gives a process two seconds from
// Shutdown to its end, and kills it then.
const closeMax = 1500 * time.Millisecond

// orphanMax bounds the life of a process after its host.
const orphanMax = closeMax + time.Second

// Serve is a plugin's main: it serves p until the host that started the
// process ends it, or is gone itself. SIGINT and SIGTERM are left to the host,
// which drains before it stops a plugin. Started by hand, or with a Plugin that is not complete,
// it says so and exits with status 1.
func Serve(p Plugin) {
	if os.Getenv(protocol.MagicCookieKey) != protocol.MagicCookieValue { //nolint:forbidigo // the plugin wall
		_, _ = io.WriteString(os.Stderr, byHand(p.Info))
		os.Exit(1) //nolint:forbidigo // the plugin wall
	}
	stderr := os.Stderr // go-plugin puts a pipe of its own in its place
	log := slog.New(newHandler(stderr))
	if err := p.check(); err != nil {
		log.Error("plugin is not complete", "cause", err)
		os.Exit(1) //nolint:forbidigo // the plugin wall
	}
	// Caught and left lying, not ignored: children would inherit that. SIGPIPE is
	// what a line of log raises once the host, which reads it, is gone.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM, syscall.SIGPIPE)

	w := newWall(p, log)
	ended := make(chan struct{})
	go func() {
		if hostGone(os.Getenv(protocol.LifelineEnv), ended) { //nolint:forbidigo // the plugin wall
			time.AfterFunc(orphanMax, func() { os.Exit(1) }) //nolint:forbidigo // the plugin wall
			w.stop()
		}
	}()
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: protocol.Version, MagicCookieKey: protocol.MagicCookieKey, MagicCookieValue: protocol.MagicCookieValue,
		},
		Plugins:    goplugin.PluginSet{protocol.PluginName: grpcPlugin{wall: w}},
		GRPCServer: w.newServer,
		Logger:     hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: stderr, JSONFormat: true}),
	})
	close(ended)
	w.close(context.Background())
}

// ServeOn serves p on l until ctx ends, without a host's handshake and
// encryption; the log goes to stderr. It is for tests and debuggers;
// sdktest.Serve builds on it.
func ServeOn(ctx context.Context, p Plugin, l net.Listener, stderr io.Writer) error {
	if err := p.check(); err != nil {
		return err
	}
	w := newWall(p, slog.New(newHandler(stderr)))
	defer w.close(context.WithoutCancel(ctx))
	server := w.newServer([]grpc.ServerOption{grpc.WaitForHandlers(true)})
	w.register(server)
	defer server.Stop()
	defer context.AfterFunc(ctx, server.Stop)()
	if err := server.Serve(l); err != nil && ctx.Err() == nil {
		return fmt.Errorf("serve plugin: %w", err)
	}
	return nil
}

func byHand(i Info) string {
	return fmt.Sprintf("%s %s is a plugin of Cartage: it speaks to a commerce backend, and Cartage starts it.\n"+
		"Put the path of this program under backends.NAME.plugin in Cartage's config.\n", i.Name, i.Version)
}

// grpcPlugin is what go-plugin asks to register services.
type grpcPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
	wall *wall
}

var _ goplugin.GRPCPlugin = grpcPlugin{}

// GRPCServer registers the plugin's services.
func (p grpcPlugin) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	p.wall.register(s)
	return nil
}

// GRPCClient is the host's side, which is not here.
func (grpcPlugin) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, NewFault(Unsupported, "", "a plugin is no host")
}
