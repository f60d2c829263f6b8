// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"context"
	"fmt"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/backend"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// club is the points of a process, and one movement.
type club struct {
	t        *backendtest.T
	loyalty  backend.Loyalty
	demo     bool
	movement backend.Movement
}

// joined is a club with a customer of the sample's, or skips the rule.
func joined(ctx context.Context, t *backendtest.T, p *process) (c club, ok bool) {
	b, ok := offered(ctx, t, p)
	switch {
	case !ok:
	case b.Loyalty == nil:
		t.Skip("the plugin does not keep points")
	case len(t.Sample.Customers) == 0:
		t.Skip("the sample names no customers")
	default:
		m := backend.Movement{Customer: t.Sample.Customers[0], Points: 3, Reason: backend.PointsEarned, Order: loyalty.OrderID(t.Reference("process"))}
		return club{t, b.Loyalty, b.Info.Demo, m}, true
	}
	return club{}, false
}

// ask makes a bounded call and writes it down.
func (c club) ask(ctx context.Context, what string, call func(ctx context.Context) (any, error)) error {
	ctx, cancel := context.WithTimeout(ctx, askMax)
	defer cancel()
	answer, err := call(ctx)
	came := fmt.Sprint(answer)
	if err != nil {
		came = backendtest.DescribeFault(err)
	}
	c.t.Exchange(what, came)
	return err
}

func (c club) points(ctx context.Context) (points loyalty.Points, err error) {
	err = c.ask(ctx, "Loyalty.Points", func(ctx context.Context) (any, error) {
		points, err = c.loyalty.Points(ctx, c.t.Call(""), c.movement.Customer)
		return points, err
	})
	return points, err
}

func (c club) move(ctx context.Context, key string, m backend.Movement) (left loyalty.Points, err error) {
	err = c.ask(ctx, "Loyalty.Move", func(ctx context.Context) (any, error) {
		left, err = c.loyalty.Move(ctx, c.t.Call(key), m)
		return left, err
	})
	return left, err
}

// pointsOutlive lets a host do what it does after a process died in the middle of a movement.
func pointsOutlive(ctx context.Context, t *backendtest.T, r *trial) {
	r.ready(ctx, t, func(p *process) {
		c, ok := joined(ctx, t, p)
		if !ok {
			return
		}
		before, err := c.points(ctx)
		if err == nil {
			_, err = c.move(ctx, "process", c.movement)
		}
		if err != nil {
			t.Skip("points could not be moved, which the rules of points judge")
			return
		}
		kill(p.cmd)
		<-p.ended
		r.ready(ctx, t, func(next *process) {
			if c, ok := joined(ctx, t, next); ok {
				t.Exchange("a kill of the process", "the next one is ready")
				c.outlives(ctx, before+c.movement.Points)
			}
		})
	})
}

// outlives expects the movement in effect, and takes the points back.
func (c club) outlives(ctx context.Context, want loyalty.Points) {
	var found backend.Movement
	err := c.ask(ctx, "Loyalty.Moved", func(ctx context.Context) (_ any, err error) {
		found, err = c.loyalty.Moved(ctx, c.t.Call(""), c.t.Call("process").Key)
		return "a movement", err
	})
	if c.demo && isNotFound(err) {
		c.t.Skip("a demo, which loses its points with its process: nobody may depend on them")
		return
	}
	c.t.Expect(err == nil && found == c.movement, "the movement that was acknowledged before", backendtest.DescribeFault(err))
	left, err := c.move(ctx, "process", c.movement)
	if c.t.Expect(err == nil, "the movement, once more", backendtest.DescribeFault(err)) {
		c.t.Expect(left == want, fmt.Sprintf("%d points, since they were moved before", want), fmt.Sprint(left))
	}
	back := c.movement
	back.Points, back.Reason = -back.Points, backend.PointsClawed
	_, _ = c.move(ctx, "back", back)
}
