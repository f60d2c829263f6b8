// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/xml"
	"errors"
	"html"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/plugins/mock/picture"
	"github.com/cartage-dev/cartage/plugins/sdk"
)

var (
	itemMark  = regexp.MustCompile(`data-sku="([^"]+)" data-quantity="([0-9]+)"`)
	eventMark = regexp.MustCompile(`data-event="([^"]*)" data-payload="([^"]*)" data-single="([^"]*)"`)
)

func itemsOn(page string) map[string]string {
	items := map[string]string{}
	for _, m := range itemMark.FindAllStringSubmatch(page, -1) {
		items[m[1]] = m[2]
	}
	return items
}

func eventOn(page string) []string {
	m := eventMark.FindStringSubmatch(page)
	if m == nil {
		return nil
	}
	return []string{m[1], html.UnescapeString(m[2]), m[3]}
}

func TestFromCheckoutToConfirmation(t *testing.T) {
	t.Parallel()
	m := start(t, map[string]any{"data_dir": t.TempDir()})
	answer := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1}, sdk.Item{SKU: "item_2_sku", Quantity: 2}))
	checkout := answer.Pages.Checkout.URL
	want := map[string]string{"item_1_sku": "1", "item_2_sku": "2"}

	page := m.get(checkout)
	if diff := cmp.Diff(want, itemsOn(page.body)); page.status != http.StatusOK || diff != "" {
		t.Errorf("checkout answers %d with (-want +got):\n%s", page.status, diff)
	}
	order := `{"subTotal":33.00,"delivery":3.95,"discount":0.00,"total":36.95,"currency":"GBP"}`
	if diff := cmp.Diff([]string{"order", order, ""}, eventOn(page.body)); diff != "" {
		t.Errorf("event of the checkout (-want +got):\n%s", diff)
	}
	if _, err := m.orders.ByReference(within(t), call(""), "r1"); kindOf(err) != "not_found unknown_reference" {
		t.Errorf("before the order: %s", kindOf(err))
	}

	ordered := m.post(checkout, rightForm())
	again := m.post(checkout, rightForm())
	at := ordered.header.Get("Location")
	if ordered.status != http.StatusSeeOther || again.status != http.StatusSeeOther || at == "" || again.header.Get("Location") != at {
		t.Fatalf("ordered twice: %d %s and %d %s", ordered.status, at, again.status, again.header.Get("Location"))
	}
	for _, old := range []string{checkout, answer.Pages.Cart.URL} {
		if page := m.get(old); page.status != http.StatusSeeOther || page.header.Get("Location") != at {
			t.Errorf("after the order %s leads to %d %s", old, page.status, page.header.Get("Location"))
		}
	}

	found, err := m.orders.ByReference(within(t), call(""), "r1")
	if err != nil || found.Reference != "r1" || found.Status != sdk.Placed || found.Cart.Totals.Total != sdk.Of(3695, "GBP") {
		t.Fatalf("order is %+v, %v", found, err)
	}
	if strings.Contains(at, string(found.ID)) {
		t.Error("the order's id opens its address")
	}
	page = m.get(home(answer) + at)
	if diff := cmp.Diff(want, itemsOn(page.body)); page.status != http.StatusOK || diff != "" {
		t.Errorf("confirmation answers %d with (-want +got):\n%s", page.status, diff)
	}
	for _, text := range []string{found.Number, "£36.95", "Ada Example", "LA22 9BU", "United Kingdom", "ada@example.com", "r1"} {
		if !strings.Contains(page.body, text) {
			t.Errorf("confirmation does not say %s", text)
		}
	}
	done := `{"order":{"orderId":"` + found.Number + `","subTotal":33.00,"delivery":3.95,"discount":0.00,"total":36.95,"currency":"GBP"}}`
	if diff := cmp.Diff([]string{"paymentcompleted", done, found.Number}, eventOn(page.body)); diff != "" {
		t.Errorf("event of the confirmation (-want +got):\n%s", diff)
	}
}

func TestWrongAddressIsNamedAndKept(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	checkout := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1})).Pages.Checkout.URL
	form := rightForm()
	form.Set("name", `"><script>alert(1)</script>`)
	form.Set("email", "ada@")
	form.Del("city")
	page := m.post(checkout, form)
	if page.status != http.StatusUnprocessableEntity {
		t.Errorf("answered %d", page.status)
	}
	for _, text := range []string{
		`aria-describedby="email-wrong"`, `id="email-wrong"`, `href="#email"`, `aria-describedby="city-wrong"`,
		`value="ada@"`, `value="Mill Cottage"`, `value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"`, `value="GB" selected`,
	} {
		if !strings.Contains(page.body, text) {
			t.Errorf("the page has no %s", text)
		}
	}
	if strings.Count(page.body, `aria-invalid="true"`) != 2 || strings.Contains(page.body, "<script>alert") {
		t.Error("the page marks other fields than the wrong ones, or repeats a script")
	}
	if _, err := m.orders.ByReference(within(t), call(""), "r1"); kindOf(err) != "not_found unknown_reference" {
		t.Errorf("a wrong address was ordered to: %s", kindOf(err))
	}
}

func TestCartPageExplains(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	const strange = `no<b>such</b>sku`
	answer := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1}, sdk.Item{SKU: "sold_out_sku", Quantity: 1},
		sdk.Item{SKU: strange, Quantity: 1}, sdk.Item{SKU: "retired_sku", Quantity: 1}, sdk.Item{SKU: "last_three_sku", Quantity: 4}))
	page := m.get(answer.Pages.Cart.URL)
	if diff := cmp.Diff(map[string]string{"item_1_sku": "1", "last_three_sku": "3"}, itemsOn(page.body)); diff != "" {
		t.Errorf("items (-want +got):\n%s", diff)
	}
	for _, text := range []string{"sold_out_sku", "sold out", html.EscapeString(strange), "do not know", "no longer sell", "You asked for 4. 3 are left", "Continue to checkout"} {
		if !strings.Contains(page.body, text) {
			t.Errorf("the page does not say %q", text)
		}
	}
	if strings.Contains(page.body, strange) {
		t.Error("a SKU is printed as markup")
	}
	empty := m.put(call("k2"), bag(sdk.Item{SKU: "sold_out_sku", Quantity: 1}))
	for _, at := range []string{empty.Pages.Cart.URL, empty.Pages.Checkout.URL} {
		if page := m.get(at); page.status != http.StatusOK || strings.Contains(page.body, "<form") || !strings.Contains(page.body, "sold out") {
			t.Errorf("a cart with nothing in it answers %d", page.status)
		}
	}
}

func TestSoldOutMeanwhile(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	slow := m.put(call("slow"), sdk.PutCart{Items: []sdk.Item{{SKU: "last_three_sku", Quantity: 2}, {SKU: "item_1_sku", Quantity: 1}}, Reference: "slow", WantPages: true})
	late := m.put(call("late"), sdk.PutCart{Items: []sdk.Item{{SKU: "last_three_sku", Quantity: 1}}, Reference: "late", WantPages: true})
	quick := m.put(call("quick"), sdk.PutCart{Items: []sdk.Item{{SKU: "last_three_sku", Quantity: 2}}, Reference: "quick", WantPages: true})
	m.post(quick.Pages.Checkout.URL, rightForm())
	page := m.post(slow.Pages.Checkout.URL, rightForm())
	if page.status != http.StatusConflict || !strings.Contains(page.body, "has not been placed") || !strings.Contains(page.body, `value="Ada Example"`) {
		t.Errorf("answered %d", page.status)
	}
	if diff := cmp.Diff(map[string]string{"last_three_sku": "1", "item_1_sku": "1"}, itemsOn(page.body)); diff != "" {
		t.Errorf("items left (-want +got):\n%s", diff)
	}
	if page := m.post(slow.Pages.Checkout.URL, rightForm()); page.status != http.StatusSeeOther {
		t.Errorf("what is left could not be ordered: %d", page.status)
	}
	page = m.post(late.Pages.Checkout.URL, rightForm())
	if page.status != http.StatusConflict || strings.Contains(page.body, "<form") || !strings.Contains(page.body, "sold out") {
		t.Errorf("a cart that became empty answered %d", page.status)
	}
}

func TestEveryPageIsGuarded(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	answer := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1}))
	at := home(answer)
	tests := []struct {
		path   string
		status int
	}{
		{"/", 200}, {"/?currency=USD", 200}, {"/product/item_1_sku", 200}, {"/product/sold_out_sku", 200}, {"/product/retired_sku", 200},
		{strings.TrimPrefix(answer.Pages.Cart.URL, at), 200}, {strings.TrimPrefix(answer.Pages.Checkout.URL, at), 200},
		{"/nowhere", 404}, {"/product/nothing", 404}, {"/cart/short", 404}, {"/cart/..%2f..%2fsecret%2fids", 404},
		{"/checkout/0123456789abcdef0123456789abcdef", 404}, {"/confirmation/0123456789abcdef0123456789abcdef", 404},
		{"/assets/shop.css", 200}, {"/pictures/item_1_sku.svg", 200}, {"/pictures/nothing.svg", 404},
	}
	for _, tt := range tests {
		page := m.get(at + tt.path)
		if page.status != tt.status {
			t.Errorf("%s answers %d, want %d", tt.path, page.status, tt.status)
		}
		want := map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow",
		}
		if strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
			want["Cache-Control"] = "no-store"
		}
		for name, value := range want {
			if page.header.Get(name) != value {
				t.Errorf("%s has %s %q, want %q", tt.path, name, page.header.Get(name), value)
			}
		}
		if e := eventOn(page.body); tt.status == 404 && (len(e) == 0 || e[0] != "error") {
			t.Errorf("%s tells the app %v, want an error", tt.path, e)
		}
		if regexp.MustCompile(`ZgotmplZ|<no value>|https?://|style="|\son[a-z]+=`).MatchString(page.body) && strings.HasPrefix(page.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s holds what its own policy would refuse", tt.path)
		}
	}
}

func TestStrangersCannotPost(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	checkout := m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1})).Pages.Checkout.URL
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	tests := []struct {
		name   string
		body   string
		header map[string]string
		want   int
	}{
		{"another site", rightForm().Encode(), map[string]string{"Sec-Fetch-Site": "cross-site"}, http.StatusForbidden},
		{"another origin", rightForm().Encode(), map[string]string{"Origin": "https://evil.example"}, http.StatusForbidden},
		{"a body that is too large", "name=" + strings.Repeat("x", formMax), nil, http.StatusBadRequest},
		{"no form", "", nil, http.StatusUnprocessableEntity},
	}
	for _, tt := range tests {
		header := map[string]string{}
		for _, from := range []map[string]string{form, tt.header} {
			for k, v := range from {
				header[k] = v
			}
		}
		if page := m.send(http.MethodPost, checkout, tt.body, header); page.status != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, page.status, tt.want)
		}
	}
	if page := m.get(checkout); page.status != http.StatusOK {
		t.Errorf("the cart was ordered by a stranger: %d", page.status)
	}
}

func TestCatalogueShowsAllThatIsSold(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	at := home(m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1})))
	pounds, dollars := m.get(at+"/").body, m.get(at+"/?currency=USD").body
	seen := map[string]bool{}
	for _, part := range catalogue {
		for _, p := range part.Products {
			if seen[p.SKU] {
				t.Errorf("%s is there twice", p.SKU)
			}
			seen[p.SKU] = true
			if strings.Contains(pounds, `href="/product/`+p.SKU+`?`) == p.Retired {
				t.Errorf("%s: retired is %v, and the catalogue disagrees", p.SKU, p.Retired)
			}
			if p.Pence <= 0 || p.Cents <= 0 {
				t.Errorf("%s is for nothing", p.SKU)
			}
			drawn := m.get(at + pictureOf(p.SKU))
			if drawn.header.Get("Content-Type") != "image/svg+xml" {
				t.Errorf("picture of %s is %s", p.SKU, drawn.header.Get("Content-Type"))
			}
			wellFormed(t, p.SKU, drawn.body)
		}
	}
	if len(seen) < 40 || !strings.Contains(pounds, "£58.00") || !strings.Contains(dollars, "$74.00") || strings.Contains(dollars, "£") {
		t.Errorf("%d products, or the wrong prices", len(seen))
	}
}

// wellFormed also holds a picture to what may be in one.
func wellFormed(t *testing.T, name, svg string) {
	t.Helper()
	allowed := []string{"svg", "g", "path", "rect", "circle", "ellipse"}
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Errorf("picture %s: %v", name, err)
			return
		}
		if e, ok := token.(xml.StartElement); ok && !slices.Contains(allowed, e.Name.Local) {
			t.Errorf("picture %s holds <%s>", name, e.Name.Local)
		}
	}
	if strings.Contains(svg, "$") {
		t.Errorf("picture %s has a colour without a name", name)
	}
}

func TestEveryMotifIsUsed(t *testing.T) {
	t.Parallel()
	motifs, err := picture.Motifs()
	if err != nil || len(motifs) == 0 {
		t.Fatalf("motifs: %v, %v", motifs, err)
	}
	for _, motif := range motifs {
		if !slices.ContainsFunc(catalogue, func(s section) bool {
			return slices.ContainsFunc(s.Products, func(p product) bool { return p.Scene.Motif == motif })
		}) {
			t.Errorf("nothing is pictured as %s", motif)
		}
	}
	for _, wrong := range []picture.Scene{scene("ufo", "oat", "sand"), scene("mug", "neon", "sand"), scene("mug", "oat", "void")} {
		if _, err := picture.Draw(wrong); err == nil {
			t.Errorf("%v was drawn", wrong)
		}
	}
}

func TestFilesAreCached(t *testing.T) {
	t.Parallel()
	m := start(t, nil)
	at := home(m.put(call("k1"), bag(sdk.Item{SKU: "item_1_sku", Quantity: 1})))
	named := regexp.MustCompile(`/assets/shop\.css\?v=[0-9a-f]+`).FindString(m.get(at + "/").body)
	file := m.get(at + named)
	if !strings.Contains(file.header.Get("Cache-Control"), "immutable") {
		t.Errorf("%s has Cache-Control %q", named, file.header.Get("Cache-Control"))
	}
	if again := m.send(http.MethodGet, at+named, "", map[string]string{"If-None-Match": file.header.Get("ETag")}); again.status != http.StatusNotModified || again.body != "" {
		t.Errorf("asked again: %d", again.status)
	}
	if old := m.get(at + "/assets/shop.css?v=old"); strings.Contains(old.header.Get("Cache-Control"), "immutable") {
		t.Error("another version is kept for ever")
	}
}

func TestPrice(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		amount sdk.Amount
		want   string
	}{
		{sdk.Of(5, "GBP"), "£0.05"}, {sdk.Of(99900, "USD"), "$999.00"}, {sdk.Of(123450, "GBP"), "£1,234.50"}, {sdk.Of(123456789, "GBP"), "£1,234,567.89"},
	} {
		if got := price(tt.amount); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}
