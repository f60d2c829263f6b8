// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/adapters/inbound/shopifysign"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// BenchmarkPromotions compares promotions with an empty handler that checks the same signature,
// a round of each after the other, by the CPU time of the whole process. The client writes
// and reads prepared bytes, so that little of it is its own.
func BenchmarkPromotions(b *testing.B) {
	const round = 500
	b.Run("served", func(b *testing.B) {
		full, empty := wire(b, handlers(b)[0]), wire(b, handlers(b)[1])
		compare(b, round, full, empty)
	})
	b.Run("called", func(b *testing.B) {
		all := handlers(b)
		direct := func(h http.Handler) func() {
			return func() { h.ServeHTTP(httptest.NewRecorder(), call(b, "", promotions, sample, nil)) }
		}
		compare(b, round, direct(all[0]), direct(all[1]))
	})
}

// handlers are the real one and the empty one, behind the same wall.
func handlers(b *testing.B) [2]http.Handler {
	b.Helper()
	app := demoApp()
	reg := prometheus.NewRegistry()
	log := slog.New(slog.DiscardHandler)
	h, err := New(Options{Apps: []App{app}, Logger: log, Registerer: reg, POS: silent{inbound.Screen{Label: "Stars", Balance: 640, Known: true, Offers: offers()[:3]}}})
	if err != nil {
		b.Fatal(err)
	}
	full, empty := http.NewServeMux(), http.NewServeMux()
	h.Register(full)
	httpserver.Handle(empty, "/pos/demo/promotions", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, err := httpserver.ReadBody(w, r, bodyMax)
		if err != nil || shopifysign.By(app.Secrets, r.Header, raw) < 0 {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	wrap := func(mux http.Handler) http.Handler {
		return httpserver.Wrap(httpserver.Options{Name: "api", Logger: log, Registerer: reg}, mux)
	}
	return [2]http.Handler{wrap(full), wrap(empty)}
}

// silent shows the same to everybody, and remembers nothing.
type silent struct{ screen inbound.Screen }

func (s silent) Promotions(context.Context, inbound.Till) (inbound.Screen, error) {
	return s.screen, nil
}

func (s silent) Perform(context.Context, inbound.Till, loyalty.ActionID) (inbound.Screen, error) {
	return s.screen, nil
}

func (s silent) Revert(context.Context, inbound.Till, loyalty.ActionID) (inbound.Screen, error) {
	return s.screen, nil
}

func (s silent) Heard(shop.ID, loyalty.ActionID) {}

// wire is a call of a handler over one connection that stays open.
func wire(b *testing.B, h http.Handler) func() {
	b.Helper()
	server := httptest.NewServer(h)
	b.Cleanup(server.Close)
	conn, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	request := fmt.Sprintf("POST /pos/demo/promotions HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s",
		signatureHeader, sign(theSecret, sample), len(sample), sample)
	reader := bufio.NewReader(conn)
	length := 0
	return func() {
		if _, err := io.WriteString(conn, request); err != nil {
			b.Fatal(err)
		}
		if length > 0 { // an answer is as long as the one before
			if _, err := io.CopyN(io.Discard, reader, int64(length)); err != nil {
				b.Fatal(err)
			}
			return
		}
		counted := &strings.Builder{}
		res, err := http.ReadResponse(bufio.NewReader(io.TeeReader(conn, counted)), nil)
		if err != nil || res.StatusCode != http.StatusOK {
			b.Fatal(res, err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			b.Fatal(err)
		}
		length = counted.Len()
	}
}

func compare(b *testing.B, round int, full, empty func()) {
	b.Helper()
	var spent [2]time.Duration
	rounds := 0
	for b.Loop() {
		for i, one := range []func(){full, empty} {
			before := cpu(b)
			for range round {
				one()
			}
			spent[i] += cpu(b) - before
		}
		rounds++
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(rounds*round) }
	b.ReportMetric(each(spent[0]), "promotions-cpu-µs")
	b.ReportMetric(each(spent[1]), "empty-cpu-µs")
	b.ReportMetric(float64(spent[0])/float64(spent[1]), "ratio")
}

// cpu is what the process has used so far.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
