// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/plugins/protocol"
)

// windowBytes is gRPC's flow-control window; fixed, so that gRPC sends no probes.
const windowBytes = 1 << 20

// headersMax bounds the headers and trailers of an answer, in bytes. The largest fault that the
// protocol allows takes a hundred thousand; gRPC itself would decode sixteen million.
const headersMax = 128 << 10

// passedOn are the variables of the host that every plugin sees, beside those that config names.
var passedOn = []string{"PATH", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"}

// generation is one process of a plugin, configured and ready to be called.
type generation struct {
	process   *process
	said      *io.PipeWriter // what the program prints once go-plugin has put pipes in the place of stdout and stderr
	heard     chan struct{}  // closed when said has been read to its end
	client    *goplugin.Client
	conn      *grpc.ClientConn
	lifecycle *protocol.LifecycleClient
	inFlight  atomic.Int64
	calls     calls
	draining  atomic.Bool
}

// newGeneration is ready to be started, and reads what the program will say; end it in any case.
func (p *Plugin) newGeneration() (*generation, *stderrLog) {
	stderr := newStderrLog(p.log, p.redactor, p.host.roster.counted.dropped.WithLabelValues(p.spec.Backend))
	g := &generation{process: newProcess(p.spec.Limits), heard: make(chan struct{})}
	hear, said := io.Pipe()
	g.said = said
	go func() { // it reads for as long as the process says something
		defer close(g.heard)
		stderr.read(hear, g.process)
	}()
	return g, stderr
}

// lastWords stands before a plugin's own, in the error of a failed start.
const lastWords = "; its last words:"

// launch starts a process, shakes hands and configures it. Whatever fails, no
// process is left, and the error says what its last words were.
func (p *Plugin) launch(ctx context.Context) (*generation, protocol.Description, error) {
	g, stderr := p.newGeneration() //nolint:contextcheck // what is read outlives the launch
	d, err := g.start(ctx, p, stderr)
	if err == nil {
		return g, d, nil
	}
	select { // an end of its own says more than one by our hand
	case <-g.process.ended:
	case <-time.After(lingerMax):
	}
	g.end(ctx, 0)
	f := &fault.Error{}
	if errors.As(err, &f) && f.Kind == fault.Invalid {
		return nil, d, err // what config says is wrong; there is nothing to add
	}
	if g.process.how != "" && g.process.how != killedByUs {
		err = fmt.Errorf("%w; the process %s", err, g.process.how)
	}
	if words := stderr.lastWords(); words != "" {
		err = fmt.Errorf("%w%s\n%s", err, lastWords, words)
	}
	return nil, d, err
}

func (g *generation) start(ctx context.Context, p *Plugin, stderr *stderrLog) (d protocol.Description, err error) {
	if err := g.handshake(ctx, p, stderr); err != nil {
		return d, err
	}
	g.lifecycle = protocol.NewLifecycle(g.conn)
	describing, cancel := context.WithTimeout(ctx, configureMax)
	defer cancel()
	if d, err = g.lifecycle.Describe(describing); err != nil {
		return d, fmt.Errorf("describe: %w", err)
	}
	if err := p.accepted(d); err != nil {
		return d, err
	}
	configuring, cancel := context.WithTimeout(ctx, configureMax)
	defer cancel()
	if err := g.lifecycle.Configure(configuring, protocol.Configuration{Backend: p.spec.Backend, Settings: p.spec.Settings, Secrets: p.spec.Secrets}); err != nil {
		return d, fmt.Errorf("configure: %w", err)
	}
	return d, nil
}

// handshake starts the process and connects to it. go-plugin takes no context, so
// its work runs beside us and is ended by ending the process.
func (g *generation) handshake(ctx context.Context, p *Plugin, stderr *stderrLog) error {
	g.client = goplugin.NewClient(p.clientConfig(g, stderr))
	type connected struct {
		conn any
		err  error
	}
	done := make(chan connected, 1)
	go func() {
		var c connected
		protocolClient, err := g.client.Client()
		if c.err = err; err == nil {
			c.conn, c.err = protocolClient.Dispense(protocol.PluginName)
		}
		done <- c
	}()
	timeout := time.NewTimer(p.spec.StartTimeout)
	defer timeout.Stop()
	var c connected
	var why error
	select {
	case c = <-done:
	case <-timeout.C:
		why = fmt.Errorf("no handshake within %s", p.spec.StartTimeout)
	case <-ctx.Done():
		why = ctx.Err()
	}
	if why != nil {
		g.process.kill()
		<-done // the process is gone, so go-plugin gives up
		return why
	}
	if c.err != nil {
		return fmt.Errorf("handshake: %s", firstLine(c.err)) // go-plugin's lines below it are guesses
	}
	g.process.limit()
	g.conn = c.conn.(*grpc.ClientConn)
	return nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return clip(strings.TrimRight(line, ": "), tailLineMax) // some end where a guess would begin
}

// clientConfig is made anew for every start: go-plugin's values cannot be used twice.
func (p *Plugin) clientConfig(g *generation, stderr *stderrLog) *goplugin.ClientConfig {
	return &goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: protocol.Version, MagicCookieKey: protocol.MagicCookieKey, MagicCookieValue: protocol.MagicCookieValue,
		},
		Plugins:          goplugin.PluginSet{protocol.PluginName: connection{}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		SyncStdout:       g.said,
		SyncStderr:       g.said,
		StartTimeout:     2 * p.spec.StartTimeout, // ours ends first
		Logger:           hclog.NewNullLogger(),
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: p.host.sockets.dir},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, dir string) (runner.Runner, error) {
			g.process.cmd, g.process.dir = p.command(cmd), dir
			g.process.spawn, g.process.reap, g.process.stderr = p.host.spawner.start, p.host.family.reap, stderr
			g.process.endOrphans = func() int { return p.host.family.endOrphans(p.host.sockets.dir) }
			return g.process, nil
		},
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithIdleTimeout(0), grpc.WithMaxHeaderListSize(headersMax),
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(protocol.MessageMax), grpc.MaxCallSendMsgSize(protocol.MessageMax), grpc.ForceCodecV2(newCodec())),
			grpc.WithStaticStreamWindowSize(windowBytes), grpc.WithStaticConnWindowSize(windowBytes),
		},
	}
}

// command is the program with the environment that go-plugin gave cmd, and as
// little of the host's as may be.
func (p *Plugin) command(cmd *exec.Cmd) *exec.Cmd {
	run := exec.Command(p.program.path) //nolint:gosec,noctx // G204: the program that the operator configured; it outlives the call
	run.Args = []string{p.spec.Path}
	run.Env = append(cmd.Env, p.spec.Limits.env()) // before Spec.Env, which may name it
	for _, name := range slices.Concat(passedOn, p.spec.Env) {
		if value, ok := os.LookupEnv(name); ok { //nolint:forbidigo // the plugin wall
			run.Env = append(run.Env, name+"="+value)
		}
	}
	isolate(run)
	return run
}

// connection is what go-plugin is told a plugin is: its connection, and no more.
type connection struct {
	goplugin.NetRPCUnsupportedPlugin
}

var _ goplugin.GRPCPlugin = connection{}

// GRPCServer is the plugin's side, which is not here.
func (connection) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error { return errors.ErrUnsupported }

// GRPCClient hands the connection over.
func (connection) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return conn, nil
}

// healthy asks whether the process answers at all.
func (g *generation) healthy(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	answer, err := grpc_health_v1.NewHealthClient(g.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: goplugin.GRPCServiceName})
	if err == nil && answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		err = fmt.Errorf("it says %s", answer.GetStatus())
	}
	return err
}

// drain waits until no call is in flight, or ctx ends, and says how many were left.
func (g *generation) drain(ctx context.Context) int64 {
	g.draining.Store(true)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for g.inFlight.Load() > 0 {
		select {
		case <-tick.C:
		case <-g.process.ended:
			return 0
		case <-ctx.Done():
			return g.inFlight.Load()
		}
	}
	return 0
}

// end asks the process to end and kills it when it does not within grace, and
// returns when it is gone. It also lets go of what go-plugin holds of one that is gone already.
func (g *generation) end(ctx context.Context, grace time.Duration) {
	released := make(chan struct{})
	go func() {
		g.client.Kill() // waits for the process without a bound: hence beside us
		close(released)
	}()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-released:
	case <-timer.C:
	case <-ctx.Done():
	}
	if g.process.pid.Load() > 0 {
		g.process.kill()
		<-g.process.alone
	}
	<-released
	_ = g.said.Close()
	<-g.heard
	if g.process.dir != "" {
		_ = os.RemoveAll(g.process.dir) // also of one that never ran
	}
}
