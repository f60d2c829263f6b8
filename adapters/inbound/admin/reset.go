// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Reset gives the backend called name another chance at once, and waits a moment for
// what comes of it. Without such a backend it does nothing, and known are those there are.
type Reset func(ctx context.Context, name string) (done ResetDone, known []string)

// ResetDone is how a reset went.
type ResetDone struct {
	OK      bool   `json:"ok"` // the backend's plugin is ready
	Backend string `json:"backend"`
	Was     string `json:"was,omitempty"` // the state of its plugin
	Is      string `json:"is,omitempty"`
	// Forgiven is how many requests were refused since they ended the process, and are sent again.
	Forgiven int    `json:"forgiven_requests"`
	Breaker  string `json:"breaker,omitempty"` // of the guard before it
	// LastExit is how the last process ended, or why none starts; NextTry when the next is started.
	LastExit string    `json:"last_exit,omitempty"`
	NextTry  time.Time `json:"next_try,omitzero"`
	Problem  string    `json:"problem,omitempty"` // why nothing was done
	TookMS   int64     `json:"took_ms"`
}

// WriteText is a line for what was and is, and one for each thing that an operator would ask next.
func (d ResetDone) WriteText(w io.Writer) error {
	if d.Problem != "" {
		_, err := io.WriteString(w, d.Problem+"\n")
		return err
	}
	lines := []string{fmt.Sprintf("backend %s: was %s, is %s after %d ms; its breaker is %s", d.Backend, d.Was, d.Is, d.TookMS, d.Breaker)}
	if d.Forgiven > 0 {
		lines = append(lines, fmt.Sprintf("requests that were refused and are sent again: %d", d.Forgiven))
	}
	if d.LastExit != "" && !d.OK {
		lines = append(lines, "last end: "+d.LastExit)
	}
	if !d.NextTry.IsZero() {
		lines = append(lines, "next try: "+d.NextTry.UTC().Format(time.RFC3339))
	}
	_, err := io.WriteString(w, strings.Join(lines, "\n")+"\n")
	return err
}

// nameShown is how much of a name that nobody has is repeated, in bytes.
const nameShown = 64

// RegisterReset serves POST /backends/{name}/reset: 200 when the backend is ready
// afterwards, 503 when it is not, and 404, with the names there are, when there is no
// such backend. A page in an operator's browser cannot ask for it.
func RegisterReset(mux *http.ServeMux, reset Reset) {
	serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A start may take longer than the listener gives an answer; the reset has a bound of its own.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
		began, name := time.Now(), r.PathValue("name")
		done, known := reset(r.Context(), name)
		status := http.StatusOK
		switch {
		case known != nil:
			done = ResetDone{Backend: name[:min(len(name), nameShown)]}
			done.Problem = fmt.Sprintf("no backend is called %q; config has %s", done.Backend, strings.Join(known, ", "))
			status = http.StatusNotFound
		case !done.OK:
			status = http.StatusServiceUnavailable
		}
		done.TookMS = time.Since(began).Milliseconds()
		show(w, r, status, done)
	})
	mux.Handle("POST /backends/{name}/reset", http.NewCrossOriginProtection().Handler(serve))
}
