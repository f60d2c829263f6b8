// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/ports/backend"
)

// noSuchCode is a coupon code that no shop has.
const noSuchCode = "cartage-no-such-code"

func codeRules() []Rule {
	return ofChange([]Rule{
		{ID: "carts.change.code", Promise: "A good code takes effect: it is listed letter by letter as it was asked for, the cart costs less, and the sums add up.", check: goodCode},
		{ID: "carts.change.code_shown", Promise: "Get shows the codes in effect, and what the cart costs with them.", check: codeShown},
		{ID: "carts.change.code_said_twice", Promise: "A code that is asked for again takes effect once.", check: codeSaidTwice},
		{ID: "carts.change.codes_stay", Promise: "A change that says nothing of codes leaves them in effect.", check: codesStay},
		{ID: "carts.change.no_codes", Promise: "Codes set to none takes off all, and the cart costs what it did before.", check: noCodes},
		{ID: "carts.change.only_codes", Promise: "A code that is not asked for again is taken off, though the new one is refused.", check: onlyCodes},
		{ID: "carts.change.two_codes", Promise: "Of two codes the first takes effect, and the second does, too, or is refused by its name.", check: twoCodes},
		{ID: "carts.change.unknown_code", Promise: "A code that does not exist is refused by its name, unknown_code, and the cart is as before.", check: unknownCode},
		{ID: "carts.change.unknown_code_aside", Promise: "Quantities are set beside a code that is refused.", check: unknownCodeAside},
		{ID: "carts.change.good_code_stays", Promise: "A refused code leaves a good one in effect that is still asked for.", check: goodCodeStays},
		{ID: "carts.change.code_as_asked", Promise: "A code in another spelling is listed or refused as it was asked for, and Get lists it alike.", check: codeAsAsked},
		{ID: "carts.change.strange_codes", Promise: fmt.Sprintf("A code in any script, of %d characters, or that looks like a command, is refused letter by letter.", cart.CodeMax), check: strangeCodes},
	})
}

func settingCodes(codes ...string) backend.ChangeCart {
	return backend.ChangeCart{SetCodes: true, Codes: codes}
}

// coded is a basket, and the same with the sample's first code.
func (t *T) coded(ctx context.Context) (before cart.Cart, with backend.ChangeAnswer, ok bool) {
	if len(t.Sample.Codes) == 0 {
		t.Skip("the sample names no codes")
		return before, with, false
	}
	if before, ok = t.basket(ctx, "made"); ok {
		with, ok = t.changed(ctx, "code", before.ID, settingCodes(t.Sample.Codes[0]))
	}
	return before, with, ok
}

// haveEffect expects exactly these codes to be in effect.
func (t *T) haveEffect(c cart.Cart, codes ...string) {
	t.Expect(slices.Equal(slices.Sorted(slices.Values(c.Codes)), slices.Sorted(slices.Values(codes))),
		either(describeCodes(codes), "no code")+" in effect", either(describeCodes(c.Codes), "no code"))
}

// eachCode expects that every code asked for is in effect or refused for a reason that
// there is, once and letter by letter, and that nothing else is.
func (t *T) eachCode(asked []string, a backend.ChangeAnswer) {
	times := map[string]int{}
	for _, code := range a.Cart.Codes {
		times[code]++
	}
	for _, r := range a.Refused {
		times[r.Code]++
		_, known := cart.ParseCodeReason(string(r.Reason))
		t.Expect(known, "a reason that there is for "+quote(r.Code), quote(string(r.Reason)))
	}
	for _, code := range asked {
		t.Expect(times[code] == 1, "code "+quote(code)+" once, in effect or refused", fmt.Sprintf("%d times", times[code]))
		delete(times, code)
	}
	for code := range times {
		t.Breach("only codes that were asked for, spelled as they were asked", "code "+quote(code))
	}
}

// refusedAs expects exactly this code to be refused, as one that there is not.
func (t *T) refusedAs(code string, a backend.ChangeAnswer) {
	want := cart.RefusedCode{Code: code, Reason: cart.UnknownCode}
	t.Expect(len(a.Refused) == 1 && a.Refused[0] == want, "refused: "+describeRefused([]cart.RefusedCode{want}), "refused: "+either(describeRefused(a.Refused), "none"))
}

func (t *T) costsLess(before, with cart.Cart) {
	less := with.Totals.Discount.Minor > before.Totals.Discount.Minor || with.Totals.Total.Minor < before.Totals.Total.Minor
	t.Expect(less, "a discount above, or a total below, that of "+t.describeCart(before), t.describeCart(with))
}

func goodCode(ctx context.Context, t *T) {
	before, with, ok := t.coded(ctx)
	if !ok {
		return
	}
	t.haveEffect(with.Cart, t.Sample.Codes[0])
	t.Expect(len(with.Refused) == 0, "no code refused", describeRefused(with.Refused))
	t.becomes(t.items(2, 1), with)
	t.costsLess(before, with.Cart)
	t.addsUp(with.Cart)
}

func codeShown(ctx context.Context, t *T) {
	_, with, ok := t.coded(ctx)
	if !ok {
		return
	}
	if found, err := t.Get(ctx, t.Call(""), with.Cart.ID); t.unrefused(err, "the cart") {
		t.haveEffect(found, with.Cart.Codes...)
		t.sameCart(with.Cart, found)
	}
}

func codeSaidTwice(ctx context.Context, t *T) {
	_, with, ok := t.coded(ctx)
	if !ok {
		return
	}
	if again, ok := t.changed(ctx, "again", with.Cart.ID, settingCodes(t.Sample.Codes[0])); ok {
		t.haveEffect(again.Cart, with.Cart.Codes...)
		t.sameCart(with.Cart, again.Cart)
	}
}

func codesStay(ctx context.Context, t *T) {
	_, with, ok := t.coded(ctx)
	if !ok {
		return
	}
	if answer, ok := t.changed(ctx, "quantity", with.Cart.ID, t.setting(4)); ok {
		t.haveEffect(answer.Cart, with.Cart.Codes...)
		t.becomes(t.items(4, 1), answer)
	}
}

func noCodes(ctx context.Context, t *T) {
	before, with, ok := t.coded(ctx)
	if !ok {
		return
	}
	if answer, ok := t.changed(ctx, "none", with.Cart.ID, settingCodes()); ok {
		t.haveEffect(answer.Cart)
		t.sameCart(before, answer.Cart)
	}
}

func onlyCodes(ctx context.Context, t *T) {
	before, with, ok := t.coded(ctx)
	if !ok {
		return
	}
	if answer, ok := t.changed(ctx, "other", with.Cart.ID, settingCodes(noSuchCode)); ok {
		t.haveEffect(answer.Cart)
		t.sameCart(before, answer.Cart)
	}
}

func twoCodes(ctx context.Context, t *T) {
	if len(t.Sample.Codes) < 2 {
		t.Skip("the sample names no second of its codes")
		return
	}
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	one, other := t.Sample.Codes[0], t.Sample.Codes[1]
	for _, codes := range [][]string{{one, other}, {other, one}} { // that which is preferred is the first, whatever was before
		answer, ok := t.changed(ctx, codes[0], made.ID, settingCodes(codes...))
		if !ok {
			return
		}
		t.eachCode(codes, answer)
		t.Expect(slices.Contains(answer.Cart.Codes, codes[0]), "code "+quote(codes[0])+" in effect, since it was asked for first", either(describeCodes(answer.Cart.Codes), "no code"))
	}
}

func unknownCode(ctx context.Context, t *T) {
	before, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	if answer, ok := t.changed(ctx, "unknown", before.ID, settingCodes(noSuchCode)); ok {
		t.refusedAs(noSuchCode, answer)
		t.haveEffect(answer.Cart)
		t.sameCart(before, answer.Cart)
	}
}

func unknownCodeAside(ctx context.Context, t *T) {
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	req := t.setting(3)
	req.SetCodes, req.Codes = true, []string{noSuchCode}
	if answer, ok := t.changed(ctx, "both", made.ID, req); ok {
		t.becomes(t.items(3, 1), answer)
		t.eachCode(req.Codes, answer)
	}
}

func goodCodeStays(ctx context.Context, t *T) {
	_, with, ok := t.coded(ctx)
	if !ok {
		return
	}
	answer, ok := t.changed(ctx, "both", with.Cart.ID, settingCodes(noSuchCode, t.Sample.Codes[0]))
	if !ok {
		return
	}
	t.haveEffect(answer.Cart, t.Sample.Codes[0])
	t.refusedAs(noSuchCode, answer)
	t.sameCart(with.Cart, answer.Cart)
}

func codeAsAsked(ctx context.Context, t *T) {
	if len(t.Sample.Codes) == 0 {
		t.Skip("the sample names no codes")
		return
	}
	code := t.Sample.Codes[0]
	other := strings.ToLower(code)
	if other == code {
		other = strings.ToUpper(code)
	}
	if other == code {
		t.Skip("the sample's first code has no other spelling")
		return
	}
	answer, ok := t.answeredEach(ctx, other)
	if !ok {
		return
	}
	if found, err := t.Get(ctx, t.Call(""), answer.Cart.ID); t.unrefused(err, "the cart") {
		t.haveEffect(found, answer.Cart.Codes...)
	}
}

// answeredEach asks for these codes on a cart of their own.
func (t *T) answeredEach(ctx context.Context, codes ...string) (answer backend.ChangeAnswer, ok bool) {
	made, ok := t.basket(ctx, "made for "+codes[0])
	if !ok {
		return answer, false
	}
	if answer, ok = t.changed(ctx, codes[0], made.ID, settingCodes(codes...)); ok {
		t.eachCode(codes, answer)
	}
	return answer, ok
}

func strangeCodes(ctx context.Context, t *T) {
	for _, codes := range [][]string{
		{"größe-ü", "gro\u0308ße-ü", "割引券", "خصم-٥", "🎁", "K-7f3a", "\u212a-7f3a", "a b\u00a0c", ".", ".."}, // composed and not, and two signs that look like K
		{"' OR '1'='1", "../../etc/passwd", "%s%n%00", `{"code":"x"}`, "<script>", "*", "a,b", "\\", strings.Repeat("c", cart.CodeMax), strings.Repeat("ß", cart.CodeMax)},
	} {
		if answer, ok := t.answeredEach(ctx, codes...); ok {
			t.haveEffect(answer.Cart)
		}
	}
}
