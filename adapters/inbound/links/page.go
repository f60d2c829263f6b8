// SPDX-License-Identifier: Apache-2.0

package links

import (
	"bytes"
	_ "embed" // the page's markup
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
)

//go:embed page.html
var markup string

var layout = template.Must(template.New("page").Parse(markup))

// page is a whole answer in HTML.
type page struct {
	status int
	title  string
	text   string
	form   *form
}

// form is what a POST page sends on.
type form struct {
	Action string
	Origin string // the one place that the page may send a form to
	Inputs []input
}

type input struct{ Name, Value string }

// The pages that explain. Each says what the shopper can do, which is the same
// whatever happened: the app makes a new link of the same cart.
var (
	unknown = page{status: http.StatusNotFound, title: "This link does not work",
		text: "It may have expired. Please go back to the app and tap checkout again."}
	ended = page{status: http.StatusGone, title: "This link no longer works",
		text: "It was already used, or the cart has changed since. Please go back to the app and tap checkout again."}
	broken = page{status: http.StatusServiceUnavailable, title: "Checkout is not available right now",
		text: "Please wait a moment, then go back to the app and tap checkout again."}
	tooOften = page{status: http.StatusTooManyRequests, title: "Too many tries",
		text: "Please wait a minute, then go back to the app and tap checkout again."}
	notServed = page{status: http.StatusMethodNotAllowed, title: "This link has to be opened",
		text: "Please go back to the app and tap checkout again."}
)

// formPage lets the shopper send the form of a POST target.
func formPage(to handoff.Request) (page, error) {
	at, err := url.Parse(to.URL)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" {
		return page{}, fault.New(fault.Internal, "", "the link leads to no page that a form can be sent to")
	}
	f := &form{Action: to.URL, Origin: at.Scheme + "://" + at.Host}
	for _, name := range slices.Sorted(maps.Keys(to.Form)) {
		for _, value := range to.Form[name] {
			f.Inputs = append(f.Inputs, input{name, value})
		}
	}
	return page{status: http.StatusOK, title: "Your cart is ready", text: "One more step takes you to the shop’s checkout.", form: f}, nil
}

// write answers with the page, which nobody may keep, frame or be referred from.
func (p page) write(w http.ResponseWriter) {
	formAction := "'none'"
	if p.form != nil {
		formAction = p.form.Origin
	}
	var body bytes.Buffer
	err := layout.Execute(&body, map[string]any{"Title": p.title, "Text": p.text, "Form": p.form})
	if err != nil { // the layout is ours and takes every text
		p.status = http.StatusInternalServerError
		body.Reset()
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy",
		"default-src 'none'; style-src 'unsafe-inline'; form-action "+formAction+"; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(p.status)
	_, _ = w.Write(body.Bytes())
}
