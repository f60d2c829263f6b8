// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
)

// The demo's app and shop at Shopify, and what its first offer costs.
const (
	appSecret  = "demo-app-secret"
	shopDomain = "shopify-domain.myshopify.com"
	offerCost  = 1000
	// answerMax is after how long no call of ours is at work any more: Shopify gives up after three seconds.
	answerMax = 5 * time.Second
)

// till asks as a Shopify till does, for one customer.
type till struct {
	host     *host
	customer loyalty.CustomerID
}

// answered is what a till is told. status is 0 when nobody answered, and then sent says whether the
// call may have reached the host.
type answered struct {
	status  int
	sent    bool
	code    string
	balance loyalty.Points
	offers  []loyalty.ActionID // flat discounts
}

var client = &http.Client{Timeout: answerMax, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

func (c till) ask(ctx context.Context, what string, id loyalty.ActionID) answered {
	asked := map[string]any{
		"shop_id": 1, "shopify_domain": shopDomain, "locale": "en", "currency_code": "USD",
		"supported_templates": []string{"simple_action_list"}, "supported_actions": []string{"flat_discount", "percent_discount", "add_variant"},
	}
	if n, err := strconv.ParseInt(string(c.customer), 10, 64); err == nil {
		asked["customer_id"] = n
	}
	if id != "" {
		asked["action_id"] = id
	}
	return c.host.post(ctx, "/pos/demo/"+what, asked, nil)
}

// post signs a body and sends it.
func (h *host) post(ctx context.Context, path string, body any, headers map[string]string) answered {
	raw, err := json.Marshal(body)
	if err != nil {
		return answered{code: err.Error()}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.api+path, bytes.NewReader(raw))
	if err != nil {
		return answered{code: err.Error()}
	}
	mac := hmac.New(sha256.New, []byte(appSecret))
	mac.Write(raw)
	req.Header.Set("X-Shopify-Hmac-SHA256", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	req.Header.Set("Content-Type", "application/json")
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		dial, is := errors.AsType[*net.OpError](err)
		return answered{sent: !is || dial.Op != "dial" || !errors.Is(err, syscall.ECONNREFUSED)}
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return answered{sent: true}
	}
	return read(res.StatusCode, text)
}

func read(status int, text []byte) answered {
	var said struct {
		Code    string `json:"code"`
		Balance string `json:"points_balance"`
		Label   string `json:"points_label"`
		Actions []struct {
			ID   loyalty.ActionID `json:"action_id"`
			Type string           `json:"type"`
		} `json:"actions"`
	}
	_ = json.Unmarshal(text, &said) // an empty body says nothing
	got := answered{status: status, sent: true, code: said.Code, balance: -1}
	if n, err := strconv.ParseInt(said.Balance, 10, 64); err == nil && said.Label == "Point balance" {
		got.balance = loyalty.Points(n)
	}
	for _, a := range said.Actions {
		if a.Type == string(loyalty.FlatDiscount) {
			got.offers = append(got.offers, a.ID)
		}
	}
	return got
}
