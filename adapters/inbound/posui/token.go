// SPDX-License-Identifier: Apache-2.0

package posui

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/adapters/inbound/shopifysign"
	"github.com/cartage-dev/cartage/core/shop"
)

// The bounds of tokens.
const (
	tokenMax   = 4 << 10          // bytes; Shopify's have less than 1,000
	tokenIDMax = 128              // bytes of a jti
	leeway     = 10 * time.Second // between Shopify's clock and ours
)

// The bounds of forging, for each client (design: security S01).
const (
	forgeriesMax = 20    // per minute
	triesMax     = 1_000 // at once; all tills of a store may share one address
)

// Why a token is no good, as logs and figures say it.
const (
	notSent       = "not_sent"
	malformed     = "malformed"
	forged        = "forged"
	wrongAudience = "wrong_audience"
	lacksClaims   = "lacks_claims"
	expired       = "expired"
	notYet        = "not_yet"
	wrongShop     = "wrong_shop"
	replayed      = "replayed"
)

var (
	errAudience = errors.New("the token is meant for none of our apps")
	errCritical = errors.New("the token has extensions that nobody here understands")
	errNoSecret = errors.New("the app has no other secret")
)

// claims are those of a session token that are looked at.
type claims struct {
	jwt.RegisteredClaims
	Dest string `json:"dest"` // the shop; iss is its admin
}

// identity is who asks.
type identity struct {
	app    *app
	shop   shop.ID
	token  string // its jti
	issued time.Time
}

// newParser pins the method: a token says of itself how it is signed, and must not choose.
func newParser(now func() time.Time) *jwt.Parser {
	return jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}), jwt.WithStrictDecoding(), jwt.WithTimeFunc(now),
		jwt.WithLeeway(leeway), jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithIssuedAt(),
	)
}

// bearer is the request's token. One that an extension was not given is no token, also where
// a program wrote its nothing down as a word.
func bearer(r *http.Request) (token, why string) {
	given := r.Header.Values("Authorization")
	if len(given) == 0 {
		return "", notSent
	}
	token, ok := httpserver.Bearer(r)
	scheme, rest, _ := strings.Cut(given[0], " ")
	nothing := len(given) == 1 && strings.EqualFold(scheme, "Bearer") && strings.Trim(rest, " ") == ""
	switch {
	case nothing, ok && (token == "null" || token == "undefined"):
		return "", notSent
	case !ok || len(token) > tokenMax:
		return "", malformed
	}
	return token, ""
}

// identify says whose a token is, or why it is no good.
func (h *Handler) identify(token string) (who identity, why string) {
	c, a, slot, why := h.verified(token)
	if why != "" {
		return identity{app: a}, why
	}
	who = identity{app: a, token: c.ID}
	if c.IssuedAt == nil || c.ID == "" || len(c.ID) > tokenIDMax {
		return who, lacksClaims
	}
	who.issued = c.IssuedAt.Time
	domain := host(c.Dest)
	at, installed := a.installed[domain]
	if !installed || host(c.Issuer) != domain {
		return who, wrongShop
	}
	who.shop = at
	h.figures.secretUsed(a, slot).Inc()
	return who, ""
}

// verified reads a token under the secrets of the app that it says it is meant for; slot is the place of
// the one that signed it.
func (h *Handler) verified(token string) (c *claims, a *app, slot int, why string) {
	for slot = range shopifysign.SecretsMax {
		c, a = &claims{}, nil
		_, err := h.parser.ParseWithClaims(token, c, func(t *jwt.Token) (any, error) {
			if _, critical := t.Header["crit"]; critical {
				return nil, errCritical
			}
			if len(c.Audience) == 1 {
				a = h.clients[c.Audience[0]]
			}
			switch {
			case a == nil:
				return nil, errAudience
			case slot >= len(a.Secrets):
				return nil, errNoSecret
			}
			return []byte(a.Secrets[slot].Reveal()), nil
		})
		if err == nil {
			return c, a, slot, ""
		}
		if why = whyNot(err); why != forged {
			break
		}
	}
	return nil, a, 0, why
}

// whyNot reads the parser's errors, of which there may be several.
func whyNot(err error) string {
	for _, known := range []struct {
		is  error
		why string
	}{
		{errAudience, wrongAudience},
		{errNoSecret, forged},
		{jwt.ErrTokenSignatureInvalid, forged},
		{jwt.ErrTokenRequiredClaimMissing, lacksClaims},
		{jwt.ErrTokenExpired, expired},
		{jwt.ErrTokenNotValidYet, notYet},
		{jwt.ErrTokenUsedBeforeIssued, notYet},
	} {
		if errors.Is(err, known.is) {
			return known.why
		}
	}
	return malformed
}

// host is whose an address is, and nothing for one that Shopify does not write.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasSuffix(u.Host, shopifysign.Domains) {
		return ""
	}
	return u.Host
}
