// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// TestHeard: the port hears of a till that was told, and of no other.
func TestHeard(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken pipe")
	for _, tt := range []struct {
		name         string
		at           endpoint
		takes        time.Duration // to write the answer
		write, flush error
		fault        error
		want         string
		hears        int
	}{
		{name: "told", at: performAction, want: done, hears: 1},
		{name: "told at the last moment", at: performAction, takes: tellStop, want: done, hears: 1},
		{name: "told too late", at: performAction, takes: tellStop + time.Millisecond, want: notDelivered},
		{name: "not told", at: performAction, write: broken, want: notDelivered},
		{name: "not told whole", at: performAction, flush: broken, want: notDelivered},
		{name: "refused", at: performAction, fault: fault.New(fault.Conflict, insufficientPoints, "no"), want: insufficientPoints},
		{name: "promotions", at: promotions, want: done},
		{name: "promotions not told", at: promotions, write: broken, want: notDelivered},
		{name: "reverted", at: revertAction, want: done},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b, now := newBench(t, demoApp()), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
			b.handler.now = func() time.Time { return now }
			b.port.answer = shows(inbound.Screen{Known: true})
			if tt.fault != nil {
				b.port.answer = fails(tt.fault)
			}
			w := &writer{ResponseWriter: httptest.NewRecorder(), write: tt.write, flush: func() error { now = now.Add(tt.takes); return tt.flush }}
			b.wall.ServeHTTP(w, call(t, "", tt.at, bodyFor(tt.at), nil))
			if left := time.Until(w.until); w.until.IsZero() || left > tellStop {
				t.Errorf("the connection may be written to for %v", left)
			}
			if got := b.port.heardOf(); len(got) != tt.hears {
				t.Errorf("the port heard of %v", got)
			}
			if n := b.outcome(t, tt.at, tt.want); n != 1 {
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
	until time.Time
}

func (w *writer) SetWriteDeadline(until time.Time) error {
	w.until = until
	return nil
}

func (w *writer) Write(p []byte) (int, error) {
	if w.write != nil {
		return 0, w.write
	}
	return w.ResponseWriter.Write(p)
}

func (w *writer) FlushError() error { return w.flush() }

// TestTillThatHungUp speaks to the socket: no client goes away like this.
func TestTillThatHungUp(t *testing.T) {
	t.Parallel()
	b := served(t, demoApp())
	conn := dial(t, b.url)
	ended := make(chan struct{})
	b.port.answer = func(ctx context.Context, _ endpoint, _ inbound.Till) (inbound.Screen, error) {
		defer close(ended)
		conn.Close()
		<-ctx.Done()
		return inbound.Screen{Known: true}, nil
	}
	fmt.Fprintf(conn, "POST /pos/demo/perform_action HTTP/1.1\r\nHost: x\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s", signatureHeader, sign(theSecret, sampleTap), len(sampleTap), sampleTap)
	<-ended
	if n := b.outcome(t, performAction, notDelivered); n != 1 || len(b.port.heardOf()) > 0 {
		t.Errorf("%v answers were not delivered, and the port heard of %v", n, b.port.heardOf())
	}
}

func dial(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// TestBodiesThatDoNotCome: reading is on the same clock, and who is sent away is not read.
func TestBodiesThatDoNotCome(t *testing.T) {
	t.Parallel()
	const patience = 30 * time.Second // ends a test that hangs; nothing is measured by it
	for _, tt := range []struct {
		name, method string
		want         int
	}{
		{"slow", "POST", 408},
		{"with another method", "PUT", 405},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := served(t, demoApp())
			conn := dial(t, b.url)
			_ = conn.SetReadDeadline(time.Now().Add(patience))
			fmt.Fprintf(conn, "%s /pos/demo/perform_action HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{", tt.method)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != tt.want || !res.Close || res.ContentLength != 0 {
				t.Errorf("got %d of %d bytes, closing: %t", res.StatusCode, res.ContentLength, res.Close)
			}
		})
	}
}

// TestConnectionsLiveOn: the deadlines of one request are not the next one's.
func TestConnectionsLiveOn(t *testing.T) {
	t.Parallel()
	b := served(t, demoApp())
	conn := dial(t, b.url)
	reader := bufio.NewReader(conn)
	for i := range 3 {
		fmt.Fprintf(conn, "POST /pos/demo/perform_action HTTP/1.1\r\nHost: x\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s", signatureHeader, sign(theSecret, sampleTap), len(sampleTap), sampleTap)
		res, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("request %d: got %d", i, res.StatusCode)
		}
	}
}
