// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/idempotency"
)

const (
	crashEnv      = "CARTAGE_SQLITE_CRASH"       // path of the database that the child writes to
	crashRoundEnv = "CARTAGE_SQLITE_CRASH_ROUND" // names what it writes
	crashRounds   = 10
	crashWorkers  = 4
)

// writeUntilKilled is the child: it writes, and says on standard output what was
// acknowledged, one line for each.
func writeUntilKilled(path, round string) int {
	ctx := context.Background()
	db, err := Open(ctx, Options{Path: path})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	var mu sync.Mutex
	say := func(what string, of any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(what, of)
	}
	var workers sync.WaitGroup
	for w := range crashWorkers {
		workers.Go(func() {
			for i := 0; ; i++ {
				if err := writeOnce(ctx, db, fmt.Sprintf("%s-%d-%d", round, w, i), i%2 == 1, say); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
			}
		})
	}
	workers.Wait()
	return 3
}

// writeOnce writes by every port; name ends up in what it says.
func writeOnce(ctx context.Context, db *DB, name string, take bool, say func(what string, of any)) error {
	s := db.Store()
	if err := s.Handoffs.Put(ctx, link(name)); err != nil {
		return err
	}
	say("put", name)
	if take {
		if _, err := s.Handoffs.Take(ctx, hashOf(name), noon); err != nil {
			return err
		}
		say("took", name)
	}
	var count uint32
	if err := s.Idempotency.Update(ctx, crashCounter, func(r idempotency.Record) (idempotency.Record, error) {
		r, err := grown(r)
		count = r.Generation
		return r, err
	}); err != nil {
		return err
	}
	say("counted", count)
	if err := s.Idempotency.Update(ctx, idempotency.Scope{Name: name}, func(idempotency.Record) (idempotency.Record, error) {
		return crashRecord(name), nil
	}); err != nil {
		return err
	}
	say("kept", name)
	return nil
}

var crashCounter = idempotency.Scope{Operation: "count"}

func crashRecord(name string) idempotency.Record {
	return idempotency.Record{State: idempotency.Done, Generation: 1, Answer: []byte("answer of " + name), KeepUntil: noon}
}

// TestCrash kills the program again and again while it writes. Whatever it has
// acknowledged by then is there in the end.
func TestCrash(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a program ten times")
	}
	path := fresh(t)
	acks := map[string][]string{}
	for round := range crashRounds {
		crash(t, path, round, acks)
	}
	db := openAt(t, path)
	var found string
	if err := db.reader.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&found); err != nil || found != "ok" {
		t.Errorf("integrity_check = %s, %v", found, err)
	}
	for what, least := range map[string]int{"put": 100, "took": 50, "counted": 100, "kept": 100} {
		if len(acks[what]) < least {
			t.Errorf("only %d of %q were acknowledged; is the child well?", len(acks[what]), what)
		}
	}
	wantLinks(t, db, acks)
	wantRecords(t, db, acks)
}

// crash starts the child, lets it acknowledge a while, kills it, and adds up what it said.
func crash(t *testing.T, path string, round int, acks map[string][]string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), program)
	child.Env = append(os.Environ(), crashEnv+"="+path, fmt.Sprintf("%s=%d", crashRoundEnv, round))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n, last := 0, 100+rand.IntN(200); lines.Scan(); n++ {
		if what, of, ok := strings.Cut(lines.Text(), " "); ok {
			acks[what] = append(acks[what], of)
		}
		switch n {
		case 0:
			_, err := Open(t.Context(), Options{Path: path})
			wantText(t, err, path, "another host has it open", fmt.Sprintf("pid %d on ", child.Process.Pid))
		case last:
			if err := child.Process.Kill(); err != nil {
				t.Errorf("kill: %v", err)
			}
		}
	}
	if killed, ok := errors.AsType[*exec.ExitError](child.Wait()); !ok || killed.Exited() {
		t.Fatalf("round %d: the child ended by itself: %v", round, killed)
	}
}

func wantLinks(t *testing.T, db *DB, acks map[string][]string) {
	t.Helper()
	taken := map[string]bool{}
	for _, name := range acks["took"] {
		taken[name] = true
	}
	for _, name := range acks["put"] {
		_, err := db.Store().Handoffs.Take(t.Context(), hashOf(name), noon)
		odd := strings.ContainsAny(name[len(name)-1:], "13579")
		switch {
		case taken[name]:
			wantFault(t, "Take of the taken "+name, err, fault.Conflict, "handoff_ended")
		case err != nil && odd && fault.From(err).Code == "handoff_ended": // taken, and killed before it could say so
		case err != nil:
			t.Errorf("Take of the put %s = %v", name, err)
		}
	}
}

func wantRecords(t *testing.T, db *DB, acks map[string][]string) {
	t.Helper()
	for _, name := range acks["kept"] {
		if got := recordOf(t, db, idempotency.Scope{Name: name}); !same(got, crashRecord(name)) {
			t.Errorf("record of %s = %+v", name, got)
		}
	}
	counted := map[string]bool{}
	for _, n := range acks["counted"] {
		if counted[n] {
			t.Errorf("%s was counted twice: an update was lost", n)
		}
		counted[n] = true
	}
	var highest uint32
	for n := range maps.Keys(counted) {
		var v uint32
		if _, err := fmt.Sscan(n, &v); err != nil {
			t.Fatal(err)
		}
		highest = max(highest, v)
	}
	got := recordOf(t, db, crashCounter).Generation
	if most := uint32(len(counted) + crashRounds*crashWorkers); got < highest || got > most {
		t.Errorf("counter = %d, want %d to %d", got, highest, most)
	}
	if !slices.Contains(acks["counted"], "1") {
		t.Error("nobody counted to 1")
	}
}

func recordOf(t *testing.T, db *DB, scope idempotency.Scope) (found idempotency.Record) {
	t.Helper()
	err := db.Store().Idempotency.Update(t.Context(), scope, func(r idempotency.Record) (idempotency.Record, error) {
		found = r
		return r, nil
	})
	if err != nil {
		t.Errorf("Update = %v", err)
	}
	return found
}
