// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

const (
	callFor = 600 * time.Millisecond
	// slack is what a call may take beyond its deadline on a machine with much else to do: at
	// a load of 18 on two cores, under the race detector, it was 75 ms at most.
	slack = 500 * time.Millisecond
)

// hostile is a plugin that does harm, and what is to become of it.
type hostile struct {
	name    string
	program string // its name, for one without the SDK; empty: with it
	role    string
	limits  pluginhost.Limits
	call    string // the harm, when it is done by a call
	want    []fault.Kind
	code    string
	dies    string // how its process ends, when it does; the next must answer
	said    func(t *testing.T, answer string)
}

// perhaps is what a call may become whose process was busy with other things:
// an answer is no harm.
var perhaps = []fault.Kind{fault.Unknown, fault.Internal}

func hostiles() []hostile {
	return []hostile{
		{name: "panics", call: "panic", want: []fault.Kind{fault.Internal}},
		{name: "panics beside the call", call: "panic beside", want: []fault.Kind{fault.Unknown}, dies: "exited with status 2"},
		{name: "exits", call: "exit", want: []fault.Kind{fault.Unknown}, dies: "exited with status 4"},
		{name: "never answers", call: "never", want: []fault.Kind{fault.Unknown}},
		{name: "answers late", call: "late", want: []fault.Kind{fault.Unknown}},
		{name: "stops itself", call: "stop", want: []fault.Kind{fault.Unknown}, dies: "did not answer"},
		{name: "leaks memory", call: "leak", limits: pluginhost.Limits{MemoryBytes: 192 << 20}, want: []fault.Kind{fault.Unknown}, dies: "used more memory than allowed"},
		{name: "spins", call: "spin", want: perhaps},
		{name: "opens files", call: "open files", limits: pluginhost.Limits{Files: 256}, said: fewer(256)},
		{name: "opens files up to the default", call: "open files", said: fewer(1024)},
		{name: "floods stderr by lines", call: "flood lines", want: perhaps},
		{name: "floods stderr without a line's end", call: "flood without end", want: perhaps},
		{name: "floods stdout", call: "flood stdout", want: perhaps},
		{name: "floods both through go-plugin's pipes", call: "flood through pipes", want: perhaps},
		{name: "logs what breaks go-plugin's reader", call: "odd log", want: perhaps},
		{name: "closes its output", call: "close output", want: perhaps},
		{name: "closes its sockets", call: "close sockets", want: []fault.Kind{fault.Unknown}, dies: " "},
		{name: "removes its socket's folder", call: "remove sockets", want: perhaps},
		{name: "leaves children", call: "children", want: perhaps},
		{name: "answers a gigabyte", program: "raw-gigabyte", want: []fault.Kind{fault.Internal}, code: "message_too_large"},
		{name: "answers a million items", program: "raw-million", want: []fault.Kind{fault.Internal}},
		{name: "answers a fault of many details", program: "raw-fault", call: "many details", want: []fault.Kind{fault.Internal}, code: "plugin_error"},
		{name: "answers no protobuf", program: "raw-wrong", want: []fault.Kind{fault.Internal}},
		{name: "answers nonsense", program: "raw-foreign", want: []fault.Kind{fault.Internal}, code: "bad_plugin_answer"},
		{name: "claims what it does not serve", program: "raw-boasts", want: []fault.Kind{fault.Unsupported}},
		{name: "describes itself differently each time", program: "raw-changes", call: "exit", want: []fault.Kind{fault.Unknown}},
		{name: "clings in its own Close", role: "clings", call: "fine"},
		{name: "clings to life", program: "raw-clings", call: "fine"},
	}
}

func fewer(than int) func(*testing.T, string) {
	return func(t *testing.T, answer string) {
		if n, err := strconv.Atoi(answer); err != nil || n >= than {
			t.Errorf("it opened %q files, and was allowed %d: %v", answer, than, err)
		}
	}
}

// TestHostilePlugins lets each do its harm beside a plugin that does none: the host
// lives, no call takes longer than it may, the other plugin does not notice, and
// after Close nothing is left (newHost and TestMain look).
func TestHostilePlugins(t *testing.T) {
	t.Parallel()
	for _, tt := range hostiles() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t)
			pluginhost.CheckHealthEvery(h.Host, 100*time.Millisecond)
			pluginhost.QuarantineAfter(h.Host, 3, time.Hour)
			stillWell := beside(t, h)
			tt.run(t, h)
			began := time.Now()
			if err := h.Close(context.Background()); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > 20*time.Second { // of drainMax and shutdownMax
				t.Errorf("Close took %s", took)
			}
			stillWell()
		})
	}
}

// beside runs a healthy plugin and calls it all the time, until the returned func
// is called or the host is closed.
func beside(t *testing.T, h house) (stop func()) {
	t.Helper()
	s := spec(t, "")
	s.Backend = "us"
	p, err := h.Launch(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var calling sync.WaitGroup
	var answers atomic.Int64
	calling.Go(func() {
		for ctx.Err() == nil {
			if _, err := put(soon(t, 10*time.Second), p, ""); err != nil {
				if f := fault.From(err); f.Code != "plugin_stopped" {
					t.Errorf("the plugin beside it: %v", err)
				}
				return
			}
			answers.Add(1)
			time.Sleep(5 * time.Millisecond)
		}
	})
	return func() {
		cancel()
		calling.Wait()
		if p.Status().Restarts != 0 || answers.Load() == 0 {
			t.Errorf("the plugin beside it was started again %d times and answered %d", p.Status().Restarts, answers.Load())
		}
	}
}

func (tt hostile) run(t *testing.T, h house) {
	s := spec(t, tt.role)
	if tt.program != "" {
		s = named(t, tt.program)
	}
	s.Limits = tt.limits
	p, err := h.Launch(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	within := callFor
	if tt.dies != "" && tt.dies != "did not answer" || !slices.Contains(tt.want, fault.Unknown) {
		within = 20 * time.Second // it is to end sooner, and not by its deadline
	}
	ctx := soon(t, within)
	began := time.Now()
	answer, err := put(ctx, p, tt.call)
	if took := time.Since(began); took > within+slack {
		t.Errorf("the call took %s", took)
	}
	tt.judge(t, answer, err)
	if tt.dies != "" {
		eventually(t, "the end of its process", func() bool { return strings.Contains(p.Status().LastExit, tt.dies) && p.Status().LastExit != "" })
	}
	if tt.program == "raw-changes" {
		eventually(t, "quarantine", func() bool { return p.Status().State == pluginhost.Quarantined })
		return
	}
	if tt.program != "" {
		return
	}
	eventually(t, "an answer afterwards", func() bool {
		_, err := put(soon(t, 5*time.Second), p, "")
		return err == nil
	})
	if got := p.Status(); (got.Restarts > 0) != (tt.dies != "") {
		t.Errorf("got %+v", got)
	}
}

func (tt hostile) judge(t *testing.T, answer string, err error) {
	t.Helper()
	if err == nil {
		if len(tt.want) == 1 {
			t.Errorf("it answered %q, want %v", answer, tt.want[0])
		}
		if tt.said != nil {
			tt.said(t, answer)
		}
		return
	}
	f := fault.From(err)
	if !slices.Contains(tt.want, f.Kind) || tt.code != "" && f.Code != tt.code || f.Source == fault.Engine && f.Kind == fault.Internal {
		t.Errorf("got %v by %v, want %v %s", err, f.Source, tt.want, tt.code)
	}
	if tt.dies != "" && tt.dies != "did not answer" && tt.dies != " " && !errors.Is(err, backend.ErrInterrupted) {
		t.Errorf("got %v, want it to be known as interrupted", err)
	}
}

// TestHostMemory is not parallel: it looks at the memory of the host, while
// plugins send it all they can.
func TestHostMemory(t *testing.T) {
	h := newHost(t)
	honest := launch(t, h, "") // whatever a first call takes is no plugin's harm
	if _, err := put(soon(t, 20*time.Second), honest, ""); err != nil {
		t.Fatal(err)
	}
	honest.Close(t.Context())
	debug.FreeOSMemory()
	before := pluginhost.Resident(os.Getpid())
	var most atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var looking sync.WaitGroup
	looking.Go(func() {
		for ctx.Err() == nil {
			most.Store(max(most.Load(), pluginhost.Resident(os.Getpid())))
			time.Sleep(5 * time.Millisecond)
		}
	})
	for i, program := range []string{"raw-gigabyte", "raw-million", ""} {
		s := spec(t, "")
		if program != "" {
			s = named(t, program)
		}
		s.Backend = strconv.Itoa(i)
		p, err := h.Launch(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			_, _ = put(soon(t, 5*time.Second), p, "")
		}
		if program == "" {
			_, _ = put(soon(t, 5*time.Second), p, "flood without end")
			_, _ = put(soon(t, 5*time.Second), p, "flood through pipes")
			_, _ = put(soon(t, 5*time.Second), p, "flood stdout")
			time.Sleep(time.Second)
		}
		p.Close(t.Context())
	}
	cancel()
	looking.Wait()
	if grown := most.Load() - before; grown > hostMemoryMax {
		t.Errorf("the host grew by %d MiB", grown>>20)
	} else {
		t.Logf("the host grew by %d MiB", grown>>20)
	}
}

// hostMemoryMax is how much the host may grow. At a load of 17 on two cores it was 18 MiB at
// most, and 45 MiB under the race detector.
const hostMemoryMax = raced * 64 << 20

// TestStartAfterAKilledHost leaves a plugin's child behind, as a host that is
// killed does, and starts another host: it is swept away with the sockets.
func TestStartAfterAKilledHost(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	left := h.sockets + "/cartage-dead"
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(left+"/lock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	pid, err := child(true, []string{"PATH=" + os.Getenv("PATH"), "PLUGIN_UNIX_SOCKET_DIR=" + left + "/plugin-dir1"})
	if err != nil {
		t.Fatal(err)
	}
	for range 500 { // a process that has just begun to run its program shows no environment yet
		if env, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); len(env) > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	var status syscall.WaitStatus
	second := secondHost(t, h.sockets)
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != nil || status.Signal() != syscall.SIGKILL {
		t.Errorf("got %v, %v", status, err)
	}
	if err := second.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
