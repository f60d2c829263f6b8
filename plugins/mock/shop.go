// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"slices"

	"github.com/cartage-dev/cartage/plugins/mock/picture"
	"github.com/cartage-dev/cartage/plugins/sdk"
)

//go:embed web
var web embed.FS

// formMax bounds the body of a form, in bytes.
const formMax = 16 << 10

// policy lets a page load its own style, script and pictures, post to its own
// shop, and nothing else.
const policy = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// shop is the web shop. Everything it serves is made when it opens, but for what depends on a cart.
type shop struct {
	kept       *state
	currencies []sdk.Currency
	log        *slog.Logger
	pages      map[string]*template.Template
	files      map[string]file // by path
}

// file is a picture, style or script.
type file struct {
	body []byte
	kind string
	tag  string // of this version of it
}

func newShop(kept *state, set settings, log *slog.Logger) (*shop, error) {
	s := &shop{kept: kept, currencies: set.Currencies, log: log, pages: map[string]*template.Template{}, files: map[string]file{}}
	for name, kind := range map[string]string{
		"shop.css": "text/css; charset=utf-8", "poq-bridge.js": "text/javascript; charset=utf-8",
		"poq-page.js": "text/javascript; charset=utf-8", "checkout.js": "text/javascript; charset=utf-8", "favicon.svg": "image/svg+xml",
	} {
		body, err := web.ReadFile("web/" + name)
		if err != nil {
			return nil, err
		}
		s.add("/assets/"+name, kind, body)
	}
	for _, section := range catalogue {
		for _, p := range section.Products {
			drawn, err := picture.Draw(p.Scene)
			if err != nil {
				return nil, fmt.Errorf("picture of %s: %w", p.SKU, err)
			}
			s.add(pictureOf(p.SKU), "image/svg+xml", drawn)
		}
	}
	return s, s.readPages()
}

func (s *shop) add(at, kind string, body []byte) {
	sum := sha256.Sum256(body)
	s.files[at] = file{body, kind, hex.EncodeToString(sum[:8])}
}

// readPages gives each page the layout and the parts that all pages share.
func (s *shop) readPages() error {
	shared, err := template.New("shop").Funcs(template.FuncMap{
		"asset": func(at string) string { return at + "?v=" + s.files[at].tag }, "price": price, "postage": postage, "picture": pictureOf, "shownField": shownField,
	}).ParseFS(web, "web/layout.html", "web/parts.html")
	if err != nil {
		return err
	}
	names, err := fs.Glob(web, "web/page-*.html")
	if err != nil {
		return err
	}
	for _, name := range names {
		page, err := shared.Clone()
		if err == nil {
			page, err = page.ParseFS(web, name)
		}
		if err != nil {
			return err
		}
		s.pages[path.Base(name)] = page
	}
	return nil
}

// handler is the shop's door.
func (s *shop) handler(publicURL string) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.showCatalogue)
	mux.HandleFunc("GET /product/{sku}", s.showProduct)
	mux.HandleFunc("GET /cart/{id}", s.showCart)
	mux.HandleFunc("GET /checkout/{id}", s.showCheckout)
	mux.HandleFunc("POST /checkout/{id}", s.order)
	mux.HandleFunc("GET /confirmation/{token}", s.showConfirmation)
	mux.HandleFunc("POST /poq-message", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for at := range s.files {
		mux.HandleFunc("GET "+at, s.sendFile)
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) { s.apologise(w, r, http.StatusNotFound, lostPage) })
	sameSite := http.NewCrossOriginProtection()
	if err := sameSite.AddTrustedOrigin(publicURL); err != nil { // a proxy may have another idea of the host
		return nil, fmt.Errorf("trust %s: %w", publicURL, err)
	}
	bounded := http.MaxBytesHandler(sameSite.Handler(mux), formMax)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Robots-Tag", "noindex, nofollow")
		h.Set("Cache-Control", "no-store")
		bounded.ServeHTTP(w, r)
	}), nil
}

func (s *shop) sendFile(w http.ResponseWriter, r *http.Request) {
	f := s.files[r.URL.Path]
	w.Header().Set("Content-Type", f.kind)
	w.Header().Set("ETag", `"`+f.tag+`"`)
	w.Header().Set("Cache-Control", "public, max-age=3600")
	if r.URL.Query().Get("v") == f.tag {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == `"`+f.tag+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(f.body) // whoever went away needs no picture
}

// show writes a page once all of it is made, so that a page is never half there.
func (s *shop) show(w http.ResponseWriter, r *http.Request, status int, name string, page any) {
	var body bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&body, "layout", page); err != nil {
		s.log.ErrorContext(r.Context(), "page cannot be made", "page", name, "cause", err)
		http.Error(w, "This page cannot be shown.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

// currency is what the catalogue shows prices in.
func (s *shop) currency(r *http.Request) sdk.Currency {
	if asked := sdk.Currency(r.URL.Query().Get("currency")); slices.Contains(s.currencies, asked) {
		return asked
	}
	return s.currencies[0]
}

func pictureOf(sku string) string { return "/pictures/" + sku + ".svg" }
