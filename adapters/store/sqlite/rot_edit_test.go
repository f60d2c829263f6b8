// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
)

// edits are what somebody with SQL might do to a ledger: to a row {row} of a table {t}, by chance, which
// is also the only one of the table chosen.
var edits = []struct{ name, table, key, text string }{
	{"points in a record", "ledger_entry", "shop, sequence", `UPDATE {t} SET transfers = transfers || '0' WHERE {row}`},
	{"whose points a record moves", "ledger_entry", "shop, sequence", `UPDATE {t} SET transfers = replace(transfers, '/', '/1') WHERE {row}`},
	{"a hash", "ledger_entry", "shop, sequence", `UPDATE {t} SET hash = randomblob(32) WHERE {row}`},
	{"a key", "ledger_entry", "shop, sequence", `UPDATE {t} SET key = key || 'x' WHERE {row}`},
	{"a record's time", "ledger_entry", "shop, sequence", `UPDATE {t} SET at = at + 1 WHERE {row}`},
	{"a record's cause", "ledger_entry", "shop, sequence", `UPDATE {t} SET request_id = request_id || 'x' WHERE {row}`},
	{"whose history a record is in", "ledger_entry", "shop, sequence", `UPDATE {t} SET customer = customer % 20 + 1 WHERE {row}`},
	{"a second customer of a record", "ledger_entry", "shop, sequence", `UPDATE {t} SET other = 1 WHERE {row}`},
	{"a record is gone", "ledger_entry", "shop, sequence", `DELETE FROM {t} WHERE {row}`},
	{"a record of another shop", "ledger_entry", "shop, sequence", `UPDATE {t} SET shop = 'gamma' WHERE {row}`},
	{"the last record is gone, cleanly", "ledger", "shop",
		`UPDATE {t} SET (sequence, at, hash) = (SELECT e.sequence, e.at, e.hash FROM ledger_entry e WHERE e.shop = {t}.shop AND e.sequence = {t}.sequence - 1) WHERE {row};
		DELETE FROM ledger_entry WHERE sequence > (SELECT l.sequence FROM ledger l WHERE l.shop = ledger_entry.shop)`},
	{"a record more", "ledger", "shop",
		`INSERT INTO ledger_entry (shop, sequence, at, key, customer, transfers, request_id, host, hash) SELECT shop, sequence + 1, at, 'adjust:more', 1, 'adjust>available/1=5', '', '', randomblob(32) FROM {t} WHERE {row}`},
	{"two records swapped", "ledger_entry", "shop, sequence",
		`UPDATE {t} SET sequence = 1000000 WHERE {row}; UPDATE {t} SET sequence = sequence - 1 WHERE (shop, sequence) IN (SELECT shop, sequence + 1 FROM chosen);
		UPDATE {t} SET sequence = (SELECT sequence + 1 FROM chosen) WHERE sequence = 1000000`},
	{"the head's count", "ledger", "shop", `UPDATE {t} SET sequence = sequence + 1 WHERE {row}`},
	{"the head's time", "ledger", "shop", `UPDATE {t} SET at = at + 1000000000000000 WHERE {row}`},
	{"the head's hash", "ledger", "shop", `UPDATE {t} SET hash = randomblob(32) WHERE {row}`},
	{"the head is gone", "ledger", "shop", `DELETE FROM {t} WHERE {row}`},
	{"a balance", "ledger_customer", "id", `UPDATE {t} SET available = available + 1 WHERE {row}`},
	{"what is held", "ledger_customer", "id", `UPDATE {t} SET held = held + 1, available = available - 1 WHERE {row}`},
	{"a customer's number", "ledger_customer", "id", `UPDATE {t} SET id = id + 1000 WHERE {row}`},
	{"a customer's name", "ledger_customer", "id", `UPDATE {t} SET name = name || 'x' WHERE {row}`},
	{"a name forgotten by hand", "ledger_customer", "id", `UPDATE {t} SET name = NULL WHERE {row}`},
	{"a customer is gone", "ledger_customer", "id", `DELETE FROM {t} WHERE {row}`},
	{"an account", "ledger_account", "shop, name", `UPDATE {t} SET points = points + 1 WHERE {row}`},
	{"an account is gone", "ledger_account", "shop, name", `DELETE FROM {t} WHERE {row}`},
	{"an account more", "ledger_account", "shop, name", `INSERT INTO {t} (shop, name, points) SELECT shop, 'lapsed', 1 FROM {t} WHERE {row}`},
	{"an action held", "ledger_action", "shop, id", `UPDATE {t} SET state = CASE state WHEN 'held' THEN 'released' ELSE 'held' END WHERE {row}`},
	{"an action expired", "ledger_action", "shop, id", `UPDATE {t} SET state = 'expired' WHERE {row}`},
	{"an action's points", "ledger_action", "shop, id", `UPDATE {t} SET points = points + 1 WHERE {row}`},
	{"whose an action is", "ledger_action", "shop, id", `UPDATE {t} SET customer = customer % 20 + 1 WHERE {row}`},
	{"when a hold runs out", "ledger_action", "shop, id", `UPDATE {t} SET expires_at = coalesce(expires_at, 0) + 1 WHERE {row}`},
	{"when an action was held", "ledger_action", "shop, id", `UPDATE {t} SET held_at = coalesce(held_at, 0) + 1 WHERE {row}`},
	{"whether a till has heard", "ledger_action", "shop, id", `UPDATE {t} SET unconfirmed = 1 - unconfirmed WHERE {row}`},
	{"how often an action was held", "ledger_action", "shop, id", `UPDATE {t} SET generation = generation + 1 WHERE {row}`},
	{"an action's id", "ledger_action", "shop, id", `UPDATE {t} SET id = id || 'x' WHERE {row}`},
	{"an action is gone", "ledger_action", "shop, id", `DELETE FROM {t} WHERE {row}`},
	{"an action more", "ledger_action", "shop, id",
		`INSERT INTO {t} SELECT shop, id || 'x', 'released', customer, points, issued_at, held_at, expires_at, 0, 1, keeper, seal FROM {t} WHERE {row}`},
	{"where an action's points are", "ledger_action", "shop, id", `UPDATE {t} SET keeper = CASE keeper WHEN '' THEN 'club' ELSE '' END WHERE {row}`},
	{"a capture's order", "ledger_capture", "shop, action, order_id", `UPDATE {t} SET order_id = order_id || 'x' WHERE {row}`},
	{"where a capture came from", "ledger_capture", "shop, action, order_id", `UPDATE {t} SET held = available, available = held WHERE {row}`},
	{"what a capture gave back", "ledger_capture", "shop, action, order_id", `UPDATE {t} SET returned = 0 WHERE {row}`},
	{"a capture is gone", "ledger_capture", "shop, action, order_id", `DELETE FROM {t} WHERE {row}`},
	{"a capture more", "ledger_capture", "shop, action, order_id", `INSERT INTO {t} SELECT shop, action || 'x', order_id, 0, held, available, shortfall, returned FROM {t} WHERE {row}`},
	{"what a sale earned", "ledger_sale", "shop, order_id", `UPDATE {t} SET earned = earned + 1 WHERE {row}`},
	{"what was taken back", "ledger_sale", "shop, order_id", `UPDATE {t} SET clawed = 0 WHERE {row}`},
	{"what was paid", "ledger_sale", "shop, order_id", `UPDATE {t} SET total = total + 1 WHERE {row}`},
	{"what it was paid with", "ledger_sale", "shop, order_id", `UPDATE {t} SET actions = '' WHERE {row}`},
	{"a sale cancelled", "ledger_sale", "shop, order_id", `UPDATE {t} SET cancelled = 1 WHERE {row}`},
	{"whose a sale is", "ledger_sale", "shop, order_id", `UPDATE {t} SET customer = customer % 20 + 1 WHERE {row}`},
	{"a sale is gone", "ledger_sale", "shop, order_id", `DELETE FROM {t} WHERE {row}`},
	{"a sale more", "ledger_sale", "shop, order_id", `INSERT INTO {t} SELECT shop, order_id || 'x', placed, customer, currency, total, '', 0, 0, 0, keeper, seal FROM {t} WHERE {row}`},
	{"where a sale earned", "ledger_sale", "shop, order_id", `UPDATE {t} SET keeper = keeper || 'x' WHERE {row}`},
	{"a refund's amount", "ledger_refund", "shop, order_id, id", `UPDATE {t} SET amount = amount + 1 WHERE {row}`},
	{"a refund is gone", "ledger_refund", "shop, order_id, id", `DELETE FROM {t} WHERE {row}`},
	{"a movement's points", "movement", "shop, key", `UPDATE {t} SET points = points + 1 WHERE {row}`},
	{"which way a movement goes", "movement", "shop, key", `UPDATE {t} SET points = -points WHERE {row}`},
	{"whose a movement is", "movement", "shop, key", `UPDATE {t} SET customer = customer || 'x' WHERE {row}`},
	{"whom a movement asks", "movement", "shop, key", `UPDATE {t} SET keeper = keeper || 'x' WHERE {row}`},
	{"what a movement is about", "movement", "shop, key", `UPDATE {t} SET order_id = order_id || 'x' WHERE {row}`},
	{"where a movement stands", "movement", "shop, key", `UPDATE {t} SET state = 'returning' WHERE {row}`},
	{"a movement's key", "movement", "shop, key", `UPDATE {t} SET key = key || 'x' WHERE {row}`},
	{"a movement of another shop", "movement", "shop, key", `UPDATE {t} SET shop = 'gamma' WHERE {row}`},
	{"a movement more", "movement", "shop, key",
		`INSERT INTO {t} SELECT shop, key || 'x', keeper, customer, points, order_id, state, begun, at, due_at, attempts, why, seal FROM {t} WHERE {row}`},
	{"a refund more", "ledger_refund", "shop, order_id, id", `INSERT INTO {t} SELECT shop, order_id, place + 1, id || 'x', currency, amount FROM {t} WHERE {row}`},
}

// editTries is how many rows an edit may meet that have it already, or of which the schema forbids it.
const editTries = 30

// TestEdits changes rows behind the store's back (reliability R21).
func TestEdits(t *testing.T) {
	t.Parallel()
	count := size(0, 200, 200) // and each once
	text := aged(t, size(400, 800, 2_000))
	said := whole(t, text)
	path := filepath.Join(quickDir(t), "cartage.db")
	fates := map[string]int{}
	began := time.Now()
	for i := range max(count, len(edits)) {
		e := edits[i%len(edits)]
		verdict := harmless
		var why error
		for try := 0; verdict == harmless && try < editTries; try++ {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			if why = editRow(t, path, e.table, e.key, e.text); why == nil {
				verdict, why = fate(t, path, said)
			}
		}
		fates[verdict]++
		if verdict == harmless || verdict == silent {
			t.Errorf("%s: %s: %v", e.name, verdict, why)
		}
	}
	t.Logf("rot: edits: %v, in %s", fates, time.Since(began).Round(time.Millisecond))
}

// editRow does to a row of the table what text says.
func editRow(t *testing.T, path, table, key, text string) (err error) {
	db, err := pool("file:"+path, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	whichever := fmt.Sprintf("CREATE TEMP TABLE chosen AS SELECT %s FROM %s ORDER BY random() LIMIT 1", key, table)
	if _, err := db.ExecContext(t.Context(), whichever); err != nil {
		return err
	}
	row := fmt.Sprintf("(%s) IN (SELECT * FROM chosen)", key)
	_, err = db.ExecContext(t.Context(), strings.NewReplacer("{t}", table, "{row}", row).Replace(text))
	return err
}

// TestNobodyActsOnRot wants a row that is not what was written to be refused where it is read, too.
func TestNobodyActsOnRot(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := openAt(t, path)
	earn(t, db, "alpha", "ann", "gift", 1_000)
	for _, d := range []decision{performing("A", "ann", 100), selling("o", "ann", 10_000, 100)} {
		if err := decide(t, db, d); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name, edit string
		do         decision
	}{
		{"an action", `UPDATE ledger_action SET state = 'released'`, performing("A", "ann", 100)},
		{"a sale", `UPDATE ledger_sale SET total = 1`, refunding("o", "r", 100)},
		{"a customer", `UPDATE ledger_customer SET name = 'bob'`, performing("B", "bob", 100)},
	} {
		execRaw(t, path, tt.edit)
		wantFault(t, tt.name, decide(t, db, tt.do), fault.Unavailable, "store_altered")
	}
	_, err := db.Store().Ledger.Balance(t.Context(), "alpha", "bob")
	wantFault(t, "Balance", err, fault.Unavailable, "store_altered")
}

// TestNobodyMovesByRot wants a movement that is not what was written to go to nobody, and to keep no other waiting.
func TestNobodyMovesByRot(t *testing.T) {
	t.Parallel()
	for _, edit := range []string{
		`points = -points`, `customer = 'bob'`, `keeper = 'fund'`, `order_id = 'o'`, `state = 'giving'`, `state = 'returned'`, `seal = randomblob(16)`,
	} {
		t.Run(edit, func(t *testing.T) {
			t.Parallel()
			path := fresh(t)
			v := openAt(t, path).Store().Movements
			for _, id := range []loyalty.ActionID{"rotten", "sound"} {
				if _, err := v.Begin(t.Context(), asked(id, "ann", 100)); err != nil {
					t.Fatal(err)
				}
			}
			execRaw(t, path, `UPDATE movement SET due_at = due_at - 1, `+edit+` WHERE key = 'hold:rotten'`)
			_, err := v.Begin(t.Context(), asked("rotten", "ann", 100))
			wantFault(t, "Begin", err, fault.Unavailable, "store_altered")
			now := noon.Add(time.Hour)
			taken, err := v.Take(t.Context(), now, now.Add(time.Minute), 1)
			if err != nil || len(taken) != 1 || taken[0].Key != "hold:sound" {
				t.Errorf("Take = %+v, %v; want the sound one", taken, err)
			}
			if edit == `state = 'returned'` {
				return // it is no longer due
			}
			for range 2 {
				_, err = v.Take(t.Context(), now, now.Add(time.Minute), 1)
				wantFault(t, "Take", err, fault.Unavailable, "store_altered")
			}
		})
	}
}
