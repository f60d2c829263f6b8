// SPDX-License-Identifier: Apache-2.0

package poq

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cartage-dev/cartage/adapters/inbound/httpserver"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// The time one call may take: Poq documents no limit of its own.
const (
	BudgetDefault = 2 * time.Second
	BudgetMax     = 5 * time.Second
)

// secretsMax is how many secrets are good at a time: the one in use and the one to come.
const secretsMax = 2

// Shop is one shop's endpoint.
type Shop struct {
	ID shop.ID
	// Path is of the cart transfer endpoint; orders are beside it, at orders/{reference}.
	Path string
	// Secrets are one or two. Poq presents one of them as a Bearer token or as the
	// password of Basic.
	Secrets []secret.Text
	// OrdersSecrets open the orders; without any, orders are not served.
	OrdersSecrets []secret.Text
	// CustomerHeader carries the token of a signed-in shopper; empty: none does.
	CustomerHeader string
	// AllowIPs are those that either endpoint answers; none: all.
	AllowIPs []netip.Prefix
	// Budget is for one call: BudgetDefault when it is zero, never more than BudgetMax.
	Budget time.Duration
}

// Options are what a Handler is made of. Registerer may be nil, Now is time.Now
// by default, and Orders may be nil when no shop serves them.
type Options struct {
	Shops      []Shop
	Transfer   inbound.CartTransfer
	Orders     inbound.OrderLookup
	Logger     *slog.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
}

// Handler serves the endpoints of every shop.
type Handler struct {
	shops    []Shop
	transfer inbound.CartTransfer
	orders   inbound.OrderLookup
	log      *slog.Logger
	now      func() time.Time
	figures  figures
}

// New refuses a shop without a secret or with a path that cannot be served, and
// two shops that would answer at one path.
func New(o Options) (*Handler, error) {
	if o.Transfer == nil || o.Logger == nil {
		return nil, errors.New("poq: a transfer and a logger are needed")
	}
	h := &Handler{transfer: o.Transfer, orders: o.Orders, log: o.Logger, now: o.Now}
	if h.now == nil {
		h.now = time.Now
	}
	taken := map[string]shop.ID{}
	for _, s := range o.Shops {
		if err := s.check(o.Orders != nil); err != nil {
			return nil, fmt.Errorf("poq shop %s: %w", s.ID, err)
		}
		for _, p := range s.paths() {
			if other, is := taken[p]; is {
				return nil, fmt.Errorf("poq shop %s: path %s is already served, for shop %s", s.ID, p, other)
			}
			taken[p] = s.ID
		}
		if s.Budget == 0 {
			s.Budget = BudgetDefault
		}
		s.Budget = min(s.Budget, BudgetMax)
		h.shops = append(h.shops, s)
	}
	h.figures = newFigures(o.Registerer, h.shops)
	return h, nil
}

// Register serves every shop's endpoints on mux.
func (h *Handler) Register(mux *http.ServeMux) {
	for _, s := range h.shops {
		httpserver.Handle(mux, s.Path, h.transferEndpoint(s))
		if len(s.OrdersSecrets) > 0 {
			httpserver.Handle(mux, s.ordersPath(), h.ordersEndpoint(s))
		}
	}
}

func (s Shop) check(ordersOffered bool) error {
	switch {
	case !strings.HasPrefix(s.Path, "/"):
		return errors.New("the path must start with /")
	case s.Path == "/" || path.Clean(s.Path) != s.Path || strings.ContainsAny(s.Path, "{}?#% \t"):
		return errors.New("the path must be a plain one, without wildcards, escapes, a query or a slash at its end")
	case len(s.Secrets) == 0:
		return errors.New("a secret is needed")
	case len(s.Secrets) > secretsMax || len(s.OrdersSecrets) > secretsMax:
		return fmt.Errorf("at most %d secrets may be good at a time", secretsMax)
	case len(s.OrdersSecrets) > 0 && !ordersOffered:
		return errors.New("orders have secrets, and nobody to look them up")
	case http.CanonicalHeaderKey(s.CustomerHeader) == "Authorization":
		return errors.New("the customer's token needs a header of its own: Authorization carries the secret")
	case s.Budget < 0:
		return errors.New("the budget must not be negative")
	}
	for _, t := range append(append([]secret.Text(nil), s.Secrets...), s.OrdersSecrets...) {
		if t.Empty() {
			return errors.New("a secret must not be empty")
		}
	}
	return nil
}

// paths are the patterns that the shop is served at.
func (s Shop) paths() []string {
	if len(s.OrdersSecrets) == 0 {
		return []string{s.Path}
	}
	return []string{s.Path, s.ordersPath()}
}

func (s Shop) ordersPath() string { return path.Join(path.Dir(s.Path), "orders", "{reference}") }
