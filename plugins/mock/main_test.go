// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/cartage-dev/cartage/plugins/sdk"
	"github.com/cartage-dev/cartage/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tried is the plugin as a host and a shopper see it.
type tried struct {
	t        *testing.T
	carts    sdk.Carts
	checkout sdk.Checkout
	orders   sdk.Orders
	loyalty  sdk.Loyalty
	http     *http.Client
}

// start serves the plugin over its own protocol until the test ends.
func start(t *testing.T, set map[string]any) *tried {
	t.Helper()
	b := sdktest.Serve(t, plugin(), set, nil)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &tried{t: t, carts: b.Carts, checkout: b.Checkout, orders: b.Orders, loyalty: b.Loyalty, http: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func call(key string) sdk.Call {
	return sdk.Call{Shop: "demo", Locale: "en-GB", Currency: "GBP", Key: sdk.IdempotencyKey(key)}
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// bag asks for items, under one reference.
func bag(items ...sdk.Item) sdk.PutCart {
	return sdk.PutCart{Items: items, Reference: "r1", WantPages: true}
}

func (m *tried) put(c sdk.Call, req sdk.PutCart) sdk.PutAnswer {
	m.t.Helper()
	answer, err := m.carts.Put(within(m.t), c, req)
	if err != nil {
		m.t.Fatalf("put: %v", err)
	}
	return answer
}

// kindOf is the kind and code of a fault.
func kindOf(err error) string {
	if f, ok := errors.AsType[*sdk.Fault](err); ok {
		return f.Kind.String() + " " + f.Code
	}
	return "no fault"
}

// got is what a page answered.
type got struct {
	status int
	body   string
	header http.Header
}

func (m *tried) get(address string) got {
	m.t.Helper()
	return m.send(http.MethodGet, address, "", nil)
}

func (m *tried) post(address string, form url.Values) got {
	m.t.Helper()
	return m.send(http.MethodPost, address, form.Encode(), map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
}

func (m *tried) send(method, address, body string, header map[string]string) got {
	m.t.Helper()
	req, err := http.NewRequestWithContext(within(m.t), method, address, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := m.http.Do(req)
	if err != nil {
		m.t.Fatalf("%s: %v", method, err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		m.t.Fatal(err)
	}
	return got{res.StatusCode, string(text), res.Header}
}

// home is the shop's address.
func home(a sdk.PutAnswer) string {
	at, _, _ := strings.Cut(a.Pages.Checkout.URL, "/checkout/")
	return at
}

// rightForm is an address that the shop accepts.
func rightForm() url.Values {
	return url.Values{
		"name": {"Ada Example"}, "email": {"ada@example.com"}, "line1": {"Mill Cottage"},
		"city": {"Ambleside"}, "postcode": {"la22 9bu"}, "country": {"GB"},
	}
}
