// SPDX-License-Identifier: Apache-2.0

package sdk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/plugins/sdk"
	"github.com/cartage-dev/cartage/ports/backend"
)

// lines collects what a plugin logs.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// one is the one line with that message.
func (l *lines) one(t *testing.T, message string) map[string]any {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []map[string]any
	for line := range strings.Lines(l.text.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("line %q: %v", line, err)
		}
		if len(line) > 64<<10 {
			t.Errorf("a line has %d bytes", len(line))
		}
		if fields["@message"] == message {
			found = append(found, fields)
		}
	}
	if len(found) != 1 {
		t.Fatalf("got %d lines %q, want one", len(found), message)
	}
	return found[0]
}

// logger is a plugin's logger, as Configure is given it.
func logger(t *testing.T, to *lines) *slog.Logger {
	t.Helper()
	var log *slog.Logger
	p := testPlugin()
	configure := p.Configure
	p.Configure = func(ctx context.Context, c sdk.Config) (sdk.Ports, error) {
		log = c.Log
		return configure(ctx, c)
	}
	if err := protocol.NewLifecycle(serveRaw(t, p, to)).Configure(soon(t), protocol.Configuration{}); err != nil {
		t.Fatal(err)
	}
	return log
}

type loud struct{}

func (loud) LogValue() slog.Value { return slog.GroupValue(slog.Int("a", 1), slog.String("b", "x")) }

func TestLogLines(t *testing.T) {
	t.Parallel()
	var out lines
	log := logger(t, &out)
	ctx := backend.WithRequestID(t.Context(), "req-1")
	for _, tt := range []struct {
		name string
		say  func()
		want map[string]any
	}{
		{"levels", func() { log.Error("levels") }, map[string]any{"@level": "error"}},
		{"below debug", func() { log.Log(ctx, slog.LevelDebug-1, "below debug") }, map[string]any{"@level": "trace", "request_id": "req-1"}},
		{"request id", func() { log.InfoContext(ctx, "request id") }, map[string]any{"@level": "info", "request_id": "req-1"}},
		{"kinds", func() {
			log.Warn("kinds", "n", 3, "ok", true, "f", math.NaN(), "d", 1500*time.Millisecond, "e", errors.New("lost\nline"), "nil", nil)
		}, map[string]any{"@level": "warn", "n": 3.0, "ok": true, "f": "NaN", "d": "1.5s", "e": "lost\nline", "nil": nil}},
		{"groups", func() {
			log.With("x", 1).WithGroup("g").With("y", 2).Debug("groups", slog.Group("h", "z", 3), slog.Any("v", loud{}))
		}, map[string]any{"@level": "debug", "x": 1.0, "g.y": 2.0, "g.h.z": 3.0, "g.v.a": 1.0, "g.v.b": "x"}},
		{"the host's own keys stay strings", func() {
			log.Info("the host's own keys stay strings", "@message", 1, "@timestamp", 2)
		}, map[string]any{"@level": "info", "message": 1.0, "timestamp": 2.0}},
		{"secrets", func() { log.Info("secrets", "token", secret.New("hush")) }, map[string]any{"@level": "info", "token": "[redacted]"}},
	} {
		tt.say()
		got := out.one(t, tt.name)
		at, isText := got["@timestamp"].(string)
		if _, err := time.Parse(time.RFC3339Nano, at); !isText || err != nil {
			t.Errorf("%s: timestamp %v", tt.name, got["@timestamp"])
		}
		delete(got, "@timestamp")
		delete(got, "@message")
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// TestLogSiblings makes loggers of one parent, whose attributes leave more or
// less room behind.
func TestLogSiblings(t *testing.T) {
	t.Parallel()
	var out lines
	log := logger(t, &out)
	for n := range 64 {
		parent := log.With("p", strings.Repeat("x", n))
		left := parent.With("l", n)
		parent.With("r", n).Info("right")
		left.Info("left", "n", n)
	}
	if text := out.text.String(); strings.Count(text, `"l":`) != 64 || strings.Count(text, `"r":`) != 64 {
		t.Errorf("siblings share their attributes:\n%s", text)
	}
}

func TestLogLinesAreBounded(t *testing.T) {
	t.Parallel()
	var out lines
	log := logger(t, &out)
	huge := strings.Repeat("<ü\x00", 1<<20)
	log.Info(huge) //nolint:sloglint // an author may not lint
	log.Info("attributes", "kept", 1, "huge", huge, "more", huge)
	log.With("huge", huge, "huger", huge).Info("from with", "kept", 1)
	log.Info("many", "a", strings.Repeat("a", 1<<20), "b", strings.Repeat("b", 1<<20), "c", strings.Repeat("c", 1<<20), "d", strings.Repeat("d", 1<<20))
	for _, name := range []string{"attributes", "from with"} {
		if line := out.one(t, name); line["truncated"] != true || line["kept"] != 1.0 {
			t.Errorf("%s: got keys %d, truncated %v, kept %v", name, len(line), line["truncated"], line["kept"])
		}
	}
	if line := out.one(t, "many"); line["truncated"] != true || line["a"] == nil || line["d"] != nil {
		t.Errorf("many: got %d keys, truncated %v", len(line), line["truncated"])
	}
}
