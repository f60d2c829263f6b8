// SPDX-License-Identifier: Apache-2.0

package main

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// formOn is what a browser would send of the checkout form, with what is chosen and typed.
func formOn(page string, typed map[string]string) url.Values {
	form := url.Values{}
	for _, tag := range regexp.MustCompile(`<input [^>]*>`).FindAllString(page, -1) {
		name, value := attribute(tag, "name"), attribute(tag, "value")
		if attribute(tag, "type") != "radio" || strings.Contains(tag, " checked") {
			form.Set(name, value)
		}
	}
	form.Set("country", attribute(regexp.MustCompile(`<option [^>]* selected>`).FindString(page), "value"))
	for name, value := range typed {
		form.Set(name, value)
	}
	return form
}

func attribute(tag, name string) string {
	if m := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(tag); m != nil {
		return html.UnescapeString(m[1])
	}
	return ""
}

// totalOn is the total that a page tells the app.
func totalOn(t *testing.T, page string) string {
	t.Helper()
	m := regexp.MustCompile(`"total":([0-9.]+)`).FindStringSubmatch(html.UnescapeString(page))
	if m == nil {
		t.Fatal("the page tells no total")
	}
	return m[1]
}

func TestCheckoutIsPrefilledAndLeadsBack(t *testing.T) {
	t.Parallel()
	m := start(t, map[string]any{"data_dir": t.TempDir()})
	id := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 2})).Cart.ID
	buyer := ann()
	buyer.Address.Company = `"><script>alert(1)</script>`
	m.deliver("a", id, buyer, express)
	m.change(call("b"), id, codes("FIVEROFF"))
	pages, err := m.checkout.HandOff(within(t), call("c"), id, sdk.HandOff{
		SuccessURL: `https://channel.example/thanks?a=1&b="><script>`, CancelURL: "https://channel.example/back#cart",
	})
	if err != nil || !pages.NeedLink || pages.Cart != nil {
		t.Fatalf("hand-off: %+v, %v", pages, err)
	}
	page := m.get(pages.Checkout.URL)
	want := map[string]string{
		"name": "Ann Jansen", "email": "ann@example.com", "phone": "+44 20 7946 0000", "company": buyer.Address.Company, "line1": "12 St James's Square",
		"line2": "", "city": "London", "postcode": "SW1Y 4JH", "country": "GB", "delivery": "express", "code": "",
	}
	form := formOn(page.body, nil)
	got := map[string]string{}
	for name := range form {
		if !strings.HasPrefix(name, "shown-") {
			got[name] = form.Get(name)
		}
	}
	if diff := cmp.Diff(want, got); page.status != http.StatusOK || diff != "" {
		t.Errorf("the page came with %d, its form (-want +got):\n%s", page.status, diff)
	}
	if !strings.Contains(page.body, `href="https://channel.example/back#cart"`) || strings.Contains(page.body, "<script>alert") || totalOn(t, page.body) != "29.95" {
		t.Error("the page does not lead back, repeats a script, or tells another total")
	}
	if cart := m.get(strings.Replace(pages.Checkout.URL, "/checkout/", "/cart/", 1)); !strings.Contains(cart.body, "−£5.00") || strings.Contains(cart.body, "delivery is free") {
		t.Error("the cart page passes over the discount, or promises that express delivery becomes free")
	}
	done := m.post(pages.Checkout.URL, form)
	if done.status != http.StatusSeeOther {
		t.Fatalf("order: %d", done.status)
	}
	at, _, _ := strings.Cut(pages.Checkout.URL, "/checkout/")
	page = m.get(at + done.header.Get("Location"))
	for _, text := range []string{`href="https://channel.example/thanks?a=1&amp;b=%22%3e%3cscript%3e"`, "Back to the shop", "FIVEROFF", "−£5.00", "Express, next working day", "£29.95", "12 St James&#39;s Square"} {
		if !strings.Contains(page.body, text) {
			t.Errorf("the confirmation does not say %s", text)
		}
	}
	if page.header.Get("Content-Security-Policy") != policy || strings.Contains(page.body, "<script>") || strings.Contains(page.body, "See the whole shop") {
		t.Error("the confirmation is guarded otherwise, or leads elsewhere")
	}
	o, err := m.orders.ByReference(within(t), call(""), "r1")
	if err != nil || o.Cart.Totals.Discount.Minor != 500 || o.Cart.Totals.Shipping.Minor != 695 || !cmp.Equal(o.Cart.Codes, []string{"FIVEROFF"}) {
		t.Errorf("the order is %+v, %v", o, err)
	}
}

// TestNobodyPaysWhatTheyDidNotSee changes the order in each way there is between page and order.
func TestNobodyPaysWhatTheyDidNotSee(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	german := map[string]string{"country": "DE", "postcode": "10115"}
	tests := []struct {
		name   string
		typed  map[string]string
		change sdk.ChangeCart // by the app, once the page is open
		total  string         // that the page then tells; empty when it is ordered at once
	}{
		{"as it was shown", nil, sdk.ChangeCart{}, ""},
		{"the other way that was shown", map[string]string{"delivery": "express"}, sdk.ChangeCart{}, ""},
		{"another country", german, sdk.ChangeCart{}, "26.95"},
		{"more goods", nil, set(sdk.Item{SKU: "item_1_sku", Quantity: 2}), "31.95"},
		{"a code that makes it cheaper", nil, codes("WELCOME10"), "16.55"},
		{"other goods at the same price", nil, set(sdk.Item{SKU: "item_1_sku"}, sdk.Item{SKU: "mug_moss", Quantity: 1}), "17.95"},
		{"what was never shown", map[string]string{"shown-standard": "1"}, sdk.ChangeCart{}, "17.95"},
		{"no such way", map[string]string{"delivery": "balloon"}, sdk.ChangeCart{}, ""},
		{"a gift card instead", nil, set(sdk.Item{SKU: "item_1_sku"}, sdk.Item{SKU: "gift_card", Quantity: 1}), "25.00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			answer := m.put(call(tt.name), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1}))
			at := answer.Pages.Checkout.URL
			typed := map[string]string{}
			for name := range rightForm() {
				typed[name] = rightForm().Get(name)
			}
			for name, value := range tt.typed {
				typed[name] = value
			}
			form := formOn(m.get(at).body, typed)
			m.change(call(tt.name), answer.Cart.ID, tt.change)
			page := m.post(at, form)
			if tt.total != "" {
				if page.status != http.StatusConflict || totalOn(t, page.body) != tt.total || !strings.Contains(page.body, "has not been placed") {
					t.Fatalf("answered %d with a total of %s, want 409 with %s", page.status, totalOn(t, page.body), tt.total)
				}
				page = m.post(at, formOn(page.body, nil)) // what is shown now suits
			}
			if page.status != http.StatusSeeOther {
				t.Errorf("the order was answered with %d", page.status)
			}
		})
	}
}

func TestNothingIsSentNoWay(t *testing.T) {
	t.Parallel()
	shop := opened(t, "")
	id := shop.mustPut(t, "k1", sdk.Item{SKU: "item_1_sku", Quantity: 1})
	kept, _, err := shop.kept.cart(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, option := range []sdk.OptionID{"", international} {
		if a, err := shop.kept.place(within(t), id, purchase{To: address{Country: "GB"}, Option: option, Shown: kept.mark()}); err != nil || a.how != differs {
			t.Errorf("ordered by %q: %+v, %v", option, a, err)
		}
	}
}

func TestCodesOnTheCheckout(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	answer := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 2}))
	at := answer.Pages.Checkout.URL
	tests := []struct { // one after another, on one cart
		name          string
		typed, remove string
		status        int
		says          string
		total         string
	}{
		{"nobody's", `<b>"`, "", http.StatusUnprocessableEntity, "do not know the code &lt;b&gt;&#34;", "31.95"},
		{"over", "spring", "", http.StatusUnprocessableEntity, "The code spring has expired.", "31.95"},
		{"too long", strings.Repeat("a", 65), "", http.StatusUnprocessableEntity, "64 characters at most", "31.95"},
		{"good", " fiveroff ", "", http.StatusOK, "fiveroff takes £5.00 off.", "26.95"},
		{"good already", "FIVEROFF", "", http.StatusOK, "FIVEROFF takes £5.00 off.", "26.95"},
		{"alone", "HEARTH20", "", http.StatusUnprocessableEntity, "HEARTH20 cannot be used together with fiveroff.", "26.95"},
		{"another", "WELCOME10", "", http.StatusOK, "WELCOME10 takes £2.80 off.", "24.15"},
		{"taken out", "", "fiveroff", http.StatusOK, "fiveroff is taken out.", "29.15"},
		{"one for another", "HEARTH20", "WELCOME10", http.StatusOK, "HEARTH20 takes £5.60 off.", "26.35"},
		{"not there", "", "FIVEROFF", http.StatusOK, "FIVEROFF is taken out.", "26.35"},
	}
	for _, tt := range tests {
		page := m.post(at, url.Values{"name": {"Ada"}, "country": {"GB"}, "delivery": {"standard"}, "code": {tt.typed}, "remove": {tt.remove}})
		if page.status != tt.status || !strings.Contains(page.body, tt.says) || totalOn(t, page.body) != tt.total {
			t.Errorf("%s: answered %d with a total of %s, and says %q: %v", tt.name, page.status, totalOn(t, page.body), tt.says, strings.Contains(page.body, tt.says))
		}
		if !strings.Contains(page.body, `value="Ada"`) || strings.Contains(page.body, `id="email-wrong"`) {
			t.Errorf("%s: the address is lost, or found fault with before it is sent", tt.name)
		}
		if wrong := tt.status != http.StatusOK; wrong != strings.Contains(page.body, `aria-describedby="code-wrong"`) {
			t.Errorf("%s: the field is marked wrong: %v", tt.name, !wrong)
		}
	}
	m.change(call("k2"), answer.Cart.ID, sdk.ChangeCart{Set: []sdk.Item{{SKU: "item_1_sku", Quantity: 3}}, SetCodes: true, Codes: []string{"FIVEROFF"}})
	m.change(call("k3"), answer.Cart.ID, set(sdk.Item{SKU: "item_1_sku", Quantity: 1}))
	if page := m.get(at); !strings.Contains(page.body, "is for goods of £20.00 or more") || totalOn(t, page.body) != "17.95" {
		t.Error("a code that rests is not explained")
	}
	full := rightForm()
	full.Set("code", "WELCOME10") // typed, and not applied before the order
	if page := m.post(at, full); page.status != http.StatusOK || !strings.Contains(page.body, "WELCOME10 takes") {
		t.Errorf("a code was passed over: %d", page.status)
	}
}

func TestGiftCardNeedsNoAddress(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	at := m.put(call("k1"), bag(sdk.Item{SKU: "gift_card", Quantity: 1})).Pages.Checkout.URL
	page := m.get(at)
	if strings.Contains(page.body, `id="line1"`) || strings.Contains(page.body, `id="country"`) || !strings.Contains(page.body, "By email") {
		t.Error("the page asks where to send what is not sent")
	}
	if page := m.post(at, formOn(page.body, map[string]string{"name": "Ada"})); page.status != http.StatusUnprocessableEntity {
		t.Errorf("without an email address: %d", page.status)
	}
	done := m.post(at, formOn(page.body, map[string]string{"name": "Ada", "email": "ada@example.com"}))
	home, _, _ := strings.Cut(at, "/checkout/")
	if page := m.get(home + done.header.Get("Location")); !strings.Contains(page.body, "Sent by email to") || !strings.Contains(page.body, "£25.00") {
		t.Errorf("ordered: %d, %d", done.status, page.status)
	}
}

func TestCheckoutWhereNothingIsSent(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	answer := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1}))
	m.deliver("a", answer.Cart.ID, in("NO"))
	page := m.get(answer.Pages.Checkout.URL)
	if page.status != http.StatusOK || !strings.Contains(page.body, "We do not deliver to the country") || strings.Contains(page.body, " selected>") {
		t.Errorf("answered %d", page.status)
	}
	form := rightForm()
	form.Set("country", "NO")
	if page := m.post(answer.Pages.Checkout.URL, form); page.status != http.StatusUnprocessableEntity {
		t.Errorf("ordered to where nothing is sent: %d", page.status)
	}
	form.Set("country", "FR")
	form.Set("do", "update")
	if page := m.post(answer.Pages.Checkout.URL, form); page.status != http.StatusOK || !strings.Contains(page.body, "International") || totalOn(t, page.body) != "26.95" {
		t.Errorf("another country: %d", page.status)
	}
}
