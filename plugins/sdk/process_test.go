// SPDX-License-Identifier: Apache-2.0

package sdk_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/plugins/sdk"
	"github.com/cartage-dev/cartage/ports/backend"
)

// roleEnv makes the test's own program act as a plugin.
const roleEnv = "CARTAGE_SDK_TEST_ROLE"

func actAs(role string) {
	p := testPlugin()
	if role == "incomplete" {
		p.Offers = nil
	}
	sdk.Serve(p)
}

// dispense is the host's half of a go-plugin plugin: it keeps the connection.
type dispense struct {
	goplugin.NetRPCUnsupportedPlugin
}

func (dispense) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error { return errors.ErrUnsupported }

func (dispense) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return conn, nil
}

// process is a real plugin process with the host's end of its lifeline.
type process struct {
	client   *goplugin.Client
	conn     *grpc.ClientConn
	cmd      *exec.Cmd
	lifeline *os.File
	log      *lines
}

func start(t *testing.T) process {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := process{cmd: exec.Command(os.Args[0]), lifeline: write, log: &lines{}}
	p.cmd.Env = []string{roleEnv + "=plugin", protocol.LifelineEnv + "=3"}
	p.cmd.ExtraFiles = []*os.File{read}
	p.client = goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig: goplugin.HandshakeConfig{
			ProtocolVersion: protocol.Version, MagicCookieKey: protocol.MagicCookieKey, MagicCookieValue: protocol.MagicCookieValue,
		},
		Plugins: goplugin.PluginSet{protocol.PluginName: dispense{}}, Cmd: p.cmd, SkipHostEnv: true, AutoMTLS: true,
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC}, Logger: hclog.NewNullLogger(), Stderr: p.log, StartTimeout: hang,
	})
	t.Cleanup(func() {
		p.client.Kill()
		_ = write.Close()
	})
	rpc, err := p.client.Client()
	_ = read.Close()
	if err != nil {
		t.Fatalf("handshake: %v", err)
	}
	conn, err := rpc.Dispense(protocol.PluginName)
	if err != nil {
		t.Fatal(err)
	}
	p.conn = conn.(*grpc.ClientConn)
	return p
}

// waitFor waits until the process has logged a line with that message.
func (p process) waitFor(t *testing.T, message string) {
	t.Helper()
	for end := time.Now().Add(hang); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		p.log.mu.Lock()
		found := strings.Contains(p.log.text.String(), fmt.Sprintf("%q", message))
		p.log.mu.Unlock()
		if found {
			return
		}
	}
	t.Fatalf("never logged: %s", message)
}

func (p process) waitForExit(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(hang); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if p.client.Exited() {
			return
		}
	}
	t.Fatal("the process lives on")
}

func TestProcess(t *testing.T) {
	t.Parallel()
	p := start(t)
	l := protocol.NewLifecycle(p.conn)
	d, err := l.Describe(soon(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Configure(soon(t), protocol.Configuration{Backend: "eu"}); err != nil {
		t.Fatal(err)
	}
	c := protocol.NewBackend(p.conn, d).Carts

	// A call in flight survives a panic beside it, SIGTERM and SIGINT.
	ctx, cancel := context.WithCancel(backend.WithRequestID(soon(t), "req-9"))
	inFlight := make(chan error, 1)
	go func() {
		_, err := c.Put(ctx, backend.Call{}, backend.PutCart{Reference: "wait"})
		inFlight <- err
	}()
	p.waitFor(t, "waiting")
	_, err = c.Put(soon(t), backend.Call{}, backend.PutCart{Reference: "panic"})
	wantFault(t, "panic", err, sdk.Internal, "panic")
	for _, s := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		if err := p.cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get(soon(t), backend.Call{}, "c1"); err != nil {
			t.Errorf("after %s: %v", s, err)
		}
	}
	select {
	case err := <-inFlight:
		t.Errorf("the call in flight ended: %v", err)
	default:
	}
	cancel()
	wantFault(t, "canceled", <-inFlight, sdk.Unknown, "canceled")
	if line := p.log.one(t, "waiting"); line["@level"] != "info" || line["request_id"] != "req-9" {
		t.Errorf("got line %v", line)
	}

	p.client.Kill()
	p.log.one(t, "ports closed")
	if p.client.Exited() && p.cmd.ProcessState != nil && p.cmd.ProcessState.ExitCode() != 0 {
		t.Errorf("got %s", p.cmd.ProcessState)
	}
}

// TestLifeline closes the pipe that only a living host holds.
func TestLifeline(t *testing.T) {
	t.Parallel()
	p := start(t)
	l := protocol.NewLifecycle(p.conn)
	if err := l.Configure(soon(t), protocol.Configuration{}); err != nil {
		t.Fatal(err)
	}
	socket := strings.TrimPrefix(p.client.ReattachConfig().Addr.String(), "unix:")
	if _, err := os.Stat(socket); err != nil {
		t.Fatal(err)
	}
	if err := p.lifeline.Close(); err != nil {
		t.Fatal(err)
	}
	p.waitForExit(t)
	p.waitFor(t, "ports closed")
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

// TestHostDeath speaks the handshake by hand, then is gone like a host that was
// killed: nobody reads stderr any more, and the ports still get to close.
func TestHostDeath(t *testing.T) {
	t.Parallel()
	lifelineOut, lifeline, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, stderrIn, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(soon(t), os.Args[0])
	cmd.Env = []string{
		roleEnv + "=plugin", protocol.LifelineEnv + "=3", protocol.MagicCookieKey + "=" + protocol.MagicCookieValue,
		"PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_UNIX_SOCKET_DIR=" + t.TempDir(),
	}
	cmd.ExtraFiles, cmd.Stderr = []*os.File{lifelineOut}, stderrIn
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = lifelineOut.Close(), stderrIn.Close()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	words := strings.Split(strings.TrimSpace(line), "|")
	if err != nil || len(words) < 5 || words[0] != "1" || words[1] != "1" || words[2] != "unix" || words[4] != "grpc" {
		t.Fatalf("got handshake %q, %v", line, err)
	}
	conn, err := grpc.NewClient("unix:"+words[3], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := protocol.NewLifecycle(conn).Configure(soon(t), protocol.Configuration{}); err != nil {
		t.Fatal(err)
	}
	_, _ = stderr.Close(), lifeline.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the process ended with %v, want a quiet end", err)
	}
	if _, err := os.Stat(words[3]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestStartedByHand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, role string
		env        []string
		want       []string
	}{
		{"no cookie", "plugin", nil, []string{"test 1.2.3", "Cartage", "backends.NAME.plugin"}},
		{"another cookie", "plugin", []string{protocol.MagicCookieKey + "=x"}, []string{"test 1.2.3"}},
		{"an incomplete plugin", "incomplete", []string{protocol.MagicCookieKey + "=" + protocol.MagicCookieValue}, []string{"Plugin.Offers is empty"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(soon(t), os.Args[0])
			cmd.Env = append([]string{roleEnv + "=" + tt.role}, tt.env...)
			var stdout, stderr strings.Builder
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			err := cmd.Run()
			if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.ExitCode() != 1 || stdout.Len() > 0 {
				t.Errorf("got %v and %q on standard output, want exit status 1 and nothing", err, stdout.String())
			}
			for _, want := range tt.want {
				if !strings.Contains(stderr.String(), want) {
					t.Errorf("got %q, want it to say %q", stderr.String(), want)
				}
			}
		})
	}
}
