// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"encoding/json"
	"io"
	"net/http"
)

// Readable is what people read as text and programs as JSON.
type Readable interface {
	WriteText(w io.Writer) error
}

// RegisterReport serves GET path with what report says at the moment; ?output=json
// as JSON.
func RegisterReport(mux *http.ServeMux, path string, report func() Readable) {
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		show(w, r, http.StatusOK, report())
	})
}

// show writes v as the request's query asks for it.
func show(w http.ResponseWriter, r *http.Request, status int, v Readable) {
	if r.URL.Query().Get("output") == "json" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_ = v.WriteText(w)
}
