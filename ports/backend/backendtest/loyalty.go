// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/backend"
)

func loyaltyRules() []Rule {
	rules := slices.Concat([]Rule{
		{ID: "loyalty.promises", Promise: "A backend of points promises keyed writes and to read back: without both no host moves points here.", check: loyaltyPromises},
		{ID: "loyalty.points.unknown", Promise: "The points of a customer that there is not are NotFound (unknown_customer).", check: pointsUnknown},
		{ID: "loyalty.points.strange", Promise: "A customer that no channel could name is NotFound (unknown_customer) or Invalid, and no bug.", check: pointsStrange},
		{ID: "loyalty.points.deadline", Promise: "A question for points whose deadline passes, or that is canceled, comes back at once, and the next one is well.", check: pointsDeadline},
	}, moveRules(), moveKeyRules(), movedRules())
	for i := range rules {
		rules[i].port = backend.PortLoyalty
	}
	return rules
}

// checkCustomers says what is wrong with the customers.
func (s Sample) checkCustomers(refuse func(path, reason, detail string)) {
	for i, c := range s.Customers {
		path := fmt.Sprintf("customers[%d]", i)
		switch {
		case c == "" || strings.TrimSpace(string(c)) != string(c):
			refuse(path, "malformed", "must be a customer without white space around it")
		case slices.Contains(s.Customers[:i], c):
			refuse(path, "repeated", "each customer may be there once")
		}
	}
	if slices.Contains(s.Customers, s.UnknownCustomer) {
		refuse("unknown_customer", "repeated", "must not be among customers")
	}
}

// purse is what a customer has to spend, as a rule reckons it.
type purse struct {
	t        *T
	customer loyalty.CustomerID
	// before is what it was when the rule began, now what it must be.
	before, now loyalty.Points
}

// purse looks into that of the sample's first customer, or of another.
func (t *T) purse(ctx context.Context, which ...int) (*purse, bool) {
	i := append(which, 0)[0]
	if len(t.Sample.Customers) <= i {
		t.Skip(fmt.Sprintf("the sample names fewer than %d customers", i+1))
		return nil, false
	}
	p := &purse{t: t, customer: t.Sample.Customers[i]}
	points, err := t.Points(ctx, t.Call(""), p.customer)
	p.before, p.now = points, points
	return p, t.unrefused(err, "the points of a customer that the sample names")
}

// of is a movement of the customer's, for an order of this rule and run.
func (p *purse) of(points loyalty.Points, why backend.MovementReason) backend.Movement {
	return backend.Movement{Customer: p.customer, Points: points, Reason: why, Order: loyalty.OrderID(p.t.Reference("order"))}
}

// does expects the movement to be made, and to answer what there is to spend then.
func (p *purse) does(ctx context.Context, key string, m backend.Movement) bool {
	left, err := p.t.Move(ctx, p.t.Call(key), m)
	if !p.t.unrefused(err, "the movement") {
		return false
	}
	p.now += m.Points
	return p.answers(left)
}

func (p *purse) gives(ctx context.Context, key string, points loyalty.Points) bool {
	return p.does(ctx, key, p.of(points, backend.PointsEarned))
}

func (p *purse) takes(ctx context.Context, points loyalty.Points) bool {
	return p.does(ctx, "take", p.of(-points, backend.PointsRedeemed))
}

// refuses expects the movement to end in a fault, and to move nothing.
func (p *purse) refuses(ctx context.Context, key string, m backend.Movement, kindAndCode string) bool {
	left, err := p.t.Move(ctx, p.t.Call(key), m)
	if err == nil {
		p.now += m.Points // so that it is taken back
	}
	return p.t.endsIn(err, kindAndCode, fmt.Sprintf("%d points to spend", left)) && p.shows(ctx)
}

func (p *purse) answers(left loyalty.Points) bool {
	return p.t.Expect(left == p.now, fmt.Sprintf("%d points to spend then", p.now), fmt.Sprint(left))
}

// shows expects Points to be what the rule reckons.
func (p *purse) shows(ctx context.Context) bool {
	points, err := p.t.Points(ctx, p.t.Call(""), p.customer)
	return p.t.unrefused(err, "the customer's points") && p.t.Expect(points == p.now, fmt.Sprintf("%d points to spend", p.now), fmt.Sprint(points))
}

// restore leaves the customer with what there was, if the rule reckoned right; it judges nothing.
func (p *purse) restore(ctx context.Context) {
	m := p.of(p.before-p.now, backend.PointsReturned)
	if m.Points < 0 {
		m.Reason = backend.PointsClawed
	}
	if m.Points != 0 {
		_, _ = p.t.Move(ctx, p.t.Call("restore "+string(p.customer)), m)
	}
}

// endsIn expects this fault; answered is what came where none did.
func (t *T) endsIn(err error, kindAndCode, answered string) bool {
	if err == nil {
		t.Breach("a fault: "+kindAndCode, answered)
		return false
	}
	return t.Expect(isFault(err, kindAndCode), "a fault: "+kindAndCode, DescribeFault(err))
}

func loyaltyPromises(_ context.Context, t *T) {
	info := t.backend.Info
	came := fmt.Sprintf("keyed writes: %t, read back: %t", info.KeyedWrites, info.ReadBack)
	t.Exchange("Info", came)
	t.Expect(info.KeyedWrites, "keyed writes: a host that gets no answer could else not ask again without moving points twice", came)
	t.Expect(info.ReadBack, "read back: a host that gets no answer could else not find out whether points were moved", came)
}

func pointsUnknown(ctx context.Context, t *T) {
	points, err := t.Points(ctx, t.Call(""), t.Sample.UnknownCustomer)
	t.endsIn(err, unknownCustomer, fmt.Sprintf("%d points", points))
}

const (
	unknownCustomer    = "not_found unknown_customer"
	insufficientPoints = "conflict insufficient_points"
	unknownMovement    = "not_found unknown_movement"
)

func pointsStrange(ctx context.Context, t *T) {
	for _, id := range strangeNames() {
		points, err := t.Points(ctx, t.Call(""), loyalty.CustomerID(id))
		if err == nil || fault.KindOf(err) != fault.Invalid {
			t.endsIn(err, unknownCustomer, fmt.Sprintf("%d points of %s", points, quote(id)))
		}
	}
}

// strangeNames are texts that nobody has for a name, and that are no command for it.
func strangeNames() []string {
	return []string{".", "..", "../../etc/passwd", "' OR '1'='1", "%", "*", "größe-ü-注文", "gro\u0308ße-ü", "👟 a\u00a0b", "a/b?c=d#e", `"\`, strings.Repeat("n", 1000)}
}

func pointsDeadline(ctx context.Context, t *T) {
	p, ok := t.purse(ctx)
	if !ok {
		return
	}
	t.hurriedRead(ctx, func(ctx context.Context) error {
		_, err := t.Points(ctx, t.Call(""), p.customer)
		return err
	})
	p.shows(ctx)
}
