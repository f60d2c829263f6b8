// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/plugins/sdk"
)

// roleSetting names, in settings, how the test's own program behaves as a plugin.
// What it does before it has settings goes by the name of the program.
func TestMain(m *testing.M) {
	if os.Getenv(protocol.MagicCookieKey) == "" {
		os.Exit(m.Run())
	}
	actAs(os.Args[0])
}

func actAs(name string) {
	switch {
	case strings.HasSuffix(name, "exits"):
		fmt.Fprintln(os.Stderr, "cannot find my keys: s3cret-value")
		os.Exit(3)
	case strings.HasSuffix(name, "mute"):
		time.Sleep(time.Hour)
	case strings.HasSuffix(name, "garbled"):
		fmt.Println("hello, world")
		time.Sleep(time.Hour)
	case strings.HasSuffix(name, "plain"): // shakes hands without a certificate
		fmt.Println("1|1|unix|/nowhere|grpc")
		time.Sleep(time.Hour)
	}
	sdk.Serve(plugin())
}

type ports struct{ log *slog.Logger }

func plugin() sdk.Plugin {
	return sdk.Plugin{
		Info:   sdk.Info{Name: "test", Version: "1.2.3", KeyedWrites: true},
		Offers: []sdk.Port{sdk.PortCarts},
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
			return sdk.Ports{Carts: p, Check: check}, nil
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
	switch req.Reference {
	case "panic":
		panic("as told")
	case "exit":
		os.Exit(4)
	case "stop":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP) // other threads run on for a moment
		time.Sleep(5 * time.Second)
	case "wait":
		<-ctx.Done()
		return sdk.PutAnswer{}, ctx.Err()
	case "slow":
		time.Sleep(300 * time.Millisecond)
	case "child":
		child := exec.Command("sleep", "1000")
		child.Stderr = os.Stderr
		if err := child.Start(); err != nil {
			return sdk.PutAnswer{}, err
		}
		return sdk.PutAnswer{Cart: cartOf(call, fmt.Sprint(child.Process.Pid))}, nil
	case "look":
		return sdk.PutAnswer{Cart: cartOf(call, strings.Join(os.Environ(), "\n"))}, nil
	case "huge":
		return sdk.PutAnswer{Cart: cartOf(call, strings.Repeat("x", 8<<20))}, nil
	}
	return sdk.PutAnswer{Cart: cartOf(call, fmt.Sprint(os.Getpid()))}, nil
}

func (p ports) Get(context.Context, sdk.Call, sdk.CartID) (sdk.Cart, error) { return sdk.Cart{}, nil }

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
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
		_ = os.RemoveAll(dir)
	})
	return h
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
