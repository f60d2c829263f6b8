// SPDX-License-Identifier: Apache-2.0

package sdk

import (
	"github.com/cartage-dev/cartage/core/cart"
	core "github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/customer"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/handoff"
	"github.com/cartage-dev/cartage/core/idempotency"
	points "github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/order"
	"github.com/cartage-dev/cartage/core/secret"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/backend"
)

// What a plugin offers, and what it is asked.
type (
	// Info is how a plugin describes itself.
	Info = backend.Info
	// Port names a port that a plugin may offer.
	Port = backend.Port
	// Carts makes, shows and changes carts.
	Carts = backend.Carts
	// Checkout leads a cart to its order.
	Checkout = backend.Checkout
	// Orders finds what became of carts.
	Orders = backend.Orders
	// Loyalty keeps customers' points.
	Loyalty = backend.Loyalty
	// Call is the circumstances of one call: shop, locale, currency, shopper and key.
	Call = backend.Call
	// PutCart is what Carts.Put is asked for.
	PutCart = backend.PutCart
	// PutAnswer is what Carts.Put made.
	PutAnswer = backend.PutAnswer
	// ChangeCart is what Carts.Change is asked for.
	ChangeCart = backend.ChangeCart
	// ChangeAnswer is what Carts.Change made of a cart.
	ChangeAnswer = backend.ChangeAnswer
	// Delivery is what Checkout.Deliver is asked for.
	Delivery = backend.Delivery
	// HandOff is what Checkout.HandOff is asked for.
	HandOff = backend.HandOff
	// Pages say where a shopper goes on with a cart.
	Pages = backend.Pages
	// Movement is what Loyalty.Move is asked for, and what Loyalty.Moved finds.
	Movement = backend.Movement
	// ShopID names a shop in the host's config.
	ShopID = shop.ID
	// IdempotencyKey is the same for every attempt at the same write.
	IdempotencyKey = idempotency.Key
	// Secret is text that no formatter, encoder or logger prints; Reveal does.
	Secret = secret.Text
)

// The ports a plugin may offer.
const (
	PortCarts    = backend.PortCarts    // Ports.Carts
	PortCheckout = backend.PortCheckout // Ports.Checkout
	PortOrders   = backend.PortOrders   // Ports.Orders
	PortLoyalty  = backend.PortLoyalty  // Ports.Loyalty
)

// Carts.
type (
	// Cart is a cart as its backend describes it.
	Cart = cart.Cart
	// CartID names a cart at its backend.
	CartID = cart.ID
	// Line is one thing a backend put into a cart.
	Line = cart.Line
	// Totals are a cart's sums as the backend reckons them.
	Totals = cart.Totals
	// Item is one thing a shopper asks for.
	Item = cart.Item
	// Problem says that one SKU did not come as asked.
	Problem = cart.Problem
	// Reason says in one word why.
	Reason = cart.Reason
	// RefusedCode is a coupon code that was asked for and is not in effect.
	RefusedCode = cart.RefusedCode
	// CodeReason says in one word why.
	CodeReason = cart.CodeReason
)

// The reasons why a SKU did not come as asked.
const (
	UnknownSKU      = cart.UnknownSKU      // no such product here
	OutOfStock      = cart.OutOfStock      // none left
	QuantityReduced = cart.QuantityReduced // fewer than asked for
	NotForSale      = cart.NotForSale      // known, and not sold to this shopper
)

// The reasons why a coupon code is not in effect.
const (
	UnknownCode   = cart.UnknownCode   // no such code here, or the backend says no more than no
	ExpiredCode   = cart.ExpiredCode   // no longer, not yet, or used up
	NotApplicable = cart.NotApplicable // not for what is in this cart or for this shopper
	NotCombinable = cart.NotCombinable // not beside another that is in effect
)

// Checkout.
type (
	// Buyer is who buys a cart.
	Buyer = core.Buyer
	// Address is where goods go; no formatter prints it.
	Address = customer.Address
	// Quote is what a cart costs delivered, as far as is known.
	Quote = core.Quote
	// Option is one way the goods can come.
	Option = core.Option
	// OptionID names an option at its backend.
	OptionID = core.OptionID
)

// Orders.
type (
	// Order is a placed order.
	Order = order.Order
	// OrderID names an order at its backend.
	OrderID = order.ID
	// OrderStatus is where an order stands.
	OrderStatus = order.Status
)

// The statuses of an order.
const (
	Placed    = order.Placed    // the shopper bought it
	Cancelled = order.Cancelled // and it was taken back
)

// Loyalty.
type (
	// Points are whole loyalty points, and no money.
	Points = points.Points
	// CustomerID names a customer at the channel's shop.
	CustomerID = points.CustomerID
	// ChannelOrderID names an order at the channel's shop, as OrderID does at its backend.
	ChannelOrderID = points.OrderID
	// MovementReason says in one word why points move.
	MovementReason = backend.MovementReason
)

// PointsMax is the most points that the host lets one customer own.
const PointsMax = points.PointsMax

// The reasons why points move.
const (
	PointsRedeemed = backend.PointsRedeemed // taken for an offer
	PointsReturned = backend.PointsReturned // given back: the offer was not used, or its order refunded
	PointsEarned   = backend.PointsEarned   // given for an order
	PointsClawed   = backend.PointsClawed   // taken back: what had earned them was refunded
)

// Money.
type (
	// Amount is a number of minor units of one currency, never a float.
	Amount = money.Amount
	// Currency is an ISO 4217 code such as GBP.
	Currency = money.Currency
)

// Of makes an amount of so many minor units: Of(1230, "GBP") is twelve pounds thirty.
func Of(minor int64, c Currency) Amount { return money.Of(minor, c) }

// Zero is no money in the given currency.
func Zero(c Currency) Amount { return money.Zero(c) }

// Sum adds amounts of the one currency c; of none it is Zero(c).
func Sum(c Currency, amounts ...Amount) (Amount, error) { return money.Sum(c, amounts...) }

// ParseAmount reads an exact decimal in major units, such as 12.30.
func ParseAmount(text string, c Currency) (Amount, error) { return money.Parse(text, c) }

// ParseCurrency accepts an active ISO 4217 code in upper case.
func ParseCurrency(code string) (Currency, error) { return money.ParseCurrency(code) }

// Pages of the shop.
type (
	// WebRequest describes the HTTP request that opens a page.
	WebRequest = handoff.Request
	// Method is how the page is asked for.
	Method = handoff.Method
	// Header is one header of the first navigation.
	Header = handoff.Header
	// Cookie is put into the web view before the page loads.
	Cookie = handoff.Cookie
)

// The methods a page can be opened with.
const (
	GET  = handoff.GET  // the usual one
	POST = handoff.POST // sends WebRequest.Form
)

// Faults.
type (
	// Fault is the error that every port returns; any other error counts as the plugin's own bug.
	Fault = fault.Error
	// Kind says what the host may conclude from a fault.
	Kind = fault.Kind
	// Source says whose fault it is.
	Source = fault.Source
	// Field names one thing wrong with a request.
	Field = fault.Field
)

// The kinds of fault. A write that was sent and not answered is Unknown; only
// what was certainly not done is Unavailable.
const (
	Internal        = fault.Internal        // a bug of this plugin
	Invalid         = fault.Invalid         // the request itself is wrong
	NotFound        = fault.NotFound        // what was asked for does not exist
	Conflict        = fault.Conflict        // it exists, in a state that forbids the request
	Denied          = fault.Denied          // known caller, not allowed
	Unauthenticated = fault.Unauthenticated // unknown caller
	Unsupported     = fault.Unsupported     // this backend cannot do that
	Limited         = fault.Limited         // asked too often; see Fault.After
	Unavailable     = fault.Unavailable     // certainly not done
	Unknown         = fault.Unknown         // perhaps done
)

// The sources of a fault, for Fault.By. One that names none is the plugin's.
const (
	SourceCaller  = fault.Caller  // whoever asked the host
	SourceBackend = fault.Backend // the commerce system
	SourcePlugin  = fault.Plugin  // this program
)

// NewFault makes a fault. The code is a stable snake_case word; the message is
// for people and never carries a secret, a foreign body or an address.
func NewFault(kind Kind, code, format string, args ...any) *Fault {
	return fault.New(kind, code, format, args...)
}
