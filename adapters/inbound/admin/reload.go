// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Reload takes the operator's config over while the host runs, and says what
// changed. Its error is for the operator to read; nothing has then changed. A
// caller that leaves does not stop it.
type Reload func() (changes []string, err error)

// Reloaded is how a reload went.
type Reloaded struct {
	OK      bool     `json:"ok"`
	Changes []string `json:"changes,omitempty"`
	Problem string   `json:"problem,omitempty"` // a line for each mistake
	TookMS  int64    `json:"took_ms"`
}

// WriteText is a line for each change or mistake, and one that sums up.
func (d Reloaded) WriteText(w io.Writer) error {
	end := fmt.Sprintf("taken over in %d ms", d.TookMS)
	switch {
	case !d.OK:
		end = d.Problem + "\nrefused: nothing was changed"
	case len(d.Changes) == 0:
		end = "nothing to change"
	}
	_, err := io.WriteString(w, strings.Join(append(d.Changes, end), "\n")+"\n")
	return err
}

// RegisterReload serves POST /reload: 200 when config was taken over, 422 when it
// was refused and nothing changed. A page in an operator's browser cannot ask for it.
func RegisterReload(mux *http.ServeMux, reload Reload) {
	serve := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A reload may take longer than the listener gives an answer; it has bounds of its own.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
		began := time.Now()
		changes, err := reload()
		done := Reloaded{OK: err == nil, Changes: changes, TookMS: time.Since(began).Milliseconds()}
		status := http.StatusOK
		if err != nil {
			status, done.Problem = http.StatusUnprocessableEntity, err.Error()
		}
		show(w, r, status, done)
	})
	mux.Handle("POST /reload", http.NewCrossOriginProtection().Handler(serve))
}
