// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/app/apptest"
)

// The storm of reloads at its full size is 200 of them under 300 requests a second:
// go test ./app/e2e -run TestStormOfReloads -reloads 200 -rate 300 -v
var (
	reloads = flag.Int("reloads", 20, "reloads in each rage of TestStormOfReloads, one in five of them invalid")
	rate    = flag.Int("rate", 50, "transfers a second meanwhile")
)

// TestStormOfReloads changes everything that may change, again and again, while
// carts come in: no request fails, no new cart goes to the old backend, program or
// secret once a reload was acknowledged, and nothing is left behind.
func TestStormOfReloads(t *testing.T) {
	s := newStorm(t)
	s.rage(warmUp) // what is made once, such as metrics and pools, is no growth
	before := s.settled()
	for again := rages; again > 0; again-- {
		s.rage(*reloads)
		after := s.settled()
		t.Logf("%d reloads, %d transfers, %d failed, %d astray; %d KiB became %d KiB (%+.1f %%), %d goroutines %d, %d descriptors %d",
			*reloads, s.sent.Load(), s.failed.Load(), s.astray.Load(), before.heap>>10, after.heap>>10,
			100*float64(after.heap-before.heap)/float64(before.heap), before.goroutines, after.goroutines, before.descriptors, after.descriptors)
		if !after.exceeds(before) {
			break
		}
		if again == 1 {
			t.Error("each rage leaves memory, goroutines or descriptors behind")
		}
		before = after
	}
	if s.failed.Load()+s.astray.Load() > 0 {
		t.Error("see above")
	}
}

// rages is how often equal reloads have to leave something behind before it is a
// leak: what is made late, and connections that close late, do so once.
const rages = 3

const (
	// warmUp is one round through everything that a rage changes.
	warmUp = 25
	// heapNoise is by what looks at one idle host were seen to differ, in bytes: two
	// buffers of a copy that is about to end.
	heapNoise = 64 << 10
	// fewMore is what connections that are about to be closed may hold.
	fewMore = 4
)

// storm sends transfers at a steady rate while config changes.
type storm struct {
	t                    *testing.T
	h                    *apptest.Host
	m                    *movable
	first                movable
	bad                  []string // backends that cannot be had
	sent, failed, astray atomic.Int64
	expected             atomic.Pointer[string] // where a request that begins now must lead; nil while that changes
}

func newStorm(t *testing.T) *storm {
	t.Helper()
	h, m := startMovable(t)
	dir := t.TempDir()
	exits, hangs := filepath.Join(dir, "exits"), filepath.Join(dir, "hangs")
	put(t, exits, "#!/bin/sh\nexit 7\n", 0o700)
	put(t, hangs, "#!/bin/sh\nexec sleep 60\n", 0o700)
	m.Third, m.Token = filepath.Join(dir, "third"), filepath.Join(dir, "token")
	s := &storm{t: t, h: h, m: m, first: *m}
	s.bad = []string{
		"", // a mistake in the shop instead
		"plugin: nobody",
		"plugin: " + exits,
		"plugin: witness1, settings: {ill: true}",
		"plugin: " + hangs + ", start_timeout: 200ms",
	}
	s.expect(m.One)
	return s
}

// rage changes config so many times, and puts it back as it was.
func (s *storm) rage(reloads int) {
	stop := s.begin(*rate)
	for i := range reloads {
		s.next(i)
	}
	*s.m = s.first
	s.install(1)
	put(s.t, s.m.Token, "first", 0o600)
	s.reload("the last", true, s.m.One)
	stop()
}

// next is the i-th change.
func (s *storm) next(i int) {
	m := s.m
	if i%5 == 4 {
		m.Bad = s.bad[i/5%len(s.bad)]
		m.Mistake = m.Bad == ""
		s.reload(fmt.Sprint(i, ", which is invalid,"), false, s.where(i-1))
		m.Bad, m.Mistake = "", false
		return
	}
	m.Carts = []string{"mock", "two", "third"}[i%3]
	m.Timeout = []string{"1s", "1200ms", "1400ms"}[i%3]
	m.More = i%3 == 0
	m.Two = []string{s.first.Two, s.first.Three}[i/4%2] // and with it another process
	m.Gone = m.Carts == "mock" && i%8 == 0
	s.install(i/6%2 + 1)
	put(s.t, m.Token, fmt.Sprint("token-", i/2), 0o600)
	s.reload(fmt.Sprint(i), true, s.where(i))
}

// install switches the link that is third's program to another build.
func (s *storm) install(version int) {
	s.t.Helper()
	err := os.Symlink(witness(s.t, version), s.m.Third+".new")
	if err == nil {
		err = os.Rename(s.m.Third+".new", s.m.Third)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// where a cart of the i-th change is.
func (s *storm) where(i int) string {
	switch s.m.Carts {
	case "two":
		return s.m.Two
	case "third":
		return fmt.Sprintf("witness.example token-%d %d", i/2, i/6%2+1)
	}
	return s.m.One
}

func (s *storm) reload(which string, good bool, then string) {
	s.expected.Store(nil) // a request that begins meanwhile may lead to either backend
	s.m.write(s.t)
	if status, said := reload(s.t, s.h); (status == http.StatusOK) != good {
		s.t.Errorf("reload %s answered %d: %s", which, status, said)
	}
	s.expect(then)
	time.Sleep(100 * time.Millisecond) // some requests meet each state
}

func (s *storm) expect(where string) { s.expected.Store(&where) }

func (s *storm) begin(rate int) (stop func()) {
	ended := make(chan struct{})
	var flying sync.WaitGroup
	flying.Go(func() {
		began := time.Now()
		for i := 0; ; i++ { // at its time, however late the one before was
			select {
			case <-ended:
				return
			case <-time.After(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(rate)))):
				flying.Go(func() { s.one(fmt.Sprintf("storm-%d", s.sent.Add(1))) })
			}
		}
	})
	return func() {
		close(ended)
		flying.Wait()
	}
}

func (s *storm) one(reference string) {
	before := s.expected.Load()
	status, body := post(s.t, s.h, bag(reference, "1 item_1_sku"))
	if status != http.StatusOK {
		s.failed.Add(1)
		s.t.Logf("%s: %d %s", reference, status, body)
		return
	}
	if before == nil {
		return
	}
	got, err := soldBy(decode[described](s.t, body).URL)
	switch after := s.expected.Load(); {
	case after != before: // it changed while the request ran
	case err != nil:
		s.failed.Add(1)
		s.t.Logf("%s: %v", reference, err)
	case got != *before:
		s.astray.Add(1)
		s.t.Logf("%s went to %s instead of %s", reference, got, *before)
	}
}

// soldBy is who made a cart: a mock's address, or the witness with its secret and build.
func soldBy(link string) (string, error) {
	page, err := url.Parse(link)
	if err != nil || page.Host != "witness.example" {
		return leadsTo(link)
	}
	return strings.Join([]string{page.Host, page.Query().Get("token"), page.Query().Get("version")}, " "), nil
}

// footprint is what a host holds while nobody asks for anything.
type footprint struct {
	heap                    int64
	goroutines, descriptors int
}

// exceeds reports whether f is more than before, by more than two looks differ.
func (f footprint) exceeds(before footprint) bool {
	return f.heap > before.heap+before.heap/50+heapNoise || f.goroutines > before.goroutines+fewMore || f.descriptors > before.descriptors+fewMore
}

// settled is measured after everything unused has been given back.
func (s *storm) settled() footprint {
	http.DefaultClient.CloseIdleConnections()
	time.Sleep(2 * time.Second)
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	open, _ := os.ReadDir("/proc/self/fd") // none where there is no such folder
	return footprint{int64(m.HeapAlloc), runtime.NumGoroutine(), len(open)}
}
