// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/plugins/sdk"
)

func TestMain(m *testing.M) {
	if os.Getenv(protocol.MagicCookieKey) != "" { // we have been started as a plugin
		beforeHandshake(os.Args[0])
		serveHonestly()
		return
	}
	if os.Getenv(raceEnv) == "" { // a program that looks for races sleeps a second before it exits
		_ = os.Setenv(raceEnv, "atexit_sleep_ms=0")
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if left := ownChildren(); len(left) > 0 {
			fmt.Fprintf(os.Stderr, "processes are left: %v\n", left)
			code = 1
		}
		os.Exit(code)
	}))
}

// raceEnv is handed on to the test's plugins.
const raceEnv = "GORACE"

type ports struct{ log *slog.Logger }

func plugin() sdk.Plugin {
	return sdk.Plugin{
		Info:           sdk.Info{Name: "test", Version: "1.2.3", KeyedWrites: true},
		Offers:         []sdk.Port{sdk.PortCarts},
		SettingsSchema: schemaOf(os.Args[0]),
		Configure: func(_ context.Context, c sdk.Config) (sdk.Ports, error) {
			var settings struct {
				Role string `json:"role"`
			}
			if err := c.Decode(&settings); err != nil {
				return sdk.Ports{}, err
			}
			p := ports{c.Log}
			if settings.Role == "noisy" {
				p.noise(c.Secret("token").Reveal())
			}
			check := func(context.Context) error { return nil }
			if settings.Role == "cut off" {
				check = func(context.Context) error {
					return sdk.NewFault(sdk.Unavailable, "no_route", "the shop is away")
				}
			}
			var end func(context.Context) error
			if settings.Role == "clings" {
				end = func(context.Context) error { time.Sleep(time.Hour); return nil }
			}
			return sdk.Ports{Carts: p, Check: check, Close: end}, nil
		},
	}
}

// noise writes what a log reader may fall over.
func (p ports) noise(token string) {
	p.log.Info("hello", "answer", 42)
	for _, line := range []string{
		`{"@message":7,"@level":["x"],"@timestamp":12}`, `{"@level":"error","@message":"token is ` + token + `"}`,
		"\x1b[31mred", "panic: not really", strings.Repeat("x", 200<<10), `{"@message":"after"}`,
	} {
		fmt.Fprintln(os.Stderr, line)
	}
	for range 2000 {
		fmt.Fprintln(os.Stderr, "flood")
	}
}

// Put does what the reference says.
func (p ports) Put(ctx context.Context, call sdk.Call, req sdk.PutCart) (sdk.PutAnswer, error) {
	for _, item := range req.Items {
		switch item.SKU {
		case "poison":
			os.Exit(6)
		case "slow":
			time.Sleep(20 * time.Millisecond)
		}
	}
	if req.Customer == "poison" {
		os.Exit(6)
	}
	switch req.Reference {
	case "slow":
		time.Sleep(300 * time.Millisecond)
	case "children":
		pids, err := children()
		return sdk.PutAnswer{Cart: cartOf(call, pids)}, err
	case "look":
		return sdk.PutAnswer{Cart: cartOf(call, strings.Join(os.Environ(), "\x00"))}, nil
	case "what it saw at once":
		return sdk.PutAnswer{Cart: cartOf(call, sawAtOnce)}, nil
	case "fill to 85%":
		return sdk.PutAnswer{Cart: cartOf(call, fmt.Sprint(os.Getpid()))}, fill(85)
	case "fill to 95%":
		return sdk.PutAnswer{Cart: cartOf(call, fmt.Sprint(os.Getpid()))}, fill(95)
	case "hide":
		pid, err := hide("1000")
		return sdk.PutAnswer{Cart: cartOf(call, pid)}, err
	case "hide for a moment":
		pid, err := hide("0.1")
		return sdk.PutAnswer{Cart: cartOf(call, pid)}, err
	case "pry":
		return sdk.PutAnswer{Cart: cartOf(call, pry())}, nil
	case "largest fault":
		return sdk.PutAnswer{}, largestFault()
	case "huge":
		return sdk.PutAnswer{Cart: cartOf(call, strings.Repeat("x", 8<<20))}, nil
	}
	if said, done := misbehave(ctx, req.Reference); done && said != "" {
		return sdk.PutAnswer{Cart: cartOf(call, said)}, nil
	}
	if ctx.Err() != nil {
		return sdk.PutAnswer{}, ctx.Err()
	}
	return sdk.PutAnswer{Cart: cartOf(call, fmt.Sprint(os.Getpid()))}, nil
}

func (p ports) Get(context.Context, sdk.Call, sdk.CartID) (sdk.Cart, error) { return sdk.Cart{}, nil }

func (p ports) Change(_ context.Context, _ sdk.Call, _ sdk.CartID, _ sdk.ChangeCart) (sdk.ChangeAnswer, error) {
	return sdk.ChangeAnswer{}, sdk.NewFault(sdk.Unsupported, "no_changes", "a cart cannot be changed here")
}

func cartOf(call sdk.Call, id string) sdk.Cart {
	zero := sdk.Zero(call.Currency)
	return sdk.Cart{ID: sdk.CartID(id), Currency: call.Currency, Totals: sdk.Totals{Subtotal: zero, Discount: zero, Total: zero}}
}

// lines is a log that may be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

const logShown = 8 << 10

// house is a host under test.
type house struct {
	*pluginhost.Host
	log     *lines
	sockets string
	figures *prometheus.Registry
}

func newHost(t *testing.T) house {
	t.Helper()
	// Not t.TempDir: its path may be too long for a socket's.
	dir, err := os.MkdirTemp("", "cph-")
	if err != nil {
		t.Fatal(err)
	}
	h := house{log: &lines{}, sockets: dir, figures: prometheus.NewRegistry()}
	logger := slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if h.Host, err = pluginhost.New(pluginhost.Options{Logger: logger, SocketDir: dir, Registerer: h.figures}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if log := h.log.String(); t.Failed() {
			t.Logf("the end of the log:\n%s", log[max(0, len(log)-logShown):])
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		if left := descendants(dir); len(left) > 0 {
			t.Errorf("processes left behind: %v", left)
		}
		_ = os.RemoveAll(dir)
	})
	return h
}

// figure is one figure of the backend eu; ok is false when there is none.
func (h house) figure(t *testing.T, name string) (value float64, ok bool) {
	t.Helper()
	families, err := h.figures.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == name && m.GetLabel()[0].GetValue() == "eu" {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue(), true
			}
		}
	}
	return 0, false
}

// labels are those of a figure's only row; nil when there is none.
func (h house) labels(t *testing.T, name string) map[string]string {
	t.Helper()
	families, err := h.figures.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name && len(family.GetMetric()) == 1 {
			all := map[string]string{}
			for _, l := range family.GetMetric()[0].GetLabel() {
				all[l.GetName()] = l.GetValue()
			}
			return all
		}
	}
	return nil
}

func (h house) want(t *testing.T, name string, want float64) {
	t.Helper()
	if got, ok := h.figure(t, name); !ok || got != want {
		t.Errorf("%s is %v, %v; want %v", name, got, ok, want)
	}
}

// eventually asks for up to twenty seconds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

// secondHost shares a socket folder with another.
func secondHost(t *testing.T, sockets string) *pluginhost.Host {
	t.Helper()
	h, err := pluginhost.New(pluginhost.Options{Logger: slog.New(slog.DiscardHandler), SocketDir: sockets, Registerer: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	return h
}
