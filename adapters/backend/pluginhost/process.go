// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin/runner"
	"golang.org/x/time/rate"

	"github.com/cartage-dev/cartage/plugins/protocol"
)

// handshakeMax bounds the one line that a plugin says on stdout, in bytes.
const handshakeMax = 64 << 10

// lingerMax is how long after the end of a process its stderr is still read,
// since a child of its own may hold the pipe open for ever.
const lingerMax = 200 * time.Millisecond

// process is one run of a program; it is what go-plugin calls a runner. Its end is
// noticed by waiting for the process and not by the end of its output.
type process struct {
	// Known once go-plugin asks for a runner.
	cmd        *exec.Cmd
	dir        string // of its sockets; removed with it
	spawn      func(*exec.Cmd) error
	reap       func(*os.Process) (*os.ProcessState, error)
	endOrphans func() int
	limits     Limits
	shortage   shortage
	stderr     *stderrLog

	stdout   *io.PipeReader
	lifeline *os.File // our end: closed with us, however we end
	pid      atomic.Int64
	memory   atomic.Int64           // resident bytes when last looked at
	killed   atomic.Pointer[string] // by us, and why
	exited   chan struct{}          // closed before it is reaped
	ended    chan struct{}          // closed when how is known
	how      string                 // set before ended is closed
	itself   bool                   // set with how: it ended by its own doing, and nobody killed it for another reason
	alone    chan struct{}          // closed once no descendant is left either
	readers  sync.WaitGroup
}

var _ runner.Runner = (*process)(nil)

func newProcess(l Limits) *process {
	return &process{limits: l, exited: make(chan struct{}), ended: make(chan struct{}), alone: make(chan struct{})}
}

// Start implements runner.Runner.
func (p *process) Start(context.Context) error {
	if p.killed.Load() != nil {
		return errors.New("not wanted any more")
	}
	pipes, err := newPipes()
	if err != nil {
		return err
	}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = nil, pipes.stdoutIn, pipes.stderrIn
	p.cmd.ExtraFiles = []*os.File{pipes.lifelineOut}
	p.cmd.Env = append(p.cmd.Env, protocol.LifelineEnv+"=3")
	err = p.spawn(p.cmd)
	pipes.closeChildEnds()
	if err != nil {
		pipes.closeOurEnds()
		return fmt.Errorf("start the program: %w", err)
	}
	p.lifeline = pipes.lifelineIn
	p.pid.Store(int64(p.cmd.Process.Pid))
	p.limit()
	p.shortage = newShortage(p.cmd.Process.Pid)
	out, in := io.Pipe()
	p.stdout = out
	p.readers.Go(func() { relayHandshake(pipes.stdoutOut, in) })
	p.readers.Go(func() { p.stderr.read(pipes.stderrOut, p) }) //nolint:contextcheck // for as long as the process lives
	p.readers.Go(p.watchMemory)
	go p.await(pipes)
	if p.killed.Load() != nil { // meanwhile
		p.kill()
	}
	return nil
}

// await reaps the process, and ends what it left in its group before its number is free again.
func (p *process) await(pipes pipes) {
	pid := p.cmd.Process.Pid
	awaitExit(pid)
	close(p.exited)
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	state, err := p.reap(p.cmd.Process)
	late := time.Now().Add(lingerMax)
	_ = errors.Join(pipes.stdoutOut.SetReadDeadline(late), pipes.stderrOut.SetReadDeadline(late))
	p.readers.Wait()
	pipes.closeOurEnds()
	p.how, p.itself = describeExit(state, err, p.killed.Load(), p.whyKilled())
	close(p.ended)
	n := endStrays(p.dir)
	_ = os.RemoveAll(p.dir)
	if n += p.endOrphans(); n > 0 {
		p.stderr.log.Warn("plugin left processes of its own behind, which were killed", "pid", pid, "processes", n)
	}
	close(p.alone)
}

const killedByUs = "killed by the host"

// describeExit says how a process ended, for people, and whether by what it did
// itself: not when it hung, since what hung it is long over by then, and not by a
// signal 9 of somebody else's, for which outOfMemory is the sign that it was the system.
func describeExit(state *os.ProcessState, err error, byUs *string, outOfMemory string) (how string, itself bool) {
	if err != nil {
		return "ended in an unknown way", false
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		switch s := status.Signal(); {
		case s == syscall.SIGKILL && byUs != nil && *byUs != "":
			return killedByUs + ": " + *byUs, strings.HasPrefix(*byUs, tooMuchMemory)
		case s == syscall.SIGKILL && byUs != nil:
			return killedByUs, false
		case s == syscall.SIGKILL && outOfMemory != "":
			return "killed by signal 9, probably out of memory: " + outOfMemory, false
		case s == syscall.SIGKILL:
			return "killed by signal 9, not the host's", false
		default:
			return fmt.Sprintf("ended by signal %d (%s)", int(s), s), true
		}
	}
	return "exited with status " + strconv.Itoa(state.ExitCode()), true
}

// kill ends the process and its group at once. go-plugin's own kill waits for the
// process to answer, which one that hangs does not.
func (p *process) kill() { p.killFor("") }

// killFor kills for a reason, for people; the first counts.
func (p *process) killFor(why string) {
	select {
	case <-p.ended:
		return
	default:
	}
	p.killed.CompareAndSwap(nil, &why)
	if pid := p.pid.Load(); pid > 0 {
		_ = syscall.Kill(-int(pid), syscall.SIGKILL)
	}
}

// Wait implements runner.Runner.
func (p *process) Wait(context.Context) error {
	<-p.ended
	return nil
}

// Kill implements runner.Runner.
func (p *process) Kill(context.Context) error {
	p.kill()
	return nil
}

// Stdout implements runner.Runner: it is the handshake, and then ends.
func (p *process) Stdout() io.ReadCloser { return p.stdout }

// Stderr implements runner.Runner: it is empty, since go-plugin's reader of log
// lines panics over lines that it does not expect. Ours has read them.
func (p *process) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name implements runner.Runner.
func (p *process) Name() string { return p.cmd.Path }

// ID implements runner.Runner.
func (p *process) ID() string {
	if pid := p.pid.Load(); pid > 0 {
		return strconv.FormatInt(pid, 10)
	}
	return ""
}

// Diagnose implements runner.Runner; Launch says what there is to say.
func (p *process) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.Runner.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin implements runner.Runner.
func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// relayHandshake hands on the first line, and reads the rest to nobody.
func relayHandshake(from io.Reader, to *io.PipeWriter) {
	r := bufio.NewReader(io.LimitReader(from, handshakeMax))
	line, _ := r.ReadString('\n')
	_, _ = io.WriteString(to, line)
	_ = to.Close()
	_, _ = io.Copy(unhurried{rate.NewLimiter(bytesPerSec, bytesBurst)}, from)
}

// unhurried takes what it is given, no faster than stderr is read.
type unhurried struct{ speed *rate.Limiter }

// Write implements io.Writer.
func (u unhurried) Write(b []byte) (int, error) {
	_ = u.speed.WaitN(context.Background(), len(b))
	return len(b), nil
}

// pipes connect a process with us.
type pipes struct{ stdoutOut, stdoutIn, stderrOut, stderrIn, lifelineOut, lifelineIn *os.File }

func newPipes() (p pipes, err error) {
	for _, pair := range []struct{ out, in **os.File }{
		{&p.stdoutOut, &p.stdoutIn}, {&p.stderrOut, &p.stderrIn}, {&p.lifelineOut, &p.lifelineIn},
	} {
		if *pair.out, *pair.in, err = os.Pipe(); err != nil {
			p.closeChildEnds()
			p.closeOurEnds()
			return pipes{}, fmt.Errorf("make a pipe: %w", err)
		}
	}
	return p, nil
}

func (p pipes) closeChildEnds() { closeAll(p.stdoutIn, p.stderrIn, p.lifelineOut) }
func (p pipes) closeOurEnds()   { closeAll(p.stdoutOut, p.stderrOut, p.lifelineIn) }

func closeAll(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}
