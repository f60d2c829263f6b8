// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/core/money"
)

// till is a Shopify till: what stands on its screen, the order that is open and the one
// that was sold last.
type till struct {
	wire          *tillWire
	shopName, app string
	at            config.ShopifyShop
	appID         string
	posPath       string
	hooksPath     string
	percentScale  int64
	customer      int64 // of new orders
	currency      money.Currency
	locale        string
	now           func() time.Time
	text          io.Writer
	seen          func(exchange) // beside what text is told; nil for nothing

	step   string // the command at work
	screen *tillScreen
	open   *basket
	sold   *sale
	last   *exchange
	deed   func(exchange) error // what an answer to the last call means
}

// tillBody is the body of the three calls, in the order that the guide's examples have.
type tillBody struct {
	ActionID   string   `json:"action_id,omitempty"`
	CustomerID int64    `json:"customer_id,omitempty"`
	Locale     string   `json:"locale"`
	Templates  []string `json:"supported_templates"`
	Actions    []string `json:"supported_actions"`
	Currency   string   `json:"currency_code"`
	ShopID     int      `json:"shop_id"`
	Domain     string   `json:"shopify_domain"`
}

func (t *till) call(what, action string) tillCall {
	body := tillBody{
		ActionID: action, CustomerID: t.open.customer, Locale: t.locale, Templates: tillTemplates, Actions: tillActions,
		Currency: string(t.currency), ShopID: t.at.ShopID, Domain: t.at.Domain,
	}
	return tillCall{what: what, step: t.step, path: t.posPath + "/" + what, body: asJSON(body)}
}

// asJSON is the bytes that are signed, which nothing may change any more.
func asJSON(body any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(body) // shapes of ours, which always can be
	return bytes.TrimSpace(b.Bytes())
}

// do sends a call, and does what its answer means.
func (t *till) do(ctx context.Context, c tillCall, deed func(exchange) error) error {
	return t.take(t.wire.send(ctx, c), deed)
}

func (t *till) take(e exchange, deed func(exchange) error) error {
	t.last, t.deed = &e, deed
	t.printExchange(e)
	if t.seen != nil {
		t.seen(e)
	}
	if e.problem != nil {
		return &notDone{e}
	}
	return deed(e)
}

// notDone is a step that was answered otherwise than with what it asked for.
type notDone struct{ exchange }

func (n *notDone) Error() string { return n.call.what + ": " + n.problem.Error() }

var (
	errNoOrder = errors.New("no order is open: new begins one")
	errNoSale  = errors.New("nothing was sold yet: sale completes the open order")
	errNoCall  = errors.New("nothing was sent yet")
)

// begin starts an order; one that is open is abandoned first, as on a till.
func (t *till) begin(ctx context.Context, customer int64) error {
	if err := t.abandon(ctx); err != nil && !errors.Is(err, errNoOrder) {
		return err
	}
	t.open = newBasket(customer, t.currency)
	return t.promotions(ctx)
}

// change puts another customer on the cart. Whether a till takes discounts off first is
// not documented; this one does not, which is the harder case for a host.
func (t *till) change(ctx context.Context, customer int64) error {
	if t.open == nil {
		return errNoOrder
	}
	t.open.customer = customer
	return t.promotions(ctx)
}

func (t *till) promotions(ctx context.Context) error {
	t.screen = nil // what the customer before was offered
	return t.do(ctx, t.call("promotions", ""), t.show)
}

// show takes an answer's screen over.
func (t *till) show(e exchange) error {
	t.screen = e.screen
	t.printCard()
	return nil
}

// offer is the n-th on the screen.
func (t *till) offer(n int) (tillOffer, error) {
	switch {
	case t.open == nil:
		return tillOffer{}, errNoOrder
	case t.screen == nil || len(t.screen.Actions) == 0:
		return tillOffer{}, errors.New("there is nothing to tap on the screen")
	case n < 1 || n > len(t.screen.Actions):
		return tillOffer{}, fmt.Errorf("there is no offer %d on the screen, only %s", n, upTo(len(t.screen.Actions)))
	}
	return t.screen.Actions[n-1], nil
}

func (t *till) tap(ctx context.Context, n int) error {
	o, err := t.offer(n)
	if err != nil {
		return err
	}
	return t.do(ctx, t.call("perform_action", o.ActionID), t.performed(o))
}

func (t *till) performed(o tillOffer) func(exchange) error {
	cart := t.open
	return func(e exchange) error {
		if err := cart.add(o, t.percentScale); err != nil {
			return err
		}
		return t.show(e)
	}
}

// tapTwice sends the same at once, as two fingers or two tills do. Points must be held once.
func (t *till) tapTwice(ctx context.Context, n int) error {
	o, err := t.offer(n)
	if err != nil {
		return err
	}
	c := t.call("perform_action", o.ActionID)
	came := make(chan exchange)
	go func() { came <- t.wire.send(ctx, c) }()
	first := t.wire.send(ctx, c)
	second := <-came
	quiet := func(exchange) error { return nil }
	err = t.take(first, quiet)
	if err := errors.Join(err, t.take(second, t.performed(o))); err != nil {
		return err
	}
	if first.screen.Balance != second.screen.Balance {
		return fmt.Errorf("the two answers differ: a balance of %s and one of %s", first.screen.Balance, second.screen.Balance)
	}
	t.say("  Both were answered alike: the points are held once.")
	return nil
}

// revert takes the n-th discount off the cart, or the last one when n is 0.
func (t *till) revert(ctx context.Context, n int) error {
	switch {
	case t.open == nil:
		return errNoOrder
	case len(t.open.discounts) == 0:
		return errors.New("there is no discount on the cart")
	case n == 0:
		n = len(t.open.discounts)
	case n < 0 || n > len(t.open.discounts):
		return fmt.Errorf("there is no discount %d on the cart, only %s", n, upTo(len(t.open.discounts)))
	}
	return t.undo(ctx, t.open.discounts[n-1].ActionID, t.show)
}

func (t *till) undo(ctx context.Context, id string, then func(exchange) error) error {
	cart := t.open
	err := t.do(ctx, t.call("revert_action", id), func(e exchange) error {
		cart.remove(id)
		return then(e)
	})
	if n, is := errors.AsType[*notDone](err); is && n.status == http.StatusNotFound {
		cart.remove(id) // there is nothing that could be taken back later
	}
	return err
}

// abandon drops the open order; the till has every discount on it reverted.
func (t *till) abandon(ctx context.Context) error {
	if t.open == nil {
		return errNoOrder
	}
	for _, d := range slices.Clone(t.open.discounts) {
		if err := t.undo(ctx, d.ActionID, func(exchange) error { return nil }); err != nil {
			return err
		}
	}
	t.open, t.screen = nil, nil
	t.say("  The order is abandoned.")
	return nil
}

// retry sends the last request once more, byte for byte: a second tap, or a webhook's next delivery.
func (t *till) retry(ctx context.Context) error {
	if t.last == nil {
		return errNoCall
	}
	c := t.last.call
	c.step = t.step
	return t.do(ctx, c, t.deed)
}

// expect holds the screen's balance, or the last status, to what a script says.
func (t *till) expect(what, want string) error {
	var got string
	switch {
	case what == "balance" && t.screen == nil:
		return errors.New("there is no balance on the screen")
	case what == "balance":
		got = t.screen.Balance
	case what == "status" && t.last == nil:
		return errNoCall
	case what == "status":
		got = fmt.Sprint(t.last.status)
	default:
		return errors.New("write expect balance N or expect status N")
	}
	if got != want {
		return fmt.Errorf("the %s is %s, and %s was expected", what, plain(got), plain(want))
	}
	t.say("  The %s is %s, as expected.", what, want)
	return nil
}

func (t *till) say(format string, args ...any) { _, _ = fmt.Fprintf(t.text, format+"\n", args...) }

func upTo(n int) string {
	if n == 1 {
		return "1"
	}
	return fmt.Sprintf("1 to %d", n)
}
