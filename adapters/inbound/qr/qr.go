// SPDX-License-Identifier: Apache-2.0

package qr

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/secret"
)

// Options are what Codes are made of; all are needed.
type Options struct {
	// Keys sign addresses, one or two of 32 bytes or more, the newest first. The first
	// signs, each may have signed.
	Keys []secret.Text
	// PublicURL is what stands before the path of an address.
	PublicURL string
}

// Codes serve QR codes. They may be used concurrently.
type Codes struct {
	keys   []secret.Text
	public string
	now    func() time.Time
}

// New makes Codes, or says which option is wrong.
func New(o Options) (*Codes, error) {
	if n := len(o.Keys); n < 1 || n > keysMax {
		return nil, fault.New(fault.Invalid, "", "%d keys to sign addresses of codes with, not 1 to %d", n, keysMax)
	}
	for i, k := range o.Keys {
		if len(k.Reveal()) < keyMin {
			return nil, fault.New(fault.Invalid, "", "key %d to sign addresses of codes with has less than %d bytes", i+1, keyMin)
		}
	}
	u, err := url.Parse(o.PublicURL)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fault.New(fault.Invalid, "", "addresses of codes would not begin with the URL of a host")
	}
	return &Codes{keys: o.Keys, public: strings.TrimRight(o.PublicURL, "/"), now: time.Now}, nil
}

// cacheMax is how long an answer may be kept.
const cacheMax = 5 * time.Minute

// Serve answers r, a GET or HEAD, with the code of text, which is ASCII that prints, 1 to
// TextMax bytes of it. signed is what Signed said of r, and lets caches that are shared
// keep the answer. A fault has answered nothing yet: Invalid names what is wrong with the
// query, all at once; Internal is a text that cannot be drawn.
func (c *Codes) Serve(w http.ResponseWriter, r *http.Request, text string, signed bool) error {
	ask, err := read(r, signed)
	if err != nil {
		return err
	}
	tag := etag(text, ask)
	same, whatever := noneMatch(r.Header, tag)
	var d drawing
	if !same { // else it was drawn once
		if d, err = draw(text, ask.style); err != nil {
			return err
		}
	}
	head := w.Header()
	head.Set("Vary", "Accept, Authorization")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if ask.format == asJSON {
		_ = httpserver.WriteJSON(w, http.StatusOK, c.addresses(r, text)) // it has JSON; a lost connection is nobody's fault
		return nil
	}
	head.Set("ETag", tag)
	head.Set("Cache-Control", c.cacheControl(r, signed))
	if same || whatever {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body := d.as(ask.format)
	head.Set("Content-Type", mediaTypes[ask.format])
	head.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
	return nil
}

// cacheControl lets nobody keep what a signed address gave for longer than the address is good.
func (c *Codes) cacheControl(r *http.Request, signed bool) string {
	who, age := "private", cacheMax
	if signed {
		exp, _ := instant(r.URL.Query().Get("exp"))
		who, age = "public", max(0, min(age, exp.Sub(c.now())))
	}
	return who + ", max-age=" + strconv.Itoa(int(age/time.Second))
}
