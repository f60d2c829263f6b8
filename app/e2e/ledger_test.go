// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/store/sqlite"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/money"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// openLedger opens a database as a host does, until the test ends or shut is called.
func openLedger(t *testing.T, path string) (l store.Ledger, shut func()) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Host: "host-1"})
	if err != nil {
		t.Fatal(err)
	}
	shut = func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(shut)
	return db.Store().Ledger, shut
}

// till does what tills, orders and refunds do to a shop's book.
type till struct {
	t        *testing.T
	l        store.Ledger
	shop     shop.ID
	customer loyalty.CustomerID
}

func (r till) do(request string, fn func(store.Book) (store.Change, error)) {
	r.t.Helper()
	err := r.l.Do(r.t.Context(), store.Stamp{Shop: r.shop, RequestID: request}, func(b store.Book) error {
		change, err := fn(b)
		if err != nil {
			return err
		}
		return b.Write(change)
	})
	if err != nil {
		r.t.Fatalf("%s: %v", request, err)
	}
}

func (r till) earn(order loyalty.OrderID, minor int64) {
	r.t.Helper()
	rule := loyalty.EarnRule{Points: 10, Per: money.Amount{Minor: 100, Currency: "GBP"}}
	r.do("earn-"+string(order), func(b store.Book) (store.Change, error) {
		s, err := b.Sale(order)
		s, entry := s.Place(r.customer, money.Amount{Minor: minor, Currency: "GBP"}).Earn(rule)
		return store.Change{Sale: &s, Entry: entry}, err
	})
}

func (r till) act(id loyalty.ActionID, request string, fn func(loyalty.Action, loyalty.Balance, time.Time) (loyalty.Outcome, error)) {
	r.t.Helper()
	r.do(request, func(b store.Book) (store.Change, error) {
		a, found, err := b.Action(id)
		if err != nil {
			return store.Change{}, err
		}
		if !found {
			a = loyalty.Action{ID: id, Customer: r.customer, Points: 200, IssuedAt: b.Now()}
		}
		balance, err := b.Balance(r.customer)
		if err != nil {
			return store.Change{}, err
		}
		o, err := fn(a, balance, b.Now())
		return store.Change{Action: &o.Action, Entry: o.Entry}, err
	})
}

func (r till) tap(id loyalty.ActionID) {
	r.t.Helper()
	r.act(id, "tap-"+string(id), func(a loyalty.Action, b loyalty.Balance, now time.Time) (loyalty.Outcome, error) {
		return a.Perform(b, loyalty.DefaultRules(), now)
	})
}

func (r till) order(id loyalty.ActionID, order loyalty.OrderID) {
	r.t.Helper()
	r.act(id, "order-"+string(order), func(a loyalty.Action, b loyalty.Balance, _ time.Time) (loyalty.Outcome, error) {
		return a.Capture(order, b), nil
	})
}

// story is all that may happen to a customer, in seven records.
func (r till) story() {
	r.t.Helper()
	of := func(what string) loyalty.ActionID { return loyalty.ActionID(what + "-" + string(r.customer)) }
	by := func(what string) loyalty.OrderID { return loyalty.OrderID(what + "-" + string(r.customer)) }
	r.earn(by("O1"), 5_000)
	r.tap(of("A"))
	r.order(of("A"), by("O2"))
	r.tap(of("B"))
	r.act(of("B"), "revert", func(a loyalty.Action, _ loyalty.Balance, now time.Time) (loyalty.Outcome, error) {
		return a.Revert(now)
	})
	r.order(of("C"), by("O3"))
	r.act(of("A"), "refund", func(a loyalty.Action, _ loyalty.Balance, _ time.Time) (loyalty.Outcome, error) {
		return a.Return(by("O2"), loyalty.RefundID("R1-"+string(r.customer)), 50), nil
	})
}

// filled is a closed database in which the shops demo and uk have told the story of ann and bob.
func filled(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "cartage.db")
	l, shut := openLedger(t, path)
	for _, s := range []shop.ID{"demo", "uk"} {
		for _, c := range []loyalty.CustomerID{"ann", "bob"} {
			till{t, l, s, c}.story()
		}
	}
	shut()
	return path
}

// edit changes rows as somebody with the file in hand would.
func edit(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}

// wantRun holds how a command ended to a code and to what is in its output and on its standard error.
func wantRun(t *testing.T, got ran, code int, out, stderr []string) {
	t.Helper()
	if got.code != code {
		t.Errorf("exit code %d, want %d", got.code, code)
	}
	for _, part := range out {
		if !strings.Contains(got.out, part) {
			t.Errorf("no %q in the output", part)
		}
	}
	for _, part := range stderr {
		if !strings.Contains(got.err, part) {
			t.Errorf("no %q on standard error", part)
		}
	}
	if stderr == nil && got.err != "" {
		t.Errorf("there is something on standard error")
	}
	if t.Failed() {
		t.Logf("output:\n%s\nstandard error:\n%s", got.out, got.err)
	}
}

func TestLedgerHelps(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"verify", "show", "adjust", "export"} {
		wantRun(t, cartage(t, nil, "ledger", "--help"), 0, []string{command}, nil)
		wantRun(t, cartage(t, nil, "ledger", command, "--help"), 0, []string{"Usage:", "Examples:", "--database"}, nil)
	}
	wantRun(t, cartage(t, nil, "ledger", "verify"), 2, nil, []string{"--config is required"})
	wantRun(t, cartage(t, []string{"CARTAGE_LOG__LEVEL=loud"}, "ledger", "verify", "--dev"), 78, nil, []string{"log.level"})
}

func TestLedgerVerify(t *testing.T) {
	t.Parallel()
	path := filled(t)
	wantRun(t, cartage(t, nil, "ledger", "verify", "--database", path), 0,
		[]string{"demo: everything agrees", "uk: everything agrees", "records    14", "2, with 300 points available and 0 held", "issued     -1000", "redeemed   700"}, nil)
	wantRun(t, cartage(t, nil, "ledger", "verify", "fr", "--database", path), 1, nil, []string{"shop fr"})
	l, _ := openLedger(t, path) // from here on a host has it open
	till{t, l, "demo", "eve"}.story()
	till{t, l, "demo", "eve"}.earn("O9", 1_000)
	till{t, l, "demo", "eve"}.tap("D")
	got := cartage(t, []string{"CARTAGE_STORE__PATH=" + path}, "ledger", "verify", "demo", "--dev", "--json")
	var report struct {
		OK      bool
		Ledgers []struct {
			Shop                                string
			OK                                  bool
			Records, Customers, Available, Held int64
		}
	}
	if err := json.Unmarshal([]byte(got.out), &report); err != nil || got.code != 0 || !report.OK || len(report.Ledgers) != 1 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if r := report.Ledgers[0]; r.Shop != "demo" || !r.OK || r.Records != 23 || r.Customers != 3 || r.Available != 350 || r.Held != 200 {
		t.Errorf("got %+v", r)
	}
}

func TestLedgerVerifyFinds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, edit string
		want       []string
	}{
		{"a record that says something else", `UPDATE ledger_entry SET transfers = replace(transfers, '=200', '=100') WHERE shop = 'demo' AND sequence = 3`,
			[]string{"record 3: its hash", "customer 1 owns"}},
		{"a record that is missing", `DELETE FROM ledger_entry WHERE shop = 'demo' AND sequence = 4`, []string{"record 5: it follows on record 3", "record 5: its hash"}},
		{"a record that cannot be read", `UPDATE ledger_entry SET transfers = 'nonsense' WHERE shop = 'demo' AND sequence = 5`,
			[]string{"record 5 cannot be read; record 4 is the last that was read well"}},
		{"a balance", `UPDATE ledger_customer SET available = available + 1 WHERE shop = 'demo' AND name = 'bob'`, []string{"customer 2 owns 151"}},
		{"an account", `UPDATE ledger_account SET points = 0 WHERE shop = 'demo' AND name = 'redeemed'`, []string{"account redeemed stands at 0"}},
		{"an action", `UPDATE ledger_action SET state = 'held' WHERE shop = 'demo' AND id = 'B-ann'`, []string{"action B-ann is held"}},
		{"what a hold runs out by", `UPDATE ledger_action SET expires_at = expires_at + 1 WHERE shop = 'demo' AND id = 'B-ann'`, []string{"action B-ann is", "which is not what was written"}},
		{"two things", `UPDATE ledger_customer SET available = available + 1, seal = zeroblob(16) WHERE shop = 'demo' AND name = 'bob'`,
			[]string{"2 things DO NOT AGREE", "customer 2 owns 151", "customer 2 is not who it was"}},
		{"a shop's last record", `DELETE FROM ledger WHERE shop = 'demo'`, []string{"the journal ends at record 14, and the ledger believes that it ends at 0"}},
		{"a journal", `DELETE FROM ledger_entry WHERE shop = 'demo'`, []string{"the journal ends at record 0", "customer 1 owns 150"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filled(t)
			edit(t, path, tt.edit)
			wantRun(t, cartage(t, nil, "ledger", "verify", "--database", path), 1, append(tt.want, "demo: ", "uk: everything agrees"), []string{"1 of 2 ledgers"})
		})
	}
}

// TestLedgerVerifyFindsABit flips one bit of a request id on the disk.
func TestLedgerVerifyFindsABit(t *testing.T) {
	t.Parallel()
	path := filled(t)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(text, []byte("order-O3-bob"))
	text[i] ^= 1
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	got := cartage(t, nil, "ledger", "verify", "--database", path)
	wantRun(t, got, 1, []string{"record 13: its hash", "one thing DOES NOT AGREE"}, []string{"1 of 2 ledgers"})
}

// TestLedgerVerifyOfADamagedFile overwrites a page in the middle of a longer journal.
func TestLedgerVerifyOfADamagedFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cartage.db")
	l, shut := openLedger(t, path)
	err := l.Do(t.Context(), store.Stamp{Shop: "demo", RequestID: "bulk"}, func(b store.Book) error {
		for i := range 2_000 {
			if err := b.Write(gift(fmt.Sprint("k", i), "ann", 1)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	shut()
	edit(t, path, `VACUUM`) // puts the pages of a table in order
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4_096
	at := bytes.Index(text, []byte("k1500adjust>available/1=1")) / page * page
	copy(text[at:at+page], bytes.Repeat([]byte{0xa5}, page))
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	got := cartage(t, nil, "ledger", "verify", "--database", path)
	wantRun(t, got, 1, []string{"demo: CANNOT BE READ", "is the last that was read well; the database file is damaged, restore a backup"}, []string{"1 of 1 ledgers"})
	var records int
	if _, after, _ := strings.Cut(got.out, "records"); after != "" {
		_, _ = fmt.Sscan(after, &records)
	}
	if records < 1_000 || records > 1_501 || !strings.Contains(got.out, fmt.Sprintf("record %d is the last", records)) {
		t.Errorf("%d records were read well: %s", records, got.out)
	}
}

// gift books points without a till.
func gift(key string, c loyalty.CustomerID, n loyalty.Points) store.Change {
	return store.Change{Entry: &loyalty.Entry{Key: key, Transfers: []loyalty.Transfer{
		{From: loyalty.Account{Name: loyalty.AccountAdjust}, To: loyalty.Account{Name: loyalty.AccountAvailable, Customer: c}, Points: n},
	}}}
}
