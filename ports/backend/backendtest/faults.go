// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

// messageMax is how many bytes of a fault's message a host takes.
const messageMax = 512

// The rules over faults look at every fault of the run, and provoke some themselves.
func faultRules() []Rule {
	return []Rule{
		{ID: "faults.classified", Promise: "Every error is a fault, and none is Internal: that is a bug.", check: overFaults(classified)},
		{ID: "faults.code", Promise: "Every fault has a code in snake_case that a program may branch on.", check: overFaults(coded)},
		{ID: "faults.source", Promise: "Every fault says whose it is: the caller's, the backend's or the plugin's.", check: overFaults(sourced)},
		{ID: "faults.message", Promise: fmt.Sprintf("Every message is printable, at most %d bytes, and carries no address, foreign body or stack.", messageMax), check: overFaults(presentable)},
		{ID: "faults.no_secret", Promise: "No fault carries a secret, a customer's token or anything of a buyer.", check: secretless},
	}
}

// overFaults looks at each fault once, in the rule that met it.
func overFaults(look func(t *T, told toldFault)) func(ctx context.Context, t *T) {
	return func(ctx context.Context, t *T) {
		seen := map[string]bool{}
		for _, told := range t.collect(ctx) {
			if key := DescribeFault(told.fault); !seen[key] {
				seen[key] = true
				look(t, told)
			}
		}
		if len(seen) == 0 {
			t.Skip("the backend answered with no fault")
		}
	}
}

// collect provokes a fault of each port, and returns all that were heard.
func (t *T) collect(ctx context.Context) []toldFault {
	if t.backend.Carts != nil {
		_, _ = t.Get(ctx, t.Call(""), t.noSuchCart())
		_, _ = t.Change(ctx, t.Call("change"), t.noSuchCart(), t.setting(1))
		req := t.some()
		req.Customer = customerCanary
		_, _ = t.Put(ctx, t.Call("a"), req)
	}
	if t.backend.Checkout != nil {
		_, _ = t.Deliver(ctx, t.Call("deliver"), t.noSuchCart(), backend.Delivery{Buyer: CanaryBuyer()})
		_, _ = t.HandOff(ctx, t.Call("hand off"), t.noSuchCart(), backend.HandOff{Customer: customerCanary})
	}
	if t.backend.Orders != nil {
		_, _ = t.ByReference(ctx, t.Call(""), t.Reference("none"))
	}
	if t.backend.Loyalty != nil {
		_, _ = t.Points(ctx, t.Call(""), t.Sample.UnknownCustomer)
		_, _ = t.Move(ctx, t.Call("move"), backend.Movement{Customer: t.Sample.UnknownCustomer, Points: 1, Reason: backend.PointsEarned})
		_, _ = t.Moved(ctx, t.Call(""), t.Call("moved").Key)
	}
	return append(t.told, t.heard()...)
}

func (told toldFault) describe() string {
	return DescribeFault(told.fault) + " [in " + told.rule + "]"
}

func classified(t *T, told toldFault) {
	t.Expect(told.fault.Kind != fault.Internal, "a fault of a kind that fits", told.describe())
}

func coded(t *T, told toldFault) {
	code := told.fault.Code
	ok := code != "" && len(code) <= 64 && strings.Trim(code, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
	t.Expect(ok, "a code in snake_case of at most 64 bytes", told.describe())
}

func sourced(t *T, told toldFault) {
	t.Expect(told.fault.Source != fault.Engine, "the source caller, backend or plugin", told.describe())
}

// signsOfLeaks are found in what a message must not carry.
var signsOfLeaks = []string{"://", "<html", "<!doctype", "goroutine ", ".go:", "Traceback (", "\tat ", "-----BEGIN", "Bearer ", "panic:"}

func presentable(t *T, told toldFault) {
	m := told.fault.Message
	t.Expect(m != "" && len(m) <= messageMax && utf8.ValidString(m) && printable(m) == m, "a printable message of at most 512 bytes", told.describe())
	for _, sign := range signsOfLeaks {
		if strings.Contains(strings.ToLower(m), strings.ToLower(sign)) {
			t.Breach("a message for people, without "+strings.TrimSpace(sign), told.describe())
		}
	}
}

func secretless(ctx context.Context, t *T) {
	secrets := slices.Concat([]string{customerCanary}, textsOf(CanaryBuyer()), t.bench.options.Secrets)
	for _, told := range t.collect(ctx) {
		text := everything(told.fault)
		for _, s := range secrets {
			if len(s) >= secretMin && strings.Contains(text, s) {
				t.Breach("no secret in a fault", fmt.Sprintf("one in %s (%s), met in %s", told.fault.Kind, told.fault.Code, told.rule))
			}
		}
	}
}

// everything is all text of a fault.
func everything(f *fault.Error) string {
	text := f.Code + "\n" + f.Message
	for _, field := range f.Fields {
		text += "\n" + field.Path + "\n" + field.Reason + "\n" + field.Detail
	}
	for cause := f.Cause; cause != nil; cause = errors.Unwrap(cause) {
		text += "\n" + cause.Error()
	}
	return text
}
