// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
)

// TestPortThatHangs: one that ignores its context is not waited for, and nothing of it is left
// behind once it comes back. The bubble would not end with a goroutine left in it.
func TestPortThatHangs(t *testing.T) {
	t.Parallel()
	for endpoint, q := range good {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, nil)
			ended, began := make(chan time.Duration, 1), time.Now()
			b.port.answer = func(ctx context.Context) error {
				<-ctx.Done()
				ended <- time.Since(began)
				time.Sleep(time.Minute)
				return nil
			}
			got := b.send(t, q)
			if took, port := time.Since(began), <-ended; took != hardStop || port != portStop {
				t.Errorf("%s: answered after %v, and the port's context ended after %v", endpoint, took, port)
			}
			if p := got.problem(t); p.Code != deadline || got.status != 504 {
				t.Errorf("%s: got %+v", endpoint, p)
			}
			short, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := b.handler.Drain(short); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: a call is under way, and Drain says %v", endpoint, err)
			}
			time.Sleep(time.Minute)
			if len(b.port.heardOf()) > 0 {
				t.Errorf("%s: the port was told of %v", endpoint, b.port.heardOf())
			}
		})
	}
}

// TestHungCallsAreBounded: tills beyond the bound are answered at once.
func TestHungCallsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, release := newBench(t, nil), make(chan struct{})
		b.port.answer = func(context.Context) error { <-release; return nil }
		var all sync.WaitGroup
		for range callsMax {
			all.Go(func() { b.send(t, good["loyalty"]) })
		}
		all.Wait()
		began := time.Now()
		got := b.send(t, good["reserve"])
		if p := got.problem(t); p.Code != overloaded || got.status != 503 || got.header.Get("Retry-After") != "1" || time.Since(began) != 0 {
			t.Errorf("after %v got %+v", time.Since(began), p)
		}
		close(release)
		if err := b.handler.Drain(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestTimeSpentBefore: what reading took is not there for the port any more.
func TestTimeSpentBefore(t *testing.T) {
	t.Parallel()
	for spent, want := range map[time.Duration]int{0: 201, 2300 * time.Millisecond: 201, portStop: 504, 3 * time.Second: 504} {
		b := newBench(t, nil)
		req := b.build(t, "", good["reserve"])
		at, asked := b.now(), 0
		b.now = func() time.Time {
			if asked++; asked == 1 {
				return at
			}
			return at.Add(spent)
		}
		out := httptest.NewRecorder()
		b.wall.ServeHTTP(out, req)
		if out.Code != want {
			t.Errorf("after %v: got %d", spent, out.Code)
		}
	}
}

// TestHeard: the port hears of a till that was told of a hold, and of no other.
func TestHeard(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken pipe")
	for _, tt := range []struct {
		name, endpoint string
		takes          time.Duration // to write the answer
		write, flush   error
		fault          error
		want           string
		hears          int
	}{
		{name: "told", endpoint: "reserve", want: done, hears: 1},
		{name: "told at the last moment", endpoint: "reserve", takes: tellStop, want: done, hears: 1},
		{name: "told too late", endpoint: "reserve", takes: tellStop + time.Millisecond, want: notDelivered},
		{name: "not told", endpoint: "reserve", write: broken, want: notDelivered},
		{name: "not told whole", endpoint: "reserve", flush: broken, want: notDelivered},
		{name: "refused", endpoint: "reserve", fault: fault.New(fault.Conflict, insufficientPoints, "no"), want: insufficientPoints},
		{name: "offers", endpoint: "loyalty", want: done},
		{name: "offers not told", endpoint: "loyalty", write: broken, want: notDelivered},
		{name: "released", endpoint: "release", want: done},
		{name: "committed", endpoint: "commit", want: done},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, now := newBench(t, nil), noon
			b.now = func() time.Time { return now }
			b.port.answer = fails(tt.fault)
			w := writer{httptest.NewRecorder(), tt.write, func() error { now = now.Add(tt.takes); return tt.flush }}
			b.wall.ServeHTTP(w, b.build(t, "", good[tt.endpoint]))
			if got := b.port.heardOf(); len(got) != tt.hears {
				t.Errorf("the port heard of %v", got)
			}
			if n := b.counted(t, "cartage_posui_requests_total", map[string]string{"app": "demo", "endpoint": tt.endpoint, "outcome": tt.want}); n != 1 {
				t.Errorf("%s was counted %v times", tt.want, n)
			}
		})
	}
}

// writer is a connection that fails while it is written to, or when that is sent.
type writer struct {
	http.ResponseWriter
	write error
	flush func() error
}

func (w writer) Write(p []byte) (int, error) {
	if w.write != nil {
		return 0, w.write
	}
	return w.ResponseWriter.Write(p)
}

func (w writer) FlushError() error { return w.flush() }

// TestBodiesThatDoNotCome: reading is on the same clock, and who is sent away is not read.
func TestBodiesThatDoNotCome(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		token string
		want  int
	}{"slow": {sign(t, theSecret, said(time.Now(), nil)), 408}, "of a stranger": {"abc", 401}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			server := httptest.NewServer(b.wall)
			defer server.Close()
			conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = conn.SetReadDeadline(time.Now().Add(30 * time.Second)) // ends a test that hangs; nothing is measured by it
			fmt.Fprintf(conn, "POST %s/redemptions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nIdempotency-Key: k\r\nContent-Length: 1000\r\n\r\n{", Base, tt.token)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != tt.want || !res.Close {
				t.Errorf("got %d, closing: %t", res.StatusCode, res.Close)
			}
		})
	}
}
