// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/cartage-dev/cartage/plugins/protocol"
)

// The bounds of a process's life, those of a host.
const (
	startMax     = 10 * time.Second // from start to handshake
	configureMax = 10 * time.Second
	askMax       = 5 * time.Second // for anything small
	shutdownMax  = 2 * time.Second
	orphanMax    = 4 * time.Second // from the end of the host to the end of the process
	lingerMax    = 300 * time.Millisecond
	handshakeMax = 64 << 10 // bytes
)

// process is one run of a program.
type process struct {
	cmd       *exec.Cmd
	dir       string   // of its socket
	lifeline  *os.File // our end
	said      *output
	readers   sync.WaitGroup
	ended     chan struct{}
	state     *os.ProcessState // once ended is closed
	handshake handshake
	identity  identity
	conn      *grpc.ClientConn
	sizes     *sizes
	stopStdio context.CancelFunc
}

// spawn starts the program with these variables and reads what it says. The first
// line of stdout comes through the channel, which is closed when there is none.
func spawn(p Program, dir string, env []string) (*process, <-chan string, error) {
	stdout, stdoutIn, err1 := os.Pipe()
	stderr, stderrIn, err2 := os.Pipe()
	lifelineOut, lifeline, err3 := os.Pipe()
	if err := errors.Join(err1, err2, err3); err != nil {
		closeAll(stdout, stdoutIn, stderr, stderrIn, lifelineOut, lifeline)
		return nil, nil, fmt.Errorf("make a pipe: %w", err)
	}
	run := &process{dir: dir, lifeline: lifeline, said: &output{}, ended: make(chan struct{}), sizes: &sizes{}}
	run.cmd = exec.Command(p.Path) //nolint:gosec,noctx // G204: the program to be judged; it is ended by its group
	run.cmd.Env = append(p.environ(), env...)
	run.cmd.Stdout, run.cmd.Stderr, run.cmd.ExtraFiles = stdoutIn, stderrIn, []*os.File{lifelineOut}
	isolate(run.cmd)
	err := run.cmd.Start()
	closeAll(stdoutIn, stderrIn, lifelineOut)
	if err != nil {
		closeAll(stdout, stderr, lifeline)
		return nil, nil, fmt.Errorf("start the program: %w", err)
	}
	first := make(chan string, 1)
	run.readers.Go(func() {
		defer close(first)
		r := bufio.NewReader(io.LimitReader(stdout, handshakeMax))
		if line, err := r.ReadString('\n'); err == nil {
			first <- line
		}
		run.said.take(&run.said.stdout, io.MultiReader(r, stdout))
	})
	run.readers.Go(func() { run.said.take(&run.said.stderr, stderr) })
	go func() {
		_ = run.cmd.Wait()
		late := time.Now().Add(lingerMax) // a child of its own may hold the pipes for ever
		_ = errors.Join(stdout.SetReadDeadline(late), stderr.SetReadDeadline(late))
		run.readers.Wait()
		closeAll(stdout, stderr)
		run.state = run.cmd.ProcessState
		close(run.ended)
	}()
	return run, first, nil
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}

// start spawns the program as a host does, shakes hands and connects. Whatever
// fails, no process is left, and the error says what its last words were.
func start(ctx context.Context, p Program) (*process, error) {
	dir, err := os.MkdirTemp("", "cartage-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the socket: %w", err)
	}
	self, err := newIdentity()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	run, first, err := spawn(p, dir, []string{
		protocol.MagicCookieKey + "=" + protocol.MagicCookieValue, "PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_MIN_PORT=10000", "PLUGIN_MAX_PORT=25000",
		"PLUGIN_UNIX_SOCKET_DIR=" + dir, "PLUGIN_CLIENT_CERT=" + self.pem, protocol.LifelineEnv + "=3",
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	run.identity = self
	if err = run.connect(ctx, first); err == nil {
		return run, nil
	}
	no := &NoHandshake{Why: err.Error()}
	select { // an end of its own says more than one by our hand
	case <-run.ended:
		no.End = run.state.String()
	case <-time.After(lingerMax):
	}
	run.end()
	no.LastWords = run.said.lastWords()
	return nil, no
}

// NoHandshake is why a program that was started as a plugin could not be talked to.
type NoHandshake struct {
	Why       string
	End       string // how the process ended of itself; empty when it did not
	LastWords string // the end of what it said on stderr; may be empty
}

func (n *NoHandshake) Error() string {
	text := n.Why
	if n.End != "" {
		text += "; the process ended (" + n.End + ")"
	}
	if n.LastWords != "" {
		text += "; its last words: " + n.LastWords
	}
	return text
}

func (run *process) connect(ctx context.Context, first <-chan string) (err error) {
	ctx, cancel := context.WithTimeout(ctx, startMax)
	defer cancel()
	select {
	case line, said := <-first:
		if !said {
			return errors.New("it closed stdout without a handshake")
		}
		if run.handshake, err = parseHandshake(line); err != nil {
			return err
		}
	case <-ctx.Done():
		return fmt.Errorf("no handshake within %s", startMax)
	}
	if run.conn, err = dial(run.handshake, run.identity, run.sizes); err != nil {
		return err
	}
	run.listen() //nolint:contextcheck // it listens for as long as the process lives
	return run.health(ctx)
}

// end kills what is left and waits.
func (run *process) end() {
	if run.stopStdio != nil {
		run.stopStdio()
	}
	if run.conn != nil {
		_ = run.conn.Close()
	}
	kill(run.cmd)
	<-run.ended
	_ = run.lifeline.Close()
	_ = os.RemoveAll(run.dir)
}

// gone waits for the end of the process, so long at most.
func (run *process) gone(within time.Duration) bool {
	select { // what has happened counts, however little time there is
	case <-run.ended:
		return true
	default:
	}
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-run.ended:
		return true
	case <-late.C:
		return false
	}
}

// lives reports whether it does. Where the connection is lost, which a call shows
// before the connection knows, it is given a moment to be found dead.
func (run *process) lives(ctx context.Context) bool {
	if run.conn.GetState() == connectivity.Ready {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lingerMax)
		defer cancel()
		_, err := grpc_health_v1.NewHealthClient(run.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
		if status.Code(err) != codes.Unavailable {
			return !run.gone(0)
		}
	}
	return !run.gone(2 * lingerMax)
}

// obituary says how it ended.
func (run *process) obituary() string {
	text := "it ended: " + run.state.String()
	if words := run.said.lastWords(); words != "" {
		text += "; its last words: " + words
	}
	return text
}

// handshake is the one line on stdout.
type handshake struct {
	network, address string
	certificate      string // base64
}

// parseHandshake reads the line that plugins/protocol/README.md describes. Fields
// behind those are for a library's own use.
func parseHandshake(line string) (handshake, error) {
	words := strings.Split(strings.TrimSpace(line), "|")
	if len(words) < 5 || words[0] != "1" {
		return handshake{}, fmt.Errorf("the first line on stdout is no handshake: %.80q", line)
	}
	switch {
	case words[1] != "1":
		return handshake{}, fmt.Errorf("it speaks version %.20q of the protocol, and was offered 1", words[1])
	case words[2] != "unix":
		return handshake{}, fmt.Errorf("it listens on %.20q, which is no Unix socket", words[2])
	case words[4] != "grpc":
		return handshake{}, fmt.Errorf("it speaks %.20q instead of grpc", words[4])
	case len(words) < 6 || words[5] == "":
		return handshake{}, errors.New("its handshake brings no certificate: it does not encrypt")
	}
	return handshake{network: words[2], address: words[3], certificate: words[5]}, nil
}
