// SPDX-License-Identifier: Apache-2.0

package httpserver_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience ends a test that hangs; nothing is measured by it.
const patience = 30 * time.Second

// pad is a log that several goroutines write.
type pad struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *pad) Write(line []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(line)
}

func (p *pad) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// records are the log's records with this message.
func (p *pad) records(t *testing.T, message string) []map[string]any {
	t.Helper()
	var found []map[string]any
	for text := range strings.Lines(p.String()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(text), &record); err != nil {
			t.Fatalf("log line %q: %v", text, err)
		}
		if record[slog.MessageKey] == message {
			found = append(found, record)
		}
	}
	return found
}

// rig is a server on a free port, with its log, its figures and a client.
type rig struct {
	*httpserver.Server
	log     *pad
	metrics *prometheus.Registry
	client  *http.Client
	url     string
}

// settings are options of a listener that no time-out ends before patience does.
func settings() (httpserver.Options, *pad, *prometheus.Registry) {
	log, metrics := &pad{}, prometheus.NewRegistry()
	return httpserver.Options{
		Name: "api", Listen: "127.0.0.1:0", MaxHeaderBytes: 8 << 10, Registerer: metrics,
		ReadHeaderTimeout: patience, ReadTimeout: patience, WriteTimeout: patience, IdleTimeout: patience,
		Logger: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}, log, metrics
}

// start serves h until the test ends. The client keeps no connection, follows
// nothing and inflates nothing.
func start(t *testing.T, h http.Handler, edit func(*httpserver.Options)) *rig {
	t.Helper()
	o, log, metrics := settings()
	if edit != nil {
		edit(&o)
	}
	s := httpserver.New(o, h)
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Errorf("Stop = %v", err)
		}
	})
	return &rig{Server: s, log: log, metrics: metrics, url: "http://" + s.Addr().String(), client: &http.Client{
		Timeout:       patience,
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answer is a response that came whole.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends one request; the error is the connection's, wherever in the answer it broke.
func (r *rig) do(t *testing.T, method, path string, body io.Reader, edit func(http.Header)) (answer, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if edit != nil {
		edit(req.Header)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(text)}, err
}

// get sends one GET, whose answer has to come whole.
func (r *rig) get(t *testing.T, path string, edit func(http.Header)) answer {
	t.Helper()
	a, err := r.do(t, http.MethodGet, path, nil, edit)
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return a
}

// dial is a bare connection.
func (r *rig) dial(t *testing.T) *net.TCPConn {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", r.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c.(*net.TCPConn)
}

// say sends text as it is, says no more, and reads the answer.
func (r *rig) say(t *testing.T, text string) answer {
	t.Helper()
	c := r.dial(t)
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(text, " ")
	from := bufio.NewReader(c)
	resp, err := http.ReadResponse(from, &http.Request{Method: method})
	for err == nil && resp.StatusCode < http.StatusOK {
		resp, err = http.ReadResponse(from, &http.Request{Method: method})
	}
	if err != nil {
		t.Fatalf("answer to %q: %v", text, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("answer to %q: %v", text, err)
	}
	return answer{resp.StatusCode, resp.Header, string(body)}
}

// figures are the counters, and the counts of the histograms, by name and labels.
func figures(t *testing.T, metrics prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			key := strings.TrimPrefix(f.GetName(), "cartage_http_")
			for _, l := range m.GetLabel() {
				key += fmt.Sprintf(" %s=%s", l.GetName(), l.GetValue())
			}
			found[key] = m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return found
}
