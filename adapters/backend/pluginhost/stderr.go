// SPDX-License-Identifier: Apache-2.0

package pluginhost

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/cartage-dev/cartage/core/secret"
)

// The bounds of what a plugin may say on stderr.
const (
	lineMax       = 64 << 10 // bytes; what goes beyond is cut
	linesPerSec   = 500      // more are counted and dropped
	bytesPerSec   = 4 << 20  // no faster is it read: a flood costs the plugin, not the host
	bytesBurst    = 1 << 20
	attributesMax = 64
	valueMax      = 8 << 10 // bytes of one attribute or message in the host's log
	tailMax       = 20      // lines that are kept for the error of a failed start
	tailLineMax   = 512
	secretLeast   = 4 // shorter secrets are left alone: redacting them would redact everything
)

// stderrLog turns what a process writes to stderr into records of the host's log.
type stderrLog struct {
	log      *slog.Logger // names backend and plugin
	redactor *strings.Replacer
	dropped  prometheus.Counter
	lines    *rate.Limiter

	mu   sync.Mutex
	tail []string
}

func newStderrLog(log *slog.Logger, redactor *strings.Replacer, dropped prometheus.Counter) *stderrLog {
	return &stderrLog{log: log, redactor: redactor, dropped: dropped, lines: rate.NewLimiter(linesPerSec, linesPerSec)}
}

// newRedactor takes secrets out of texts. Of two that begin alike the longer goes
// first, so that its end does not stay.
func newRedactor(secrets map[string]secret.Text) *strings.Replacer {
	var texts, pairs []string
	for _, s := range secrets {
		if text := s.Reveal(); len(text) >= secretLeast {
			texts = append(texts, text)
		}
	}
	slices.SortFunc(texts, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for _, text := range texts {
		pairs = append(pairs, text, secret.Redacted)
	}
	return strings.NewReplacer(pairs...)
}

// read goes on until the pipe ends, or its deadline passes.
func (s *stderrLog) read(from io.Reader, by *process) {
	speed := rate.NewLimiter(bytesPerSec, bytesBurst)
	r := bufio.NewReaderSize(from, lineMax)
	cut, lost := false, 0
	for {
		chunk, err := r.ReadSlice('\n')
		if len(chunk) > 0 {
			_ = speed.WaitN(context.Background(), len(chunk))
		}
		whole := !errors.Is(err, bufio.ErrBufferFull)
		text := strings.TrimRight(string(chunk), "\r\n")
		switch {
		case cut: // the rest of a line whose beginning was taken
		case text == "":
		case !s.lines.Allow():
			lost++
			s.dropped.Inc()
		default:
			if lost > 0 {
				s.log.Warn("log lines of a plugin dropped", "pid", by.pid.Load(), "lines", lost)
				lost = 0
			}
			s.line(s.redactor.Replace(text), by.pid.Load())
		}
		cut = !whole
		if err != nil && whole {
			return
		}
	}
}

// line logs one line: JSON as protocol/README.md describes it, or plain text.
func (s *stderrLog) line(text string, pid int64) {
	level, message, at := slog.LevelInfo, text, time.Now()
	attrs := []slog.Attr{slog.Int64("pid", pid)}
	var fields map[string]json.RawMessage
	if text[0] == '{' && json.Unmarshal([]byte(text), &fields) == nil {
		level = levelOf(word(fields["@level"]))
		message = word(fields["@message"])
		if t, err := time.Parse(time.RFC3339Nano, word(fields["@timestamp"])); err == nil {
			at = t
		}
		if id := word(fields["request_id"]); id != "" {
			attrs = append(attrs, slog.String("request_id", clip(id, valueMax)))
			delete(fields, "request_id")
		}
		if own := attributes(fields); len(own) > 0 {
			attrs = append(attrs, slog.GroupAttrs("fields", own...)) // under a key of their own, so that they shadow none of ours
		}
	} else if strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ") {
		level = slog.LevelError
	}
	s.keep(message)
	ctx := context.Background()
	if !s.log.Enabled(ctx, level) {
		return
	}
	record := slog.NewRecord(at, level, clip(message, valueMax), 0) // the words are the plugin's
	record.AddAttrs(attrs...)
	_ = s.log.Handler().Handle(ctx, record)
}

// attributes are the plugin's own keys, in order and bounded.
func attributes(fields map[string]json.RawMessage) []slog.Attr {
	var attrs []slog.Attr
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if strings.HasPrefix(key, "@") || len(attrs) == attributesMax {
			continue
		}
		value := word(fields[key])
		if value == "" {
			value = string(fields[key])
		}
		attrs = append(attrs, slog.String(clip(key, tailLineMax), clip(value, valueMax)))
	}
	return attrs
}

// word is the string that raw holds, and empty for anything else.
func word(raw json.RawMessage) (text string) {
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

func levelOf(name string) slog.Level {
	switch name {
	case "trace", "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	}
	return slog.LevelInfo
}

func (s *stderrLog) keep(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tail = append(s.tail, clip(line, tailLineMax)); len(s.tail) > tailMax {
		s.tail = slices.Delete(s.tail, 0, 1)
	}
}

// lastWords are the last lines, for the error of a start that failed.
func (s *stderrLog) lastWords() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.tail, "\n")
}

// clip shortens text to at most n bytes without cutting a character in two.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
