// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/cartage-dev/cartage/core/loyalty"
)

// kind is what was asked.
type kind uint8

const (
	look    kind = iota // promotions
	tap                 // perform_action
	take                // revert_action
	foreign             // perform_action with what was shown to another customer
	ordered             // an order that carries the id, once it was told
)

// asked is an operation's input.
type asked struct {
	kind kind
	id   loyalty.ActionID
}

// outcome is its output: the status of the answer, 0 when there was none, and the balance of a look.
type outcome struct {
	status  int
	code    string
	balance loyalty.Points
}

// histories are what each customer's tills have seen.
type histories struct {
	mu  sync.Mutex
	all map[loyalty.CustomerID][]porcupine.Operation
}

func (h *histories) add(c loyalty.CustomerID, client int, in asked, out outcome, call, back time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all[c] = append(h.all[c], porcupine.Operation{ClientId: client, Input: in, Output: out, Call: call.UnixNano(), Return: back.UnixNano()})
}

// purse is the state of one customer, as the wire's contract has it: what is available, and what became of
// every offer that was tapped. It is a value, so that states can be compared.
type purse struct {
	available loyalty.Points
	actions   string // id=state, sorted
}

func (p purse) state(id loyalty.ActionID) string {
	for part := range strings.SplitSeq(p.actions, ",") {
		if name, state, _ := strings.Cut(part, "="); name == string(id) {
			return state
		}
	}
	return ""
}

func (p purse) with(id loyalty.ActionID, state string, more loyalty.Points) purse {
	all := map[string]string{}
	for part := range strings.SplitSeq(p.actions, ",") {
		if name, state, is := strings.Cut(part, "="); is {
			all[name] = state
		}
	}
	all[string(id)] = state
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		parts = append(parts, name+"="+all[name])
	}
	return purse{p.available + more, strings.Join(parts, ",")}
}

// tapped, taken and paid are what the contract says that becomes of a purse, and with which status.
func (p purse) tapped(id loyalty.ActionID) (purse, int, string) {
	switch p.state(id) {
	case "":
		if p.available < offerCost {
			return p, 500, "insufficient_points"
		}
		return p.with(id, "held", -offerCost), 200, ""
	case "held":
		return p, 200, ""
	}
	return p, 404, ""
}

func (p purse) taken(id loyalty.ActionID) (purse, int) {
	switch p.state(id) {
	case "":
		return p.with(id, "void", 0), 200
	case "held":
		return p.with(id, "released", offerCost), 200
	case "void", "released":
		return p, 200
	}
	return p, 404
}

// paid is for one order: another one with the same offer burns points again.
func (p purse) paid(id loyalty.ActionID) purse {
	if p.state(id) == "held" {
		return p.with(id, "captured", 0)
	}
	return p.with(id, "captured", -min(p.available, offerCost))
}

// mayHave reports whether a 500 with this code leaves it open if something was done.
func mayHave(code string) bool { return code == "deadline" || strings.HasPrefix(code, "store_") }

// model is the wire's contract for a customer who begins with so many points. What got no
// answer has happened or has not.
func model(points loyalty.Points) porcupine.Model {
	either := func(status int, before, after purse, want bool) []any {
		switch {
		case status == 0:
			return []any{before, after}
		case want:
			return []any{after}
		}
		return nil
	}
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{purse{available: points}} },
		Step: func(state, input, output any) []any {
			p, in, out := state.(purse), input.(asked), output.(outcome)
			switch in.kind {
			case look:
				return either(out.status, p, p, out.balance == p.available)
			case tap:
				after, status, code := p.tapped(in.id)
				if out.status == 500 && mayHave(out.code) {
					return []any{p, after}
				}
				return either(out.status, p, after, out.status == status && (status != 500 || out.code == code))
			case foreign:
				return either(out.status, p, p, out.status == 404)
			case take:
				after, status := p.taken(in.id)
				if out.status == 500 && mayHave(out.code) {
					return []any{p, after}
				}
				return either(out.status, p, after, out.status == status)
			case ordered:
				return either(out.status, p, p.paid(in.id), out.status == 200)
			}
			return nil
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
	}
	return m.ToModel()
}

// show draws a history that cannot have happened, where -histories says so.
func (h *histories) show(t *testing.T, c loyalty.CustomerID, points loyalty.Points) {
	t.Helper()
	if *shown == "" {
		return
	}
	_, info := porcupine.CheckOperationsVerbose(model(points), h.all[c], time.Minute)
	if err := porcupine.VisualizePath(model(points), info, filepath.Join(*shown, string(c)+".html")); err != nil {
		t.Error(err)
	}
	ops := slices.SortedFunc(slices.Values(h.all[c]), func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var text strings.Builder
	for _, o := range ops {
		fmt.Fprintf(&text, "%12d %12d %2d %+v %+v\n", o.Call-ops[0].Call, o.Return-ops[0].Call, o.ClientId, o.Input, o.Output)
	}
	if err := os.WriteFile(filepath.Join(*shown, string(c)+".txt"), []byte(text.String()), 0o600); err != nil {
		t.Error(err)
	}
}

// verdicts holds every customer's history to the contract.
func (h *histories) verdicts(points loyalty.Points, most time.Duration) (ok, unknown int, wrong []loyalty.CustomerID) {
	for c, operations := range h.all {
		switch porcupine.CheckOperationsTimeout(model(points), operations, most) {
		case porcupine.Ok:
			ok++
		case porcupine.Unknown:
			unknown++
		case porcupine.Illegal:
			wrong = append(wrong, c)
		}
	}
	return ok, unknown, wrong
}
