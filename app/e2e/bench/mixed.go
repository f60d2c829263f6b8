// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/cartage-dev/cartage/adapters/store/sqlite"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/store"
)

// The mixed load: who shops, how slow the backend is, and what is wanted.
const (
	customers  = 2000
	savings    = 1_000_000 // more than anybody spends
	delayMS    = 80
	warmUp     = 3 * time.Second // in which tills are shown what is tapped later
	p99Aim     = 250 * time.Millisecond
	p999Aim    = time.Second
	arrivals   = 100 // of the deck that is dealt over and over
	shopDomain = "bench.myshopify.com"
)

// kinds are what arrives, in per cent. The page of a cart is opened after its transfer, on top of the rate.
var kinds = []struct {
	name  string
	share int
	ask   func(*mix) error
}{
	{"promotions", 60, (*mix).promotions},
	{"perform", 8, (*mix).perform},
	{"revert", 2, (*mix).revert},
	{"orders/create", 20, (*mix).order},
	{"cart transfer", 10, (*mix).cart},
	{pageKind, 0, nil},
}

const pageKind = "checkout page"

// mix is whoever asks.
type mix struct {
	*client
	shown, tapped chan offer
	opened        sync.WaitGroup // pages that shoppers have yet to see

	mu      sync.Mutex
	of      map[string]*measured
	failure error // the last one
}

// measured is one kind's share of a run.
type measured struct {
	took   latencies // of what was answered as it should be
	failed int
}

// forget begins to measure anew.
func (m *mix) forget() {
	m.of, m.failure = map[string]*measured{}, nil
	for _, k := range kinds {
		m.of[k.name] = &measured{}
	}
}

func (m *mix) timed(kind string, due time.Time, ask func(*mix) error) {
	err := ask(m)
	took := time.Since(due)
	m.mu.Lock()
	defer m.mu.Unlock()
	of := m.of[kind]
	if err != nil {
		of.failed++
		m.failure = fmt.Errorf("%s: %w", kind, err)
		return
	}
	of.took = append(of.took, took)
}

// mixed puts everything that arrives on a busy day on one host, at its due time whether or not the host keeps up.
func mixed(rate int, span time.Duration) error {
	dir, err := os.MkdirTemp("", "cartage-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	host, err := startMixed(dir)
	if err != nil {
		return err
	}
	defer host.stop()
	m := newMix("http://" + host.address)
	defer m.http.CloseIdleConnections() // the mock's shop waits a while for those that were never used
	var deck []int
	for i, k := range kinds {
		deck = append(deck, slices.Repeat([]int{i}, k.share)...)
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(arrivals, func(i, j int) { deck[i], deck[j] = deck[j], deck[i] }) //nolint:gosec // G404: the same for every run
	deal := func(i int, due time.Time) {
		k := kinds[deck[i%arrivals]]
		m.timed(k.name, due, k.ask)
	}
	openLoop(rate, warmUp, deal)
	m.opened.Wait()
	m.forget()
	before, err := host.cpu()
	if err != nil {
		return err
	}
	began := time.Now()
	openLoop(rate, span, deal)
	m.opened.Wait()
	took := time.Since(began)
	after, err := host.cpu()
	if err != nil {
		return err
	}
	fmt.Printf("\nmixed load, open loop: %d/s for %s, the load's own work included; latencies from the due time; backend at %d ms, SQLite with fsync\n", rate, span, delayMS)
	showLoad()
	m.report(span, took)
	fmt.Printf("the host and its plugin used %.2f cores\n", (after-before).Seconds()/took.Seconds())
	return nil
}

// report shows what was asked within span and answered within took.
func (m *mix) report(span, took time.Duration) {
	row := func(name string, of measured) {
		slices.Sort(of.took)
		fmt.Printf("%-16s %9d %9d", name, len(of.took), of.failed)
		for _, q := range []float64{0.5, 0.99, 0.999, 1} {
			if len(of.took) > 0 {
				fmt.Printf(" %9.2f", milliseconds(of.took.at(q)))
			}
		}
		fmt.Println()
	}
	fmt.Printf("%-16s %9s %9s %9s %9s %9s %9s\n", "(ms)", "answered", "errors", "p50", "p99", "p99.9", "max")
	var all measured
	for _, k := range kinds {
		of := m.of[k.name]
		row(k.name, *of)
		all = measured{append(all.took, of.took...), all.failed + of.failed}
	}
	row("all", all)
	fmt.Printf("%-16s %9s %9s %9s %9.2f %9.2f\n", "aim", "", "", "", milliseconds(p99Aim), milliseconds(p999Aim))
	n := len(all.took) + all.failed
	fmt.Printf("offered %.1f/s, pages included; served %.1f/s until the last answer\n", float64(n)/span.Seconds(), float64(len(all.took))/took.Seconds())
	if m.failure != nil {
		fmt.Printf("the last error: %v\n", m.failure)
	}
}

// startMixed runs a host of the mock's shop, with a loyalty programme and customers who have points.
func startMixed(dir string) (*process, error) {
	plugin := filepath.Join(dir, "mock")
	if err := build(plugin, "./plugins/mock"); err != nil {
		return nil, err
	}
	if err := endow(filepath.Join(dir, database)); err != nil {
		return nil, fmt.Errorf("give customers points: %w", err)
	}
	shop, err := freeAddress()
	if err != nil {
		return nil, err
	}
	return startHost("plugin", dir, "", fmt.Sprintf(`
backends:
  mock: {plugin: %q, settings: {listen: %q, public_url: %q, delay_ms: %d}}
shopify:
  apps:
    bench: {secrets: [%s]}
shops:
  bench:
    currencies: [GBP]
    backends: {carts: mock, orders: mock}
    checkout_hosts: [%q]
    poq: {secrets: [%s]}
    shopify: {app: bench, domain: %s, shop_id: 1}
    loyalty:
      offers:
        five_off: {kind: flat_discount, cost: 1000, title: "5 off", amounts: {GBP: "5.00"}}
      earn: {points: 1, amount: "1.00", currency: GBP}
`, plugin, shop, "http://"+shop, delayMS, secret, "http://"+shop, secret, shopDomain))
}

func endow(path string) error {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, sqlite.Options{Path: path})
	if err != nil {
		return err
	}
	err = db.Store().Ledger.Do(ctx, store.Stamp{Shop: "bench", RequestID: "endow"}, func(b store.Book) error {
		for i := range customers {
			c := loyalty.CustomerID(fmt.Sprint(i + 1))
			e := loyalty.Entry{Key: fmt.Sprint("admn:endow-", c), Transfers: []loyalty.Transfer{
				{From: loyalty.Account{Name: loyalty.AccountAdjust}, To: loyalty.Account{Name: loyalty.AccountAvailable, Customer: c}, Points: savings},
			}}
			if err := b.Write(store.Change{Entry: &e}); err != nil {
				return err
			}
		}
		return nil
	})
	if closed := db.Close(); err == nil {
		err = closed
	}
	return err
}
