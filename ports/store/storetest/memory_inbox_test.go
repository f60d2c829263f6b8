// SPDX-License-Identifier: Apache-2.0

package storetest_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
	"github.com/cartage-dev/cartage/ports/store"
)

// memoryInbox keeps messages in the order in which they came.
type memoryInbox struct{ *memory }

type keptMessage struct {
	store.Message
	due, done time.Time
}

func (m memoryInbox) find(s shop.ID, key string) *keptMessage {
	for _, k := range m.messages {
		if k.Key == key && (k.Shop == s || m.bug == "messages of all shops are one") {
			return k
		}
	}
	return nil
}

func (m memoryInbox) Put(ctx context.Context, message store.Message) (bool, error) {
	if err := m.begin(ctx); err != nil {
		return false, err
	}
	defer m.end()
	before := m.find(message.Shop, message.Key)
	switch {
	case before != nil && m.bug == "the last message of a key counts":
		before.Body = message.Body
		return false, nil
	case before != nil && m.bug == "every message is fresh":
		return true, nil
	case before != nil && (before.done.IsZero() || m.bug != "what is done is forgotten"):
		return false, nil
	}
	m.messages = append(m.messages, &keptMessage{Message: message, due: message.ReceivedAt})
	return true, nil
}

func (m memoryInbox) Take(ctx context.Context, now, lease time.Time, limit int) (taken []store.Message, err error) {
	if err := m.begin(ctx); err != nil {
		return nil, err
	}
	defer m.end()
	var due []*keptMessage
	for _, k := range m.messages {
		if (k.done.IsZero() || m.bug == "what is done comes again") && (!k.due.After(now) || m.bug == "what is not due comes") {
			due = append(due, k)
		}
	}
	if m.bug != "messages in any order" {
		slices.SortStableFunc(due, func(a, b *keptMessage) int { return a.due.Compare(b.due) })
	}
	if m.bug != "messages without bound" {
		due = due[:min(limit, len(due))]
	}
	if m.bug == "messages taken in two steps" {
		m.pause()
	}
	for _, k := range due {
		taken = append(taken, k.Message)
		if m.bug != "no lease" {
			k.due = lease
		}
		if m.bug == "a lease for ever" {
			k.due = lease.AddDate(1, 0, 0)
		}
	}
	return taken, nil
}

func (m memoryInbox) Done(ctx context.Context, s shop.ID, key string, at time.Time) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	defer m.end()
	if k := m.find(s, key); k != nil {
		k.done, k.Body = at, nil
	}
	return nil
}

func (m memoryInbox) Later(ctx context.Context, s shop.ID, key string, then time.Time, why string) error {
	if err := m.begin(ctx); err != nil {
		return err
	}
	defer m.end()
	k := m.find(s, key)
	if k == nil || !k.done.IsZero() && m.bug != "late hands undo what is done" {
		return nil
	}
	k.done, k.due, k.Why = time.Time{}, then, why
	if m.bug != "attempts not counted" {
		k.Attempts++
	}
	return nil
}

func (m memoryInbox) Backlog(ctx context.Context) (n int, since time.Time, err error) {
	if err := m.begin(ctx); err != nil {
		return 0, time.Time{}, err
	}
	defer m.end()
	for _, k := range m.messages {
		if !k.done.IsZero() && m.bug != "the backlog counts what is done" {
			continue
		}
		if n++; since.IsZero() || cmp.Compare(k.ReceivedAt.UnixNano(), since.UnixNano()) < 0 {
			since = k.ReceivedAt
		}
	}
	return n, since, nil
}

func (m memoryInbox) Sweep(ctx context.Context, now time.Time) (int, error) {
	if err := m.begin(ctx); err != nil {
		return 0, err
	}
	defer m.end()
	before := len(m.messages)
	m.messages = slices.DeleteFunc(m.messages, func(k *keptMessage) bool {
		return (!k.done.IsZero() || m.bug == "what waits is swept") && !k.done.After(now.Add(-store.ForgetDone))
	})
	return before - len(m.messages), nil
}

// memoryPrivacy gives whoever is forgotten a name that nobody asks by.
type memoryPrivacy struct{ *memory }

func (m memoryPrivacy) Forget(ctx context.Context, s shop.ID, c loyalty.CustomerID) (n int, err error) {
	if err := m.begin(ctx); err != nil {
		return 0, err
	}
	defer m.end()
	p := m.pages[s]
	if p == nil {
		return 0, nil
	}
	for _, who := range slices.Collect(maps.Keys(p.names)) {
		if strings.HasPrefix(string(who), "forgotten") || c != "" && who != c && m.bug != "everybody is forgotten" {
			continue
		}
		n++
		nobody := loyalty.CustomerID(fmt.Sprint("forgotten ", p.names[who]))
		switch m.bug {
		case "nobody is forgotten":
			continue
		case "points go with the customer":
			delete(p.balances, who)
			delete(p.names, who)
			continue
		}
		if m.bug == "whoever waits is forgotten" {
			for at, x := range m.moving {
				x.Customer = ""
				m.moving[at] = x
			}
		}
		p.names[nobody], p.balances[nobody] = p.names[who], p.balances[who]
		delete(p.names, who)
		delete(p.balances, who)
		if m.bug == "a hold keeps the name" {
			continue
		}
		for id, a := range p.actions {
			if a.Customer == who {
				a.Customer = nobody
				p.actions[id] = a
			}
		}
	}
	return n, nil
}
