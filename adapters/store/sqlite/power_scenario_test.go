// SPDX-License-Identifier: Apache-2.0

//go:build linux

package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/core/idempotency"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/store"
)

// scenario is a piece of the store's life.
type scenario struct {
	name   string
	before func(*stage) // has happened, and is durable
	plays  func(s *stage, rounds int)
}

const (
	stageTills = 4
	stageCost  = loyalty.Points(100)
)

// scenarios are those of reliability R3.
var scenarios = []scenario{
	{"a first start", nil, func(s *stage, rounds int) { s.open(); s.tills(1); s.close() }},
	{"a schema of version 1", schema1, func(s *stage, rounds int) { s.open(); s.links(0, 2); s.tills(1); s.close() }},
	{"tills", rich, func(s *stage, rounds int) { s.open(); s.tills(rounds); s.close() }},
	{"orders and refunds", rich, func(s *stage, rounds int) { s.open(); s.orders(rounds); s.close() }},
	{"news", nothing, func(s *stage, rounds int) { s.open(); s.news(3 * rounds); s.close() }},
	{"points elsewhere", nothing, func(s *stage, rounds int) { s.open(); s.elsewhere(3 * rounds); s.close() }},
	{"links and answers", nothing, func(s *stage, rounds int) { s.open(); s.links(0, 3*rounds); s.close() }},
	{"checkpoints and a restart", rich, checkpoints},
	{"holds run out", rich, runningOut},
	{"everything at once", rich, everything},
}

// nothing is a database without rows.
func nothing(s *stage) {
	s.open()
	s.close()
}

// rich are customers with points.
func rich(s *stage) {
	s.open()
	for c := range stageTills {
		earn(s.t, s.db, "alpha", stageCustomer(c), fmt.Sprint("gift:", c), 100*stageCost)
	}
	s.close()
}

// schema1 is a database of the first version, with rows in it.
func schema1(s *stage) {
	ctx := s.t.Context()
	path, err := settle(s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := makeFile(path); err != nil {
		s.t.Fatal(err)
	}
	db, err := pool(writerDSN(path), 1)
	if err != nil {
		s.t.Fatal(err)
	}
	steps, err := provider(db)
	if err == nil {
		_, err = steps.UpTo(ctx, 1)
	}
	if err == nil {
		_, err = db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID))
	}
	for i := range 20 {
		if err == nil {
			hash := hashOf(fmt.Sprint("old ", i))
			_, err = db.ExecContext(ctx, `INSERT INTO handoff (hash, shop, reference, target, expires_at) VALUES (?, 'alpha', ?, x'00', ?)`, hash[:], fmt.Sprint("old ", i), instant(noon.Add(time.Hour)))
		}
	}
	if err != nil {
		s.t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		s.t.Fatal(err)
	}
}

func stageCustomer(c int) loyalty.CustomerID { return loyalty.CustomerID(fmt.Sprint("customer-", c)) }

// atOnce lets tills work at the same time, each with the customer beside it, too.
func (s *stage) atOnce(rounds int, do func(till, round int)) {
	var all sync.WaitGroup
	for till := range stageTills {
		all.Go(func() {
			for round := range rounds {
				do(till, round)
			}
		})
	}
	all.Wait()
}

func stageID(till, round, n int) loyalty.ActionID {
	return loyalty.ActionID(fmt.Sprintf("A-%d-%04d-%d", till, round, n))
}

// tills hold points, hear of it, take back, and take back what nobody had tapped.
func (s *stage) tills(rounds int) {
	s.atOnce(rounds, func(till, round int) {
		c := stageCustomer((till + round) % stageTills)
		kept, taken, void := stageID(till, round, 0), stageID(till, round, 1), stageID(till, round, 2)
		name := fmt.Sprintf("till-%d-%d", till, round)
		s.book(name, performing(kept, c, stageCost))
		s.book(name, performing(taken, c, stageCost))
		s.book(name, confirming(kept, c, stageCost))
		s.book(name, reverting(taken, c, stageCost))
		s.book(name, reverting(void, c, stageCost))
		s.book(name, performing(void, c, stageCost))
	})
}

// orders hold points, pay with them or without, and give a part and then the rest back.
func (s *stage) orders(rounds int) {
	s.atOnce(rounds, func(till, round int) {
		c, id, late := stageCustomer(till), stageID(till, round, 3), stageID(till, round, 4)
		order, second := loyalty.OrderID("order-"+id), loyalty.OrderID("order-"+late)
		name := fmt.Sprintf("order-%d-%d", till, round)
		s.book(name, performing(id, c, stageCost))
		s.book(name, selling(order, c, 10_000, stageCost, id))
		s.book(name, selling(second, c, 5_000, 80*stageCost, late))
		s.book(name, refunding(order, loyalty.RefundID("part-"+id), 3_333))
		s.book(name, refunding(order, loyalty.RefundID("rest-"+id), 6_667))
		s.book(name, refunding(second, loyalty.RefundID("all-"+late), 5_000))
	})
}

// news comes in twice, is taken up, fails, is worked out, and forgotten.
func (s *stage) news(rounds int) {
	box := func(do func(context.Context, store.Inbox) error) {
		s.write(news, func(t *testing.T, db *DB) error { return do(t.Context(), db.Store().Inbox) })
	}
	for i := range rounds {
		at, key := noon.Add(time.Duration(i)*time.Minute), fmt.Sprint("placed:", i)
		m := store.Message{Shop: "alpha", Key: key, Body: make([]byte, 100+i%5*1000), ReceivedAt: at}
		put := func(ctx context.Context, in store.Inbox) error { _, err := in.Put(ctx, m); return err }
		box(put)
		box(put)
		box(func(ctx context.Context, in store.Inbox) error {
			_, err := in.Take(ctx, at, at.Add(time.Minute), 8)
			return err
		})
		box(func(ctx context.Context, in store.Inbox) error {
			if i%3 == 0 {
				return in.Later(ctx, "alpha", key, at.Add(time.Hour), "the backend was away")
			}
			return in.Done(ctx, "alpha", key, at)
		})
		box(func(ctx context.Context, in store.Inbox) error {
			_, err := in.Sweep(ctx, at.Add(store.ForgetDone-5*time.Minute))
			return err
		})
	}
}

// elsewhere holds points that a keeper takes, and gives them back; now and then the tap dies in between. It writes where
// points are, so nothing else may meanwhile.
func (s *stage) elsewhere(rounds int) {
	move := func(do func(context.Context, store.Movements) error) {
		s.write(points, func(t *testing.T, db *DB) error { return do(t.Context(), db.Store().Movements) })
	}
	take := func(ctx context.Context, v store.Movements) error {
		_, err := v.Take(ctx, noon.Add(time.Hour), noon.Add(2*time.Hour), 8)
		return err
	}
	for i := range rounds {
		c, id := stageCustomer(i%stageTills), stageID(0, i, 5)
		tap := asked(id, c, stageCost)
		move(func(ctx context.Context, v store.Movements) error { _, err := v.Begin(ctx, tap); return err })
		settled := given(id, c, stageCost)
		if i%3 == 0 {
			move(take)
			settled = tap
			settled.State = store.Returning
			s.book("return", func(b store.Book) error { return b.Write(store.Change{Movements: []store.Movement{settled}}) })
		} else {
			s.book("take", taking(id, c, stageCost))
			s.book("give", giving(id, c, stageCost))
			move(take)
		}
		move(func(ctx context.Context, v store.Movements) error {
			if i%3 == 1 {
				return v.Later(ctx, settled, noon.Add(3*time.Hour), "the keeper was away")
			}
			return v.Settle(ctx, settled, noon)
		})
		move(func(ctx context.Context, v store.Movements) error { _, err := v.Sweep(ctx, noon); return err })
	}
}

// links are made, replaced and used; answers are claimed and kept.
func (s *stage) links(from, rounds int) {
	for i := from; i < from+rounds; i++ {
		first, second := link(fmt.Sprint("link ", i)), link(fmt.Sprint("next ", i))
		second.Reference = first.Reference
		for _, h := range []store.Handoff{first, second} {
			s.write(links, func(t *testing.T, db *DB) error { return db.Store().Handoffs.Put(t.Context(), h) })
		}
		s.write(links, func(t *testing.T, db *DB) error {
			_, err := db.Store().Handoffs.Take(t.Context(), second.Hash, noon)
			return err
		})
		for _, r := range []idempotency.Record{{State: idempotency.Running, Generation: 1, LeaseUntil: noon}, crashRecord(first.Reference)} {
			s.write(answers, func(t *testing.T, db *DB) error {
				return db.Store().Idempotency.Update(t.Context(), idempotency.Scope{Name: first.Reference}, func(idempotency.Record) (idempotency.Record, error) { return r, nil })
			})
		}
	}
}

// checkpoints fold the log into the file every few commits, and the host starts again meanwhile.
func checkpoints(s *stage, rounds int) {
	for part := range 2 {
		s.open()
		s.pragma("wal_autocheckpoint = 12")
		if part == 0 {
			s.tills(rounds)
		} else {
			s.orders(rounds)
		}
		s.close()
	}
}

// runningOut gives back what was held too long.
func runningOut(s *stage, rounds int) {
	s.open()
	s.atOnce(rounds, func(till, round int) {
		for n := range 4 {
			s.book("hold", performing(stageID(till, round, n), stageCustomer(till), stageCost))
		}
	})
	s.later(25 * time.Hour)
	holds, err := s.db.Store().Ledger.RunningOut(s.t.Context(), "alpha", s.now(), 0, 1_000)
	if err != nil || len(holds) != 4*rounds*stageTills {
		s.t.Fatalf("%d holds run out, %v", len(holds), err)
	}
	s.atOnce(len(holds)/stageTills, func(till, round int) {
		s.book("expire", expiring(holds[round*stageTills+till].ID))
	})
	s.close()
}

func everything(s *stage, rounds int) {
	s.open()
	s.pragma("wal_autocheckpoint = 40")
	var all sync.WaitGroup
	for _, part := range []func(){func() { s.tills(rounds) }, func() { s.orders(rounds) }, func() { s.news(2 * rounds) }, func() { s.links(0, 2*rounds) }} {
		all.Go(part)
	}
	all.Wait()
	s.close()
}

// record plays a scenario below the recorder.
func record(t *testing.T, sc scenario, rounds int, normal bool) *stage {
	t.Helper()
	s := newStage(t, sc.name, normal)
	if sc.before != nil {
		sc.before(s)
	}
	s.watch()
	s.acks, s.steps = nil, map[room][]step{}
	from := s.recorder.Len()
	sc.plays(s, rounds)
	for i := range s.acks {
		s.acks[i].at -= from
	}
	s.skip = from
	if _, there := s.before[filepath.Base(s.path)]; there != (sc.before != nil) {
		t.Fatalf("before the scenario a database was there: %t", there)
	}
	return s
}
