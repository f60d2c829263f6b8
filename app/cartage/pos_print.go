// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// printExchange is one line of the conversation.
func (t *till) printExchange(e exchange) {
	came := "no answer"
	if e.status != 0 {
		came = strings.TrimSpace(fmt.Sprintf("%d %s", e.status, http.StatusText(e.status)))
	}
	what := e.call.what
	if e.call.hook {
		what = "webhook " + what
	}
	t.say("  -> %-26s %-16s %s of %s", what, came, seconds(e.took), seconds(t.wire.limit(e.call)))
}

// printCard is the cart and, below it, the extension's part of the screen.
func (t *till) printCard() {
	b := t.open
	if b == nil {
		return
	}
	t.say("")
	for _, l := range b.lines {
		t.say("  %4d  %-40s %10s", l.quantity, l.title, b.decimal(l.quantity*l.price))
	}
	for i, d := range b.discounts {
		t.say("        %-40s %10s", fmt.Sprintf("%s  [r %d]", plain(d.Title), i+1), b.decimal(-d.off))
	}
	t.say("        %-40s %10s", "Total "+string(b.currency), b.decimal(b.total()))
	if t.screen == nil {
		return
	}
	whose := "no customer"
	if b.customer > 0 {
		whose = fmt.Sprintf("customer %d", b.customer)
	}
	t.say("\n        %-40s %10s", plain(t.screen.Label)+", "+whose, plain(t.screen.Balance))
	for i, o := range t.screen.Actions {
		t.say("  %4s  %-40s %s", fmt.Sprintf("[%d]", i+1), plain(o.Title), plain(o.Description))
	}
	if len(t.screen.Actions) == 0 && len(b.discounts) == 0 {
		t.say("        Nothing to tap: no offer is within these points and has a price in %s.", b.currency)
	}
}

// printLast is the last request and its answer, whole but for the secret.
func (t *till) printLast() error {
	if t.last == nil {
		return errNoCall
	}
	e := *t.last
	t.say("\n  POST %s", e.url)
	for _, h := range e.sent {
		t.say("  %s: %s", h[0], h[1])
	}
	t.say("\n%s\n\n  (signed over these %d bytes, sent without line breaks)\n", indented(e.call.body), len(e.call.body))
	if e.status == 0 {
		t.say("  No answer after %s of %s: %s", seconds(e.took), seconds(t.wire.limit(e.call)), plain(e.failure.Error()))
		return nil
	}
	t.say("  %d %s   after %s of %s", e.status, http.StatusText(e.status), seconds(e.took), seconds(t.wire.limit(e.call)))
	for _, name := range sorted(e.header) {
		for _, value := range e.header[name] {
			t.say("  %s: %s", plain(name), plain(value))
		}
	}
	if len(e.answer) == 0 {
		t.say("\n  (no body)")
		return nil
	}
	t.say("\n%s", indented(e.answer))
	return nil
}

// indented is JSON to read, or other text as it came, without what would move a cursor.
func indented(text []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, bytes.TrimSpace(text), "  ", "  ") != nil {
		b.Reset()
		b.Write(text)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	for i, line := range lines {
		lines[i] = plain(line)
	}
	return "  " + strings.Join(lines, "\n")
}

// seconds is a time as one reads it beside a limit.
func seconds(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d%time.Second == 0:
		return fmt.Sprintf("%d s", d/time.Second)
	}
	return fmt.Sprintf("%d.%02d s", d/time.Second, d%time.Second/(10*time.Millisecond))
}

// exchangeLine is an exchange as --json prints it.
type exchangeLine struct {
	Step     string            `json:"step"`
	Call     string            `json:"call"`
	URL      string            `json:"url"`
	Headers  map[string]string `json:"request_headers"`
	Request  json.RawMessage   `json:"request"`
	Status   int               `json:"status"` // 0 when nobody answered
	TookMS   int64             `json:"took_ms"`
	LimitMS  int64             `json:"limit_ms"`
	Answered http.Header       `json:"answer_headers,omitempty"`
	Answer   any               `json:"answer,omitempty"` // JSON as it is, other text as text
	Done     bool              `json:"done"`
	Problem  string            `json:"problem,omitempty"`
}

func (t *till) line(e exchange) exchangeLine {
	l := exchangeLine{
		Step: e.call.step, Call: e.call.what, URL: e.url, Headers: map[string]string{}, Request: e.call.body, Status: e.status,
		TookMS: e.took.Milliseconds(), LimitMS: t.wire.limit(e.call).Milliseconds(), Answered: e.header, Done: e.problem == nil,
	}
	for _, h := range e.sent {
		l.Headers[h[0]] = h[1]
	}
	switch {
	case json.Valid(e.answer):
		l.Answer = json.RawMessage(e.answer)
	case len(e.answer) > 0:
		l.Answer = string(e.answer)
	}
	if e.problem != nil {
		l.Problem = e.problem.Error()
	}
	return l
}

// printsJSON prints each exchange to w as well.
func (t *till) printsJSON(w io.Writer) {
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	t.seen = func(e exchange) { _ = out.Encode(t.line(e)) } // a reader that has gone ends the program by SIGPIPE
}
