// SPDX-License-Identifier: Apache-2.0

// Package httpcart is an adapter as small as an adapter of a commerce system over
// HTTP can be: five calls to make a cart. The benchmark runs it in process and as a
// plugin, so that nothing differs but the process boundary. It is no example of
// a good adapter: it offers nothing but a measure.
package httpcart

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// Carts makes carts at the commerce system at BaseURL.
type Carts struct {
	BaseURL string
	HTTP    *http.Client
}

var _ sdk.Carts = (*Carts)(nil)

// New keeps connections open, as any adapter would.
func New(baseURL string) *Carts {
	return &Carts{BaseURL: baseURL, HTTP: &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{MaxIdleConns: 64, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute},
	}}
}

// Plugin is the adapter as a plugin process.
func Plugin() sdk.Plugin {
	return sdk.Plugin{
		Info:   sdk.Info{Name: "httpcart", Version: "0.0.1", KeyedWrites: false, Demo: true},
		Offers: []sdk.Port{sdk.PortCarts},
		Configure: func(_ context.Context, c sdk.Config) (sdk.Ports, error) {
			var settings struct {
				BaseURL string `json:"base_url"`
			}
			if err := c.Decode(&settings); err != nil {
				return sdk.Ports{}, err
			}
			return sdk.Ports{Carts: New(settings.BaseURL)}, nil
		},
	}
}

// Line is a line as the measured commerce system sends it.
type Line struct {
	SKU      string `json:"sku"`
	Title    string `json:"title"`
	Quantity int64  `json:"quantity"`
	Unit     int64  `json:"unit"`
}

// Cart is a cart as the measured commerce system sends it.
type Cart struct {
	ID       string `json:"id"`
	Lines    []Line `json:"lines"`
	Checkout string `json:"checkout"`
}

// Put makes a cart in five calls: create, fill, name, price, and where to pay.
func (c *Carts) Put(ctx context.Context, call sdk.Call, req sdk.PutCart) (sdk.PutAnswer, error) {
	var made, priced, page Cart
	lines := make([]Line, len(req.Items))
	for i, item := range req.Items {
		lines[i] = Line{SKU: item.SKU, Quantity: item.Quantity}
	}
	if err := c.do(ctx, http.MethodPost, "/carts", map[string]string{"currency": string(call.Currency)}, &made); err != nil {
		return sdk.PutAnswer{}, err
	}
	steps := []struct {
		method, path string
		body, into   any
	}{
		{http.MethodPost, "/carts/" + made.ID + "/lines", lines, nil},
		{http.MethodPut, "/carts/" + made.ID + "/reference", map[string]string{"reference": req.Reference}, nil},
		{http.MethodGet, "/carts/" + made.ID, nil, &priced},
		{http.MethodGet, "/carts/" + made.ID + "/checkout", nil, &page},
	}
	for _, s := range steps {
		if err := c.do(ctx, s.method, s.path, s.body, s.into); err != nil {
			return sdk.PutAnswer{}, err
		}
	}
	return answer(call.Currency, priced, page.Checkout)
}

func answer(currency sdk.Currency, priced Cart, checkout string) (sdk.PutAnswer, error) {
	out := sdk.Cart{ID: sdk.CartID(priced.ID), Currency: currency}
	var totals []sdk.Amount
	for i, l := range priced.Lines {
		unit := sdk.Of(l.Unit, currency)
		total, err := unit.Times(l.Quantity)
		if err != nil {
			return sdk.PutAnswer{}, err
		}
		totals = append(totals, total)
		out.Lines = append(out.Lines, sdk.Line{ID: fmt.Sprint(i), SKU: l.SKU, Title: l.Title, Quantity: l.Quantity, UnitPrice: unit, Total: total})
	}
	sum, err := sdk.Sum(currency, totals...)
	if err != nil {
		return sdk.PutAnswer{}, err
	}
	out.Totals = sdk.Totals{Subtotal: sum, Discount: sdk.Zero(currency), Total: sum}
	return sdk.PutAnswer{Cart: out, Pages: &sdk.Pages{Checkout: sdk.WebRequest{URL: checkout, Method: sdk.GET}}}, nil
}

// Get is not measured.
func (c *Carts) Get(context.Context, sdk.Call, sdk.CartID) (sdk.Cart, error) {
	return sdk.Cart{}, sdk.NewFault(sdk.Unsupported, "not_measured", "this adapter only puts")
}

// Change is not measured.
func (c *Carts) Change(context.Context, sdk.Call, sdk.CartID, sdk.ChangeCart) (sdk.ChangeAnswer, error) {
	return sdk.ChangeAnswer{}, sdk.NewFault(sdk.Unsupported, "not_measured", "this adapter only puts")
}

const answerMax = 1 << 20

func (c *Carts) do(ctx context.Context, method, path string, body, into any) error {
	var sent io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		sent = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.BaseURL+path, sent)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := c.HTTP.Do(req)
	if err != nil {
		return sdk.NewFault(sdk.Unknown, "", "no answer").Because(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, answerMax))
	if err != nil {
		return sdk.NewFault(sdk.Unknown, "", "answer cut off").Because(err)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(raw, into)
}
