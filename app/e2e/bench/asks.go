// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"
)

// offer is what a till has on its screen.
type offer struct {
	customer int
	id       string
}

// offersMax bounds how many are remembered for later.
const offersMax = 4096

func newMix(url string) *mix {
	m := &mix{client: newClient(url, &atomic.Int64{}), shown: make(chan offer, offersMax), tapped: make(chan offer, offersMax)}
	m.forget()
	return m
}

// keep remembers an offer while there is room.
func keep(offers chan<- offer, o offer) {
	select {
	case offers <- o:
	default:
	}
}

// one is an offer from the first of these that has any.
func one(from ...<-chan offer) (offer, error) {
	for _, offers := range from {
		select {
		case o := <-offers:
			return o, nil
		default:
		}
	}
	return offer{}, errors.New("no till was shown anything yet")
}

func (m *mix) promotions() error {
	o := offer{customer: 1 + rand.IntN(customers)} //nolint:gosec // G404: anybody will do
	var screen struct {
		Actions []struct {
			ID string `json:"action_id"`
		} `json:"actions"`
	}
	if err := m.till("promotions", o, &screen); err != nil {
		return err
	}
	if len(screen.Actions) != 1 {
		return errors.New("the offer is not shown")
	}
	o.id = screen.Actions[0].ID
	keep(m.shown, o)
	return nil
}

func (m *mix) perform() error {
	o, err := one(m.shown)
	if err == nil {
		err = m.till("perform_action", o, nil)
	}
	if err == nil {
		keep(m.tapped, o)
	}
	return err
}

// revert takes back what was tapped, or else what was shown: then it has overtaken its tap.
func (m *mix) revert() error {
	o, err := one(m.tapped, m.shown)
	if err != nil {
		return err
	}
	return m.till("revert_action", o, nil)
}

func (m *mix) till(what string, o offer, into any) error {
	asked := map[string]any{
		"shop_id": 1, "shopify_domain": shopDomain, "locale": "en", "currency_code": "GBP", "customer_id": o.customer,
		"supported_templates": []string{"simple_action_list"}, "supported_actions": []string{"flat_discount"},
	}
	if o.id != "" {
		asked["action_id"] = o.id
	}
	return m.send("/pos/bench/"+what, asked, into)
}

// order tells of a sale, paid with what was tapped if anything is.
func (m *mix) order() error {
	number := m.sent.Add(1)
	body := map[string]any{
		"id": number, "currency": "GBP", "total_price": "57.00", "created_at": time.Now().UTC().Format(time.RFC3339),
		"customer": map[string]any{"id": 1 + number%customers},
	}
	if o, err := one(m.tapped); err == nil {
		body["customer"] = map[string]any{"id": o.customer}
		body["note_attributes"] = []map[string]any{{"name": "cart-promotion-actions", "value": fmt.Sprintf("[(%q, %q)]", "123", o.id)}}
	}
	return m.send("/hooks/shopify/bench", body, nil)
}

// cart hands one over, and opens its page as the shopper does then.
func (m *mix) cart() error {
	var page struct {
		URL string `json:"url"`
	}
	err := m.send("/poq/bench/cart-transfer", map[string]any{
		"currency": "GBP", "reference": fmt.Sprint("bench-", m.sent.Add(1)),
		"items": []map[string]any{{"quantity": 1, "sku": "item_1_sku"}, {"quantity": 5, "sku": "item_2_sku"}},
	}, &page)
	if err == nil {
		m.opened.Go(func() { m.timed(pageKind, time.Now(), func(m *mix) error { return m.open(page.URL) }) })
	}
	return err
}

func (m *mix) open(url string) error {
	req, err := http.NewRequest(http.MethodGet, url, nil) //nolint:noctx // the client has a timeout
	if err != nil {
		return err
	}
	return m.do(req, nil)
}

// send sends a body with what each channel asks for: Shopify's signature and headers, and Poq's secret.
func (m *mix) send(path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(http.MethodPost, m.url+path, bytes.NewReader(raw)) //nolint:noctx // the client has a timeout
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(raw)
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Authorization": "Bearer " + secret, "X-Shopify-Hmac-SHA256": base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		"X-Shopify-Topic": "orders/create", "X-Shopify-Shop-Domain": shopDomain,
	} {
		req.Header.Set(name, value)
	}
	return m.do(req, into)
}

func (m *mix) do(req *http.Request, into any) error {
	res, err := m.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered %d: %s", res.StatusCode, answer)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(answer, into)
	}
	return err
}
