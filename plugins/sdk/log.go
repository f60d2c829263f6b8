// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/cartage-dev/cartage/ports/backend"
)

const (
	lineBytesMax    = 64 << 10 // of a whole line: the host reads no further
	messageBytesMax = 8 << 10
	textBytesMax    = 20 << 10 // of one attribute
	timestampLayout = "2006-01-02T15:04:05.000000Z07:00"
)

// handler writes each record as one line of JSON that go-plugin's hosts
// understand: @level, @message and @timestamp, which are always strings, and the attributes, whose
// groups are flattened to dotted keys. The host decides which levels it keeps.
type handler struct {
	out    *output
	prefix string // of keys, from WithGroup
	fields []byte // already encoded, from WithAttrs, each with a leading comma
}

// output keeps lines whole.
type output struct {
	mu sync.Mutex
	w  io.Writer
}

var _ slog.Handler = (*handler)(nil)

func newHandler(w io.Writer) *handler { return &handler{out: &output{w: w}} }

// Enabled lets everything through.
func (h *handler) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs is a handler that adds these to every line.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.fields = appendAttrs(c.fields[:len(c.fields):len(c.fields)], h.prefix, attrs)
	return &c
}

// WithGroup is a handler that puts name before the keys of attributes.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.prefix += name + "."
	return &c
}

// Handle writes the record, with the request's id when ctx carries one. A line
// that would be too long loses its last attributes and says so.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	at := r.Time
	if at.IsZero() {
		at = time.Now()
	}
	line := []byte(`{"@level":"` + levelName(r.Level) + `","@timestamp":"` + at.UTC().Format(timestampLayout) + `","@message":`)
	line = append(line, encodeText(cut(r.Message, messageBytesMax))...)
	if id := backend.RequestID(ctx); id != "" {
		line = appendField(line, "request_id", slog.StringValue(id))
	}
	const truncated = `,"truncated":true`
	room := lineBytesMax - len(truncated) - len("}\n")
	whole := len(line)+len(h.fields) <= room
	if whole {
		line = append(line, h.fields...)
	}
	r.Attrs(func(a slog.Attr) bool {
		longer := appendAttrs(line, h.prefix, []slog.Attr{a})
		if len(longer) > room {
			whole = false
			return false
		}
		line = longer
		return true
	})
	if !whole {
		line = append(line, truncated...)
	}
	line = append(line, '}', '\n')
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	_, err := h.out.w.Write(line)
	return err
}

func levelName(l slog.Level) string {
	switch {
	case l < slog.LevelDebug:
		return "trace"
	case l < slog.LevelInfo:
		return "debug"
	case l < slog.LevelWarn:
		return "info"
	case l < slog.LevelError:
		return "warn"
	}
	return "error"
}

func appendAttrs(line []byte, prefix string, attrs []slog.Attr) []byte {
	for _, a := range attrs {
		v := a.Value.Resolve()
		switch {
		case v.Kind() == slog.KindGroup && a.Key == "":
			line = appendAttrs(line, prefix, v.Group())
		case v.Kind() == slog.KindGroup:
			line = appendAttrs(line, prefix+a.Key+".", v.Group())
		case !a.Equal(slog.Attr{}):
			line = appendField(line, prefix+a.Key, v)
		}
	}
	return line
}

// appendField keeps the host's own keys, which start with an @, from being written twice.
func appendField(line []byte, key string, v slog.Value) []byte {
	line = append(line, ',')
	line = append(line, encodeText(cut(strings.TrimLeft(key, "@"), textBytesMax))...)
	line = append(line, ':')
	return append(line, encodeValue(v)...)
}

func encodeValue(v slog.Value) []byte {
	switch v.Kind() {
	case slog.KindString:
		return encodeText(cut(v.String(), textBytesMax))
	case slog.KindDuration:
		return encodeText(v.Duration().String())
	case slog.KindAny:
		if err, ok := v.Any().(error); ok {
			return encodeText(cut(err.Error(), textBytesMax))
		}
	default: // numbers, booleans and instants are what JSON makes of them
	}
	encoded, err := json.Marshal(v.Any())
	if err != nil {
		return encodeText(cut(fmt.Sprint(v.Any()), textBytesMax)) // NaN, a channel
	}
	if len(encoded) > textBytesMax {
		return encodeText(cut(string(encoded), textBytesMax))
	}
	return encoded
}

// encodeText encodes what json.Marshal cannot refuse.
func encodeText(s string) []byte {
	encoded, _ := json.Marshal(s)
	return encoded
}

// cut is s in at most so many bytes, and whole characters.
func cut(s string, bytesMax int) string {
	if len(s) <= bytesMax {
		return s
	}
	for bytesMax > 0 && !utf8.RuneStart(s[bytesMax]) {
		bytesMax--
	}
	return s[:bytesMax]
}
