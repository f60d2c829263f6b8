// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/app/e2e/bench/httpcart"
)

// commerce is the measured commerce system: a process of its own, so that its CPU is
// not counted, which answers at once.
type commerce struct {
	url   string
	mu    sync.Mutex
	next  int
	carts map[string]httpcart.Cart
}

// cartsMax bounds what the shop remembers: a cart is read within its own transfer.
const cartsMax = 10_000

func runShop(listen string) error {
	s := &commerce{url: "http://" + listen, carts: map[string]httpcart.Cart{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /carts", s.create)
	mux.HandleFunc("POST /carts/{id}/lines", s.fill)
	mux.HandleFunc("PUT /carts/{id}/reference", func(w http.ResponseWriter, _ *http.Request) { reply(w, struct{}{}) })
	mux.HandleFunc("GET /carts/{id}", s.show)
	mux.HandleFunc("GET /carts/{id}/checkout", s.show)
	server := &http.Server{Addr: listen, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	_, _ = fmt.Fprintln(os.Stderr, "shop at", listen)
	return server.ListenAndServe()
}

func (s *commerce) create(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	delete(s.carts, strconv.Itoa(s.next-cartsMax))
	made := httpcart.Cart{ID: strconv.Itoa(s.next), Checkout: s.url + "/checkout/" + strconv.Itoa(s.next)}
	s.carts[made.ID] = made
	reply(w, made)
}

func (s *commerce) fill(w http.ResponseWriter, r *http.Request) {
	var lines []httpcart.Line
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&lines); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for i := range lines {
		lines[i].Title, lines[i].Unit = "A thing called "+lines[i].SKU, 1_299
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	filled := s.carts[r.PathValue("id")]
	filled.Lines = lines
	s.carts[filled.ID] = filled
	reply(w, struct{}{})
}

func (s *commerce) show(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reply(w, s.carts[r.PathValue("id")])
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}
