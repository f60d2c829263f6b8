// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/cartage-dev/cartage/core/secret"
)

// How long Shopify waits, by "Cart app extension" and "HTTPS delivery" (read 2026-11).
const (
	tillLimit    = 3 * time.Second // then the till shows an error
	hookLimit    = 5 * time.Second // then the webhook counts as not delivered
	connectLimit = time.Second
)

// tillAnswerMax is far more than any template.
const tillAnswerMax = 1 << 20

// signatureName is written as Shopify writes it; names of headers ignore case.
const signatureName = "X-Shopify-Hmac-SHA256"

// tillCall is a request, the same bytes however often it is sent.
type tillCall struct {
	what    string // promotions, perform_action, revert_action, or a webhook's topic
	step    string // the command that it is for
	path    string
	headers [][2]string
	body    []byte
	hook    bool // a webhook, and not what a till asks
}

// exchange is a request and what came of it.
type exchange struct {
	call    tillCall
	url     string
	sent    [][2]string // headers, the signature among them
	status  int         // 0 when nobody answered
	header  http.Header
	answer  []byte
	took    time.Duration
	screen  *tillScreen // of a till's call that was answered with one
	failure error       // of the connection
	problem error       // why this is not what was asked for
}

// tillWire sends what Shopify would.
type tillWire struct {
	host, app, shop string
	secret          secret.Text
	client          *http.Client

	tillLimit, hookLimit time.Duration // fields, so that a test need not wait
}

func newTillWire(host, app, shop string, s secret.Text) *tillWire {
	return &tillWire{
		host: host, app: app, shop: shop, secret: s,
		client: &http.Client{
			Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: connectLimit}).DialContext},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // Shopify follows none
		},
		tillLimit: tillLimit, hookLimit: hookLimit,
	}
}

func (w *tillWire) limit(c tillCall) time.Duration {
	if c.hook {
		return w.hookLimit
	}
	return w.tillLimit
}

// send sends the call once, and waits no longer than Shopify does.
func (w *tillWire) send(ctx context.Context, c tillCall) exchange {
	e := exchange{call: c, url: w.host + c.path}
	e.sent = append([][2]string{
		{"Content-Type", "application/json"}, {"Accept", "application/json"}, {"User-Agent", "cartage-pos/" + version},
		{signatureName, w.sign(c.body)},
	}, c.headers...)
	within, cancel := context.WithTimeout(ctx, w.limit(c))
	defer cancel()
	began := time.Now()
	e.failure = w.exchange(within, &e)
	e.took = time.Since(began)
	e.problem = w.judge(&e)
	return e
}

func (w *tillWire) sign(body []byte) string {
	mac := hmac.New(sha256.New, []byte(w.secret.Reveal()))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

var errLongAnswer = errors.New("the answer is longer than 1 MiB")

func (w *tillWire) exchange(ctx context.Context, e *exchange) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(e.call.body))
	if err != nil {
		return err
	}
	for _, h := range e.sent {
		req.Header[h[0]] = []string{h[1]} // Set would write them in Go's own way
	}
	res, err := w.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(res.Body, tillAnswerMax+1))
	if err == nil && len(answer) > tillAnswerMax {
		err = errLongAnswer
	}
	if err != nil {
		return err
	}
	e.status, e.header, e.answer = res.StatusCode, res.Header, answer
	return nil
}
