// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bufio"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

func TestLedgerShow(t *testing.T) {
	t.Parallel()
	path := filled(t)
	at := []string{"--shop", "demo", "--database", path}
	wantRun(t, cartage(t, nil, append(at, "ledger", "adjust", "ann", "-30", "--reason", "counted twice", "--key", "ticket-1")...), 0, []string{"120 points available instead of 150"}, nil)
	got := cartage(t, nil, append(at, "ledger", "show", "ann")...)
	wantRun(t, got, 0, []string{"customer ann (1 in the journal): 120 points available, 0 held"}, nil)
	_, table, _ := strings.Cut(got.out, "\n\n")
	table = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`).ReplaceAllString(table, "TIME")
	table = regexp.MustCompile(` {2,}`).ReplaceAllString(table, " | ")
	if want := `SEQUENCE | TIME | AVAILABLE | HELD | WHAT
1 | TIME | +500 -> 500 | -> 0 | earned by order O1-ann
2 | TIME | -200 -> 300 | +200 -> 200 | held
3 | TIME | -> 300 | -200 -> 0 | captured by order O2-ann
4 | TIME | -200 -> 100 | +200 -> 200 | held
5 | TIME | +200 -> 300 | -200 -> 0 | released
6 | TIME | -200 -> 100 | -> 0 | captured late by order O3-ann
7 | TIME | +50 -> 150 | -> 0 | given back by refund R1-ann
15 | TIME | -30 -> 120 | -> 0 | adjusted: counted twice
`; table != want {
		t.Errorf("got\n%s\nwant\n%s", table, want)
	}
	limited := cartage(t, nil, append(at, "ledger", "show", "ann", "--limit", "2")...)
	wantRun(t, limited, 0, []string{"6 older records are not shown", "given back", "counted twice"}, nil)
	if strings.Contains(limited.out, "captured late") {
		t.Errorf("more than the limit: %s", limited.out)
	}
	lines := cartage(t, nil, append(at, "ledger", "show", "ann", "--limit", "2", "--json")...)
	var last struct {
		Sequence, Available, Held int64
		ChangeAvailable           int64 `json:"change_available"`
		Time                      time.Time
	}
	split := strings.Split(strings.TrimSpace(lines.out), "\n")
	if err := json.Unmarshal([]byte(split[len(split)-1]), &last); err != nil || len(split) != 2 || last.Sequence != 15 || last.ChangeAvailable != -30 || last.Available != 120 || last.Time.IsZero() {
		t.Errorf("got %+v (%v) of %s", last, err, lines.out)
	}
	wantRun(t, cartage(t, nil, append(at, "ledger", "show", "carl")...), 1, nil, []string{"nobody has heard of a customer carl in shop demo"})
	edit(t, path, `UPDATE ledger_customer SET available = 7 WHERE name = 'ann' AND shop = 'demo'`)
	wantRun(t, cartage(t, nil, append(at, "ledger", "show", "ann")...), 1, nil, []string{"the journal the customer owns 120", "believes 7", "cartage ledger verify demo"})
}

func TestLedgerAdjust(t *testing.T) {
	t.Parallel()
	path := filled(t)
	env := []string{"USER=olga", "SUDO_USER="}
	run := func(args ...string) ran {
		return cartage(t, env, append([]string{"ledger", "adjust", "--shop", "demo", "--database", path}, args...)...)
	}
	owns := func(want loyalty.Points) {
		t.Helper()
		l, shut := openLedger(t, path)
		if got, err := l.Balance(t.Context(), "demo", "ann"); got.Available != want || err != nil {
			t.Errorf("ann owns %d (%v), want %d", got.Available, err, want)
		}
		shut()
	}
	wantRun(t, run("ann", "25", "--reason", "goodwill", "--dry-run"), 0, []string{"nothing is booked", "175 points available instead of 150"}, nil)
	owns(150)
	wantRun(t, run("ann", "25", "--reason", "goodwill", "--key", "k1"), 0, []string{"booked under the key k1", "175 points available instead of 150"}, nil)
	wantRun(t, run("ann", "25", "--reason", "goodwill", "--key", "k1"), 0, []string{"the key k1 has been booked before", "175"}, nil)
	owns(175)
	for _, tt := range []struct {
		name string
		code int
		args []string
		want string
	}{
		{"the key for other points", 1, []string{"ann", "26", "--reason", "r", "--key", "k1"}, "has booked 25 points under the key k1, not 26"},
		{"the key for another customer", 1, []string{"bob", "25", "--reason", "r", "--key", "k1"}, "booked before, for another customer"},
		{"more than there is", 1, []string{"ann", "-176", "--reason", "r"}, "has 175 points available"},
		{"nothing", 2, []string{"ann", "0", "--reason", "r"}, "no number of points"},
		{"half a point", 2, []string{"ann", "1.5", "--reason", "r"}, "no number of points"},
		{"no points", 2, []string{"ann", "--reason", "r"}, "how many points"},
		{"too many words", 2, []string{"ann", "5", "-5", "--reason", "r"}, "how many points"},
		{"no reason", 2, []string{"ann", "5"}, `"reason" not set`},
		{"an empty reason", 2, []string{"ann", "5", "--reason", " "}, "--reason"},
		{"a reason with a line break", 2, []string{"ann", "5", "--reason", "a\nb"}, "--reason"},
		{"a long reason", 2, []string{"ann", "5", "--reason", strings.Repeat("é", 129)}, "129 characters"},
		{"a key with a colon", 2, []string{"ann", "5", "--reason", "r", "--key", "a:b"}, "--key"},
		{"much without a second person", 2, []string{"ann", "100001", "--reason", "r"}, "name who agrees with --yes-by"},
		{"much taken without a second person", 2, []string{"ann", "-100001", "--reason", "r"}, "name who agrees with --yes-by"},
		{"the first person as the second", 2, []string{"ann", "100001", "--reason", "r", "--yes-by", "OLGA"}, "olga is you"},
		{"a lower limit", 2, []string{"ann", "11", "--reason", "r", "--limit-points", "10"}, "more than 10 points"},
		{"a shop without a book", 1, []string{"ann", "11", "--reason", "r", "--shop", "fr"}, "shop fr"},
	} {
		wantRun(t, run(tt.args...), tt.code, nil, []string{tt.want})
	}
	owns(175)
	wantRun(t, run("ann", "-100", "--reason", "booked twice", "--json"), 0, []string{`"outcome": "booked"`, `"available_before": 175`, `"available_after": 75`}, nil)
	wantRun(t, run("ann", "100001", "--reason", strings.Repeat("é", 99), "--yes-by", "Nils Ö"), 0, []string{"100076 points available"}, nil)
	got := cartage(t, nil, "ledger", "show", "ann", "--shop", "demo", "--database", path)
	wantRun(t, got, 0, []string{"(olga, yes by Nils Ö)", "adjusted: booked twice"}, nil)
	wantRun(t, cartage(t, nil, "ledger", "verify", "--database", path), 0, []string{"demo: everything agrees"}, nil)
	wantRun(t, cartage(t, env, "ledger", "adjust", "ann", "1", "--shop", "demo", "--reason", "r", "--database", filepath.Join(t.TempDir(), "none.db")), 1, nil, []string{"no such file"})

	openLedger(t, path) // from here on a host has it open
	wantRun(t, run("ann", "1", "--reason", "r", "--dry-run"), 0, []string{"nothing is booked"}, nil)
	wantRun(t, run("ann", "1", "--reason", "r"), 1, nil, []string{fmt.Sprintf("pid %d", os.Getpid()), "Stop that host first", "admin endpoint"})
}

// TestLedgerAdjustBeginsABook needs config to know the shop, so that a slip of the pen makes none.
func TestLedgerAdjustBeginsABook(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cartage.db")
	_, shut := openLedger(t, path)
	shut()
	env := []string{"CARTAGE_STORE__PATH=" + path}
	wantRun(t, cartage(t, env, "ledger", "adjust", "ann", "5", "--reason", "r", "--dev", "--shop", "dmeo"), 1, nil, []string{"shop dmeo"})
	wantRun(t, cartage(t, env, "ledger", "verify", "--dev"), 0, []string{"no points have ever been booked"}, nil)
	wantRun(t, cartage(t, env, "ledger", "adjust", "ann", "5", "--reason", "r", "--dev", "--shop", "demo"), 0, []string{"5 points available instead of 0"}, nil)
	wantRun(t, cartage(t, env, "ledger", "verify", "--dev"), 0, []string{"demo: everything agrees", "adjust     -5"}, nil)
	env = append(env, "CARTAGE_SHOPS__DEMO__BACKENDS__LOYALTY=mock")
	wantRun(t, cartage(t, env, "ledger", "adjust", "ann", "5", "--reason", "r", "--dev", "--shop", "demo"), 1, nil, []string{"the points of shop demo are at backend mock"})
}

func TestLedgerExport(t *testing.T) {
	t.Parallel()
	path := filled(t)
	l, _ := openLedger(t, path)
	for i, request := range []string{`=HYPERLINK("x")`, "+1", "-1", "@x", `a,"b"`} {
		err := l.Do(t.Context(), store.Stamp{Shop: "demo", RequestID: request}, func(b store.Book) error { return b.Write(gift(fmt.Sprint("k", i), "ann", 1)) })
		if err != nil {
			t.Fatal(err)
		}
	}
	v := &believed{sums: map[string]int64{}}
	if err := l.Walk(t.Context(), "demo", v); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "demo.csv")
	at := []string{"ledger", "export", "--shop", "demo", "--database", path}
	wantRun(t, cartage(t, nil, append(at, "--format", "csv", "-o", file)...), 0, nil, nil)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := cartage(t, nil, append(at, "--format", "csv")...); got.out != string(text) {
		t.Errorf("the file is not what standard output gets:\n%s", text)
	}
	table, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	if err != nil || strings.Join(table[0], ",") != "sequence,time,key,from,to,points,request_id,host,hash" {
		t.Fatalf("%v, %q", err, table[0])
	}
	sums, requests := map[string]int64{}, []string{}
	for _, row := range table[1:] {
		points, err := strconv.ParseInt(row[5], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		sums[row[3]] -= points
		sums[row[4]] += points
		requests = append(requests, row[6])
	}
	for account, sum := range sums {
		if sum != v.sums[account] {
			t.Errorf("by the csv %s stands at %d, and the ledger believes %d", account, sum, v.sums[account])
		}
	}
	if got, want := strings.Join(requests[len(requests)-5:], "|"), `'=HYPERLINK("x")|'+1|'-1|'@x|a,"b"`; got != want || len(sums) < 6 {
		t.Errorf("request ids %s, want %s", got, want)
	}
	wantRun(t, cartage(t, nil, append(at, "--format", "csv", "-o", file)...), 1, nil, []string{file, "exists"})
	wantRun(t, cartage(t, nil, append(at, "--format", "xml")...), 2, nil, []string{"neither csv nor jsonl"})
	wantRun(t, cartage(t, nil, append(at, "--format", "csv", "--since", "monday")...), 2, nil, []string{"--since"})
	if again, err := os.ReadFile(file); err != nil || string(again) != string(text) {
		t.Errorf("the file was written over (%v)", err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("something else is left: %v (%v)", left, err)
	}
}

// TestLedgerExportAsJSON reckons the chain of hashes again from the lines alone.
func TestLedgerExportAsJSON(t *testing.T) {
	t.Parallel()
	path := filled(t)
	at := []string{"ledger", "export", "--shop", "uk", "--format", "jsonl", "--database", path}
	got := cartage(t, nil, at...)
	var before loyalty.Hash
	var times []time.Time
	for lines := bufio.NewScanner(strings.NewReader(got.out)); lines.Scan(); {
		var row struct {
			Shop            shop.ID
			Sequence        int64
			Time            time.Time
			Key, Host, Hash string
			Transfers       []struct{ From, To, Points json.RawMessage }
			RequestID       string `json:"request_id"`
		}
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		r := loyalty.Record{Sequence: row.Sequence, At: row.Time, Entry: loyalty.Entry{Key: row.Key}, RequestID: row.RequestID, Host: row.Host}
		for _, x := range row.Transfers {
			moved, err := loyalty.ParseTransfers(strings.ReplaceAll(string(x.From)+">"+string(x.To)+"="+string(x.Points), `"`, ""))
			if err != nil {
				t.Fatal(err)
			}
			r.Entry.Transfers = append(r.Entry.Transfers, moved...)
		}
		before = r.Seal(row.Shop, before).Hash
		if row.Hash != hex.EncodeToString(before[:]) {
			t.Errorf("record %d has another hash", row.Sequence)
		}
		times = append(times, row.Time)
	}
	if len(times) != 14 {
		t.Fatalf("%d records in %+v", len(times), got)
	}
	later := cartage(t, nil, append(at, "--since", times[10].Format(time.RFC3339Nano))...)
	if n := strings.Count(later.out, "\n"); n != 4 {
		t.Errorf("%d records since the eleventh: %s", n, later.out)
	}
}

// believed are the sums that a ledger keeps, by account.
type believed struct{ sums map[string]int64 }

func (believed) Record(loyalty.Record) error    { return nil }
func (believed) Head(int64, loyalty.Hash) error { return nil }
func (v believed) Customer(c loyalty.CustomerID, b loyalty.Balance) error {
	v.sums["available/"+string(c)], v.sums["held/"+string(c)] = int64(b.Available), int64(b.Held)
	return nil
}

func (v believed) Account(a loyalty.AccountName, sum loyalty.Points) error {
	v.sums[string(a)] = int64(sum)
	return nil
}
func (believed) Action(loyalty.Action) error { return nil }
func (believed) Sale(loyalty.Sale) error     { return nil }
