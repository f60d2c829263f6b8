// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"mime"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/secret"
)

// customerTokenMax bounds a shopper's token.
const customerTokenMax = 4 << 10

// checkMethod allows one method only: a HEAD would have the backend's work done for nothing.
func checkMethod(r *http.Request, allowed string) error {
	if r.Method == allowed {
		return nil
	}
	return fault.New(fault.Invalid, methodNotAllowed, "only %s is served here", allowed).By(fault.Caller)
}

// checkMediaType lets JSON in, also when nobody says that it is JSON. A body in
// some other coding is not inflated: what comes out of it has no bound.
func checkMediaType(h http.Header) error {
	types := h.Values("Content-Type")
	media, params, err := "application/json", map[string]string(nil), error(nil)
	if len(types) > 0 {
		media, params, err = mime.ParseMediaType(types[0])
	}
	charset, coding := params["charset"], strings.Join(h.Values("Content-Encoding"), ",")
	if err == nil && len(types) <= 1 && media == "application/json" &&
		(charset == "" || strings.EqualFold(charset, "utf-8")) && (coding == "" || strings.EqualFold(coding, "identity")) {
		return nil
	}
	return fault.New(fault.Invalid, unsupportedMediaType, "the body must be plain application/json").By(fault.Caller)
}

// admit checks where a request comes from and which secret it knows.
func (h *Handler) admit(r *http.Request, s Shop, door string, secrets []secret.Text) error {
	if !comesFrom(httpserver.ClientIP(r), s.AllowIPs) {
		return fault.New(fault.Denied, "", "the address is not on the shop's list").By(fault.Caller)
	}
	slot := known(secrets, presented(r))
	if slot < 0 {
		return fault.New(fault.Unauthenticated, "", "no secret of the shop was presented").By(fault.Caller)
	}
	h.figures.secretUsed(s.ID, door, slot).Inc()
	return nil
}

func comesFrom(client netip.Addr, allowed []netip.Prefix) bool {
	return len(allowed) == 0 || slices.ContainsFunc(allowed, func(p netip.Prefix) bool { return p.Contains(client) })
}

// presented is the secret as the request's one Authorization header has it, and
// empty when there is none.
func presented(r *http.Request) string {
	if token, ok := httpserver.Bearer(r); ok {
		return token
	}
	if len(r.Header.Values("Authorization")) != 1 {
		return ""
	}
	_, password, _ := r.BasicAuth() // the user's name is not agreed on and says nothing
	return password
}

// known is the slot of the secret that was presented, or -1. Every secret is
// compared, so that the time says nothing about which one it was.
func known(secrets []secret.Text, text string) int {
	slot := -1
	for i, s := range slices.Backward(secrets) {
		if s.Equal(text) {
			slot = i
		}
	}
	return slot
}

// customerToken is the token of a signed-in shopper, without its scheme, and
// empty for a guest.
func customerToken(h http.Header, name string) (string, error) {
	values := h.Values(name)
	if name == "" || len(values) == 0 {
		return "", nil
	}
	token := values[0]
	if scheme, rest, _ := strings.Cut(token, " "); strings.EqualFold(scheme, "Bearer") {
		token = strings.TrimLeft(rest, " ")
	}
	reason := ""
	switch {
	case len(values) > 1:
		reason = "given_twice"
	case len(token) > customerTokenMax:
		reason = "too_long"
	case strings.ContainsFunc(token, func(c rune) bool { return c < '!' || c > '~' }):
		reason = "malformed"
	default:
		return token, nil
	}
	return "", fault.New(fault.Invalid, invalidCustomerToken, "the shopper's token cannot be passed on").By(fault.Caller).
		With(fault.Field{Path: http.CanonicalHeaderKey(name), Reason: reason})
}
