// SPDX-License-Identifier: Apache-2.0

package orderhooks

// The shapes name what is read of a body, all of it by its exact name. What is left
// out, such as the buyer's name and address, cannot be logged.

// orderBody is the body of orders/create and orders/cancelled ("Order").
type orderBody struct {
	ID          int64
	GlobalID    text // admin_graphql_api_id, which says what kind of thing the body is
	Test        bool
	Currency    text    // the shop's, in which points are earned; the buyer may have seen another
	TotalPrice  decimal // when it was placed. current_total_price sinks with refunds and is nothing after a cancellation.
	CreatedAt   text
	CancelledAt text
	Customer    *numbered
	Notes       attributes // note_attributes, which a cart's attributes become
	Lines       []lineItem
	Discounts   lenient[discount] // discount_applications
}

func (b *orderBody) UnmarshalJSON(raw []byte) error {
	return fill(raw, map[string]any{
		"id": &b.ID, "admin_graphql_api_id": &b.GlobalID, "test": &b.Test, "currency": &b.Currency, "total_price": &b.TotalPrice, "created_at": &b.CreatedAt,
		"cancelled_at": &b.CancelledAt, "customer": &b.Customer, "note_attributes": &b.Notes, "line_items": &b.Lines,
		"discount_applications": &b.Discounts,
	})
}

// numbered is something of which only the number is read: the buyer, when the shop knows one.
type numbered struct{ ID int64 }

func (n *numbered) UnmarshalJSON(raw []byte) error { return fill(raw, map[string]any{"id": &n.ID}) }

// lineItem is a line of an order.
type lineItem struct{ Properties attributes }

func (l *lineItem) UnmarshalJSON(raw []byte) error {
	return fill(raw, map[string]any{"properties": &l.Properties})
}

// discount is one that an order was given, of which only what it is called is read.
type discount struct{ Title text }

func (d *discount) UnmarshalJSON(raw []byte) error {
	return fill(raw, map[string]any{"title": &d.Title})
}

// attribute is a name and a value that whoever made the cart has chosen.
type attribute struct{ Name, Value text }

func (a *attribute) UnmarshalJSON(raw []byte) error {
	return fill(raw, map[string]any{"name": &a.Name, "value": &a.Value})
}

// attributes are those of a cart or a line.
type attributes = lenient[attribute]

// refundBody is the body of refunds/create ("Refund").
type refundBody struct {
	ID, OrderID  int64
	GlobalID     text
	CreatedAt    text
	Transactions []transaction
	Lines        []refundLine
	Adjustments  []adjustment
	Duties       moneySet // total_duties_set, which says the shop's currency where nothing else does
}

func (b *refundBody) UnmarshalJSON(raw []byte) error {
	return fill(raw, map[string]any{
		"id": &b.ID, "order_id": &b.OrderID, "admin_graphql_api_id": &b.GlobalID, "created_at": &b.CreatedAt, "transactions": &b.Transactions,
		"refund_line_items": &b.Lines, "order_adjustments": &b.Adjustments, "total_duties_set": &b.Duties,
	})
}

// transaction is a movement of money, in the currency that the buyer paid in.
type transaction struct {
	Kind, Status, Currency text
	Amount                 decimal
	Test                   bool
}

func (t *transaction) UnmarshalJSON(raw []byte) error {
	return fill(raw, map[string]any{"kind": &t.Kind, "status": &t.Status, "currency": &t.Currency, "amount": &t.Amount, "test": &t.Test})
}

// refundLine is what was given back for goods. The plain amounts are JSON numbers in
// the shop's currency, those of the sets exact text.
type refundLine struct {
	Subtotal, TotalTax       decimal
	SubtotalSet, TotalTaxSet moneySet
}

func (l *refundLine) UnmarshalJSON(raw []byte) error {
	return fill(raw, map[string]any{
		"subtotal": &l.Subtotal, "total_tax": &l.TotalTax, "subtotal_set": &l.SubtotalSet, "total_tax_set": &l.TotalTaxSet,
	})
}

// adjustment is what a refund is more, below zero, or less than its lines: shipping, or
// what somebody typed in.
type adjustment struct {
	Amount, TaxAmount       decimal
	AmountSet, TaxAmountSet moneySet
}

func (a *adjustment) UnmarshalJSON(raw []byte) error {
	return fill(raw, map[string]any{
		"amount": &a.Amount, "tax_amount": &a.TaxAmount, "amount_set": &a.AmountSet, "tax_amount_set": &a.TaxAmountSet,
	})
}

// moneySet is an amount in the shop's currency; what the buyer saw of it is left out.
type moneySet struct{ Shop shopMoney }

func (m *moneySet) UnmarshalJSON(raw []byte) error {
	return fill(raw, map[string]any{"shop_money": &m.Shop})
}

type shopMoney struct {
	Amount   decimal
	Currency text
}

func (m *shopMoney) UnmarshalJSON(raw []byte) error {
	return fill(raw, map[string]any{"amount": &m.Amount, "currency_code": &m.Currency})
}

// privacyBody is the body of the three topics of privacy ("Privacy law compliance").
type privacyBody struct {
	ShopID      int64
	ShopDomain  text
	Customer    *numbered
	Requested   []int64 // orders_requested, of customers/data_request
	ToRedact    []int64 // orders_to_redact, of customers/redact
	DataRequest *numbered
}

func (b *privacyBody) UnmarshalJSON(raw []byte) error {
	return fill(raw, map[string]any{
		"shop_id": &b.ShopID, "shop_domain": &b.ShopDomain, "customer": &b.Customer, "orders_requested": &b.Requested,
		"orders_to_redact": &b.ToRedact, "data_request": &b.DataRequest,
	})
}
