// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
)

func TestInWords(t *testing.T) {
	t.Parallel()
	available := func(c loyalty.CustomerID) loyalty.Account {
		return loyalty.Account{Name: loyalty.AccountAvailable, Customer: c}
	}
	redeemed, shortfall := loyalty.Account{Name: loyalty.AccountRedeemed}, loyalty.Account{Name: loyalty.AccountShortfall}
	for _, tt := range []struct {
		key       string
		transfers []loyalty.Transfer
		want      string
	}{
		{"hold:A1:2", nil, "held"},
		{"free:A1", nil, "released"},
		{"capt:A1:gid://shopify/Order/7", nil, "captured by order gid://shopify/Order/7"},
		{"late:A1:7", []loyalty.Transfer{{From: available("1"), To: redeemed, Points: 5}}, "captured late by order 7"},
		{"late:A1:7", []loyalty.Transfer{{From: available("1"), To: redeemed, Points: 5}, {From: shortfall, To: redeemed, Points: 1}}, "captured late by order 7, in part at the shop's cost"},
		{"earn:gid://shopify/Order/7", nil, "earned by order gid://shopify/Order/7"},
		{"rfnd:gid://shopify/Refund/8:A1", nil, "given back by refund gid://shopify/Refund/8"},
		{"claw:8", nil, "taken back by refund 8"},
		{"laps:l1", nil, "lapsed"},
		{"mrge:e1", []loyalty.Transfer{{From: available("1"), To: available("2"), Points: 5}}, "merged into another customer"},
		{"mrge:e1", []loyalty.Transfer{{From: available("2"), To: available("1"), Points: 5}}, "merged from another customer"},
		{"admn:k", nil, "adjusted: why"},
		{"what:ever", nil, "what:ever"},
		{"", nil, ""},
	} {
		r := loyalty.Record{Entry: loyalty.Entry{Key: tt.key, Transfers: tt.transfers}, RequestID: "why"}
		if got := inWords(r, "1"); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.key, got, tt.want)
		}
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	if newProgress(&bytes.Buffer{}, "demo", 1) != nil {
		t.Error("a buffer is taken for a terminal")
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	none := newProgress(file, "demo", 1)
	if none != nil {
		t.Error("a file is taken for a terminal")
	}
	none.add()
	none.say("nothing")
	none.clear()

	var w bytes.Buffer
	now := time.Date(2026, time.March, 29, 12, 0, 0, 0, time.UTC)
	p := &progress{w: &w, columns: 100, what: "demo", total: 2_000, begun: now, now: func() time.Time { return now }}
	for i := range 2_048 {
		if i == 1_000 {
			now = now.Add(time.Second)
		}
		p.add()
	}
	p.clear()
	want := []string{
		"demo  [====            ]  25 %  512 of 2000 records",
		"demo  [========        ]  51 %  1024 of 2000 records  1024/s  0s left",
		"", // the looks at the clock between were too soon
	}
	lines := strings.Split(strings.ReplaceAll(w.String(), "\x1b[K", ""), "\r")[1:]
	if strings.Join(lines, "|") != strings.Join(want, "|") {
		t.Errorf("drawn %q, want %q", lines, want)
	}
	for _, columns := range []int{1, 20} {
		w.Reset()
		p.columns = columns
		p.say(strings.Repeat("é", 50))
		if got := []rune(strings.TrimSuffix(strings.TrimPrefix(w.String(), "\r"), "\x1b[K")); len(got) != columns-1 {
			t.Errorf("%d columns of %d: %q", len(got), columns, string(got))
		}
	}
	p.total, p.done = 0, 5
	if got := p.line(now); !strings.Contains(got, "100 %  5 of 5 records") {
		t.Errorf("a journal that grew: %q", got)
	}
}

func TestHarmless(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", "a=1": "a=1", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\t=1": "'\t=1", "\r=1": "'\r=1", "'=1": "'=1",
	} {
		if got := harmless(text); got != want {
			t.Errorf("harmless(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	if got := plain("é 1\x1b[2J\n\u202e"); got != "é 1\uFFFD[2J\uFFFD\uFFFD" {
		t.Errorf("got %q", got)
	}
}

// TestNewFile wants a file that is whole, or none, and nothing beside it.
func TestNewFile(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	write := func(text string, err error) func(io.Writer) error {
		return func(w io.Writer) error {
			_, _ = io.WriteString(w, text)
			return err
		}
	}
	if err := newFile(path, write("half", broken)); !errors.Is(err, broken) {
		t.Errorf("a broken file: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
	err := newFile(path, func(w io.Writer) error { // somebody else is faster
		return errors.Join(write("ours", nil)(w), os.WriteFile(path, []byte("theirs"), 0o600))
	})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("a file that came meanwhile: %v", err)
	}
	if text, err := os.ReadFile(path); string(text) != "theirs" || err != nil {
		t.Errorf("it holds %q (%v)", text, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
}

func TestAgree(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, second string
		points       loyalty.Points
		operators    []string
		want         string // the reason, or empty for a refusal
	}{
		{"little", "", 10, []string{"olga"}, "r"},
		{"little, with a second person", "nils", 10, []string{"olga"}, "r (olga, yes by nils)"},
		{"much", "", 11, []string{"olga"}, ""},
		{"much taken", "", -11, []string{"olga"}, ""},
		{"much, with a second person", " nils ", 11, []string{"olga", "root"}, "r (olga, yes by nils)"},
		{"the account behind sudo", "root", 11, []string{"olga", "root"}, ""},
		{"in other letters", "Olga", 11, []string{"olga"}, ""},
		{"blank", " ", 11, []string{"olga"}, ""},
		{"nobody at work", "nils", 11, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := adjustment{points: tt.points, reason: "r", second: tt.second, limit: 10}
			err := a.agree(tt.operators)
			if (err == nil) != (tt.want != "") || err == nil && a.reason != tt.want {
				t.Errorf("reason %q, %v; want %q", a.reason, err, tt.want)
			}
		})
	}
}
