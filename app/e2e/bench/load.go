// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// client sends transfers, each with a reference of its own.
type client struct {
	url  string
	http *http.Client
	sent *atomic.Int64
}

func newClient(url string, sent *atomic.Int64) *client {
	return &client{url: url, sent: sent, http: &http.Client{
		Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256},
	}}
}

// transfer sends one cart of five lines.
func (c *client) transfer() error {
	var items []string
	for i := range 5 {
		items = append(items, fmt.Sprintf(`{"quantity":%d,"sku":"sku-%d"}`, i+1, i))
	}
	body := fmt.Sprintf(`{"items":[%s],"currency":"GBP","reference":"bench-%d"}`, strings.Join(items, ","), c.sent.Add(1))
	req, err := http.NewRequest(http.MethodPost, c.url+"/poq/bench/cart-transfer", strings.NewReader(body)) //nolint:noctx // the client has a timeout
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+secret)
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("transfer answered %d: %s", res.StatusCode, answer)
	}
	return err
}

// latencies are those of an open loop: how long after its due time each answer came.
type latencies []time.Duration

// openLoop begins rate calls a second for span, each at its due time whether or not answers come, and waits for all.
func openLoop(rate int, span time.Duration, call func(i int, due time.Time)) {
	var flying sync.WaitGroup
	began := time.Now()
	for i := range int(span.Seconds() * float64(rate)) {
		due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(due))
		flying.Go(func() { call(i, due) })
	}
	flying.Wait()
}

// atRate sends rate transfers a second for span.
func (c *client) atRate(rate int, span time.Duration) (latencies, error) {
	var mu sync.Mutex
	var all latencies
	var failed error
	openLoop(rate, span, func(_ int, due time.Time) {
		err := c.transfer()
		took := time.Since(due)
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			failed = err
		}
		all = append(all, took)
	})
	slices.Sort(all)
	return all, failed
}

// flatOut sends from so many callers at once for span, and says how many a second were answered.
func (c *client) flatOut(callers int, span time.Duration) (float64, error) {
	var answered atomic.Int64
	var failed atomic.Value
	var flying sync.WaitGroup
	end := time.Now().Add(span)
	for range callers {
		flying.Go(func() {
			for time.Now().Before(end) {
				if err := c.transfer(); err != nil {
					failed.Store(err)
					return
				}
				answered.Add(1)
			}
		})
	}
	flying.Wait()
	if err, ok := failed.Load().(error); ok {
		return 0, err
	}
	return float64(answered.Load()) / span.Seconds(), nil
}

// at is the q-th quantile.
func (l latencies) at(q float64) time.Duration { return l[min(len(l)-1, int(q*float64(len(l))))] }
