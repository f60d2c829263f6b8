// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// callsAtOnce is how many calls a host may have under way at one plugin.
const callsAtOnce = 64

func manyCalls(ctx context.Context, t *backendtest.T, r *trial) {
	r.ready(ctx, t, func(p *process) {
		errs := make([]error, callsAtOnce)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { _, errs[i] = describe(ctx, p) })
		}
		all.Wait()
		for _, err := range errs {
			t.Expect(err == nil, "an answer to each", fmt.Sprint(err))
		}
	})
}

// signalMax is how long a signal may take to show.
const signalMax = 300 * time.Millisecond

func signals(ctx context.Context, t *backendtest.T, r *trial) {
	r.ready(ctx, t, func(p *process) {
		if !interrupt(p.cmd) {
			t.Skip("this system has no such signals")
			return
		}
		if p.gone(signalMax) {
			t.Breach("the process to live: a host lets calls finish first", p.obituary())
			return
		}
		survives(ctx, t, p)
	})
}

func shutsDown(ctx context.Context, t *backendtest.T, r *trial) {
	r.ready(ctx, t, func(p *process) {
		began := time.Now()
		p.shutdown(ctx)
		ended := p.gone(max(0, shutdownMax-time.Since(began)))
		t.Exchange("plugin.GRPCController.Shutdown", fmt.Sprintf("after %s: ended %t", time.Since(began).Round(time.Millisecond), ended))
		if t.Expect(ended, fmt.Sprintf("an end within %s", shutdownMax), "it goes on") {
			t.Expect(p.state.ExitCode() == 0, "exit status 0", p.obituary())
		}
	})
}

func orphaned(ctx context.Context, t *backendtest.T, r *trial) {
	r.ready(ctx, t, func(p *process) {
		_ = p.lifeline.Close()
		t.Expect(p.gone(orphanMax), fmt.Sprintf("an end within %s of the end of file on CARTAGE_LIFELINE_FD", orphanMax), "it goes on, an orphan")
	})
}

// leakCalls is how many calls show a leak, leakMax how many files may be open by chance.
const (
	leakCalls = 200
	leakMax   = 20
)

func leaks(ctx context.Context, t *backendtest.T, r *trial) {
	r.ready(ctx, t, func(p *process) {
		if _, ok := openFiles(p.cmd); !ok {
			t.Skip("nobody can count a process's files on this system")
			return
		}
		d, err := describe(ctx, p)
		b := protocol.NewBackend(p.conn, d)
		if err != nil || b.Carts == nil {
			t.Skip("the plugin offers no carts")
			return
		}
		ask := func(n int) {
			for i := range n {
				hurry, cancel := context.WithTimeout(ctx, askMax)
				if i%4 == 0 { // every fourth is canceled on the way
					time.AfterFunc(time.Millisecond, cancel)
				}
				_, _ = b.Carts.Get(hurry, t.Call(""), "cartage-no-such-cart")
				cancel()
			}
		}
		ask(leakMax) // pools and caches fill up first
		before, _ := openFiles(p.cmd)
		ask(leakCalls)
		if !p.lives(ctx) {
			t.Breach("the process to live", p.obituary())
			return
		}
		after, _ := openFiles(p.cmd)
		t.Exchange(fmt.Sprintf("%d × Carts.Get, some of them canceled", leakCalls), fmt.Sprintf("%d open files before, %d after", before, after))
		t.Expect(after <= before+leakMax, fmt.Sprintf("at most %d files more", leakMax), fmt.Sprintf("%d more", after-before))
	})
}

func answerSize(_ context.Context, t *backendtest.T, r *trial) {
	largest := r.largest
	if r.main != nil {
		largest = max(largest, r.main.sizes.largest.Load())
	}
	if largest == 0 {
		t.Skip("no port was called")
		return
	}
	t.Exchange("all calls of this run", fmt.Sprintf("answers of at most %d bytes", largest))
	t.Expect(largest <= protocol.MessageMax/2, fmt.Sprintf("at most %d bytes", protocol.MessageMax/2), fmt.Sprint(largest))
}

// quiet skips a rule that looks at what processes said when none was started.
func (r *trial) quiet(t *backendtest.T) bool {
	if len(r.saids) == 0 {
		t.Skip("no process was started")
	}
	return len(r.saids) == 0
}

func stdoutQuiet(_ context.Context, t *backendtest.T, r *trial) {
	if r.quiet(t) {
		return
	}
	for _, said := range r.saids {
		text := said.saidOnStdout()
		t.Expect(text == "", "nothing", fmt.Sprintf("%.200q", text))
	}
}

// lineMax is the protocol's bound of a line of log, in bytes.
const lineMax = 64 << 10

func logLines(_ context.Context, t *backendtest.T, r *trial) {
	if r.quiet(t) {
		return
	}
	for _, said := range r.saids {
		for _, line := range said.logged() {
			t.Expect(len(line) <= lineMax, "lines of at most 64 KiB", fmt.Sprintf("one of %d bytes", len(line)))
			var fields map[string]any
			if json.Unmarshal([]byte(line), &fields) != nil {
				continue // a host takes plain text, too
			}
			for _, key := range []string{"@level", "@timestamp", "@message"} {
				if v, there := fields[key]; there {
					_, text := v.(string)
					t.Expect(text, key+" as a string", fmt.Sprintf("%v in %.200q", v, line))
				}
			}
		}
	}
}

// noSecret starts the program once more with secrets that are canaries, lets it
// refuse and answer, and then searches all that any process of this run said.
func noSecret(ctx context.Context, t *backendtest.T, r *trial) {
	canaries := map[string]secret.Text{"cartage_no_such_secret": secret.New("cartage-canary-secret-0")}
	texts := append(r.program.hidden(), canaries["cartage_no_such_secret"].Reveal())
	for name := range r.program.Secrets {
		text := fmt.Sprintf("cartage-canary-secret-%d", len(texts))
		canaries[name], texts = secret.New(text), append(texts, text)
	}
	planted := r.program
	planted.Secrets = canaries
	var faults []string
	wrong := planted.changed(func(s map[string]any) { s["no_such_setting"] = true })
	for _, p := range []Program{wrong, planted} {
		run, err := r.started(ctx, p)
		if !t.Expect(err == nil, "a handshake", fmt.Sprint(err)) {
			return
		}
		faults = append(faults, backendtest.DescribeFault(configure(ctx, run, p)), backendtest.DescribeFault(r.tried(ctx, t, run)))
		_ = run.gone(lingerMax) // what it prints takes its time
		run.shutdown(ctx)
		_ = run.gone(shutdownMax)
		run.end()
	}
	for _, text := range texts {
		for _, spelling := range []string{text, url.QueryEscape(text), base64.StdEncoding.EncodeToString([]byte(text))} {
			if len(spelling) < secretMin {
				continue
			}
			t.Expect(!strings.Contains(strings.Join(faults, "\n"), spelling), "faults without a secret", "one with a secret")
			for _, said := range r.saids {
				t.Expect(!strings.Contains(said.all(), spelling), "logs without a secret", "one with a secret")
			}
		}
	}
}

// secretMin is the length below which a text is found by chance.
const secretMin = 6

// tried asks a plugin with the wrong credentials for whatever it offers.
func (r *trial) tried(ctx context.Context, t *backendtest.T, run *process) error {
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	if err := protocol.NewLifecycle(run.conn).Check(ctx); err != nil {
		return err
	}
	d, err := describe(ctx, run)
	if b := protocol.NewBackend(run.conn, d); err == nil && b.Carts != nil {
		_, err = b.Carts.Get(ctx, t.Call(""), "cartage-no-such-cart")
	}
	return err
}
