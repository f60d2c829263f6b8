// SPDX-License-Identifier: Apache-2.0

package backendtest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cartage-dev/cartage/core/cart"
	"github.com/cartage-dev/cartage/core/checkout"
	"github.com/cartage-dev/cartage/core/customer"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/backend"
)

func buyerRules() []Rule {
	return ofCheckout([]Rule{
		{ID: "checkout.deliver.nobody", Promise: "That nothing is known of the buyer yet is no fault, and the cart is as it was.", check: nobody},
		{ID: "checkout.deliver.partial_address", Promise: "An address of which parts are missing is no fault, and no option is chosen.", check: partialAddress},
		{ID: "checkout.deliver.world_buyer", Promise: "A name and a street in any script are accepted, with the same ways of delivery.", check: acceptsTheWorld},
		{ID: "checkout.deliver.odd_address", Promise: "An address where nobody lives is accepted or Invalid (invalid_address), and no bug.", check: oddAddress},
		{ID: "checkout.deliver.refused_country", Promise: "A country to which nothing is sent is Invalid (invalid_address) with a field below address, or has no options.", check: refusedCountry},
		{ID: "checkout.deliver.faults_tell_nothing", Promise: "No fault repeats anything of the buyer.", check: faultsTellNothing},
	})
}

// buyer is the sample's shopper, and nobody when the sample has none.
func (s Sample) buyer() checkout.Buyer { return checkout.Buyer{Email: s.Email, Address: s.Address} }

// addressed skips where the sample says nowhere that goods can be sent to.
func (t *T) addressed() (checkout.Buyer, bool) {
	given := t.Sample.Address != (customer.Address{})
	if !given {
		t.Skip("the sample names no address")
	}
	return t.Sample.buyer(), given
}

// Detail is one thing that is known of a buyer, under its name in the sample and in faults.
type Detail struct{ Name, Text string }

// DetailsOf are all that may identify a buyer, in the order of the sample's keys.
func DetailsOf(b checkout.Buyer) []Detail {
	a := b.Address
	return []Detail{
		{"email", b.Email}, {"first_name", a.FirstName}, {"last_name", a.LastName}, {"company", a.Company}, {"line1", a.Line1},
		{"line2", a.Line2}, {"city", a.City}, {"province", a.Province}, {"postal_code", a.PostalCode}, {"phone", a.Phone},
	}
}

// textsOf are the texts of DetailsOf, which no report shows.
func textsOf(b checkout.Buyer) []string {
	var texts []string
	for _, d := range DetailsOf(b) {
		texts = append(texts, d.Text)
	}
	return texts
}

// CanaryBuyer is nobody, and no fault may show anything of them. Country and
// province stay empty, since a fault may well name a country.
func CanaryBuyer() checkout.Buyer {
	return checkout.Buyer{Email: "canary-7f3a-mail@shopper.example", Address: customer.Address{
		FirstName: "Canary7f3aFirst", LastName: "Canary7f3aLast", Company: "Canary7f3a Company", Line1: "73 Canary7f3a Street", Line2: "Canary7f3a Flat",
		City: "Canary7f3aville", PostalCode: "CN7 3FA", Phone: "+447700900073",
	}}
}

// worldBuyer lives where the sample's shopper does, and writes their name in many scripts.
func worldBuyer(b checkout.Buyer) checkout.Buyer {
	a := b.Address
	a.FirstName, a.LastName, a.Company = "Zoë 田中 Łucja", "O’Connor-Grüßner, عائشة", "Størm & Søn \"Ωmega\" <קפה>"
	a.Line1, a.Line2 = "12½ Straße des 17. Juni; Bâtiment «Č»", "c/o 株式会社 🏠, Gro\u0308ße 3%"
	return checkout.Buyer{Email: b.Email, Address: a}
}

// quoted is Deliver where nothing but a quote will do; ok is false after a fault.
func (t *T) quoted(ctx context.Context, key string, id cart.ID, b checkout.Buyer, options ...checkout.OptionID) (q checkout.Quote, ok bool) {
	q, err := t.Deliver(ctx, t.Call(key), id, backend.Delivery{Buyer: b, Options: options})
	return q, t.unrefused(err, "a quote")
}

func nobody(ctx context.Context, t *T) {
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	if q, ok := t.quoted(ctx, "nobody", made.ID, checkout.Buyer{}); ok {
		t.stands(q)
		t.Expect(q.Cart.ID == made.ID, "the cart that was asked for", t.nameOf(q.Cart.ID))
		t.becomes(t.items(2, 1), backend.ChangeAnswer{Cart: q.Cart})
		t.Expect(len(q.Chosen) == 0, "no option chosen, since none was", describeOptionIDs(q.Chosen))
	}
}

func partialAddress(ctx context.Context, t *T) {
	b, ok := t.addressed()
	if !ok {
		return
	}
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	a := b.Address
	for _, known := range []customer.Address{{Country: a.Country}, {Country: a.Country, City: a.City, PostalCode: a.PostalCode, Province: a.Province}} {
		if q, ok := t.quoted(ctx, "partial "+known.PostalCode+known.City, made.ID, checkout.Buyer{Address: known}); ok {
			t.stands(q)
			t.Expect(len(q.Chosen) == 0, "no option chosen, since none was", describeOptionIDs(q.Chosen))
		}
	}
}

func acceptsTheWorld(ctx context.Context, t *T) {
	b, ok := t.addressed()
	if !ok {
		return
	}
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	here, ok := t.quoted(ctx, "here", made.ID, b)
	if !ok {
		return
	}
	if world, ok := t.quoted(ctx, "world", made.ID, worldBuyer(b)); ok {
		t.Expect(optionsOf(world) == optionsOf(here), "the options "+optionsOf(here), either(optionsOf(world), "none"))
	}
}

func oddAddress(ctx context.Context, t *T) {
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	long, at := strings.Repeat("ß", customer.TextMax), either(t.Sample.Address.Country, "GB")
	for _, tt := range []struct {
		name  string
		buyer checkout.Buyer
	}{
		{"long", checkout.Buyer{Email: "shopper@shop.example", Address: customer.Address{
			FirstName: long, LastName: long, Company: long, Line1: long, Line2: long, City: long, Province: long, PostalCode: long, Country: at, Phone: long,
		}}},
		{"hostile", checkout.Buyer{Email: "no address at all", Address: customer.Address{
			FirstName: "' OR '1'='1", LastName: "<script>alert(1)</script>", Line1: "../../etc/passwd", Line2: "%s%n%00", City: "{{7*7}}", Province: "\\", PostalCode: "$(id)", Country: at, Phone: "*",
		}}},
		{"nowhere", checkout.Buyer{Address: customer.Address{LastName: "Nobody", Line1: "1 Nowhere", City: "Nowhere", Country: "ZZ"}}},
	} {
		q, err := t.Deliver(ctx, t.Call(tt.name), made.ID, backend.Delivery{Buyer: tt.buyer})
		if err != nil {
			t.Expect(isFault(err, "invalid invalid_address"), "a quote, or Invalid (invalid_address)", DescribeFault(err))
			continue
		}
		t.stands(q)
	}
}

func refusedCountry(ctx context.Context, t *T) {
	if t.Sample.RefusedCountry == "" {
		t.Skip("the sample names no refused_country")
		return
	}
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	b := t.Sample.buyer()
	b.Address.Country, b.Address.Province = t.Sample.RefusedCountry, ""
	q, err := t.Deliver(ctx, t.Call("a"), made.ID, backend.Delivery{Buyer: b})
	if err == nil {
		t.Expect(len(q.Options) == 0, "no options, since nothing is sent there", optionsOf(q))
		return
	}
	below := slices.ContainsFunc(fault.From(err).Fields, func(f fault.Field) bool { return strings.HasPrefix(f.Path, "address.") })
	t.Expect(isFault(err, "invalid invalid_address") && below, "Invalid (invalid_address) with a field such as address.country", DescribeFault(err))
}

// faultsTellNothing provokes what it can, each time with a buyer whom every fault would give away.
func faultsTellNothing(ctx context.Context, t *T) {
	made, ok := t.basket(ctx, "made")
	if !ok {
		return
	}
	in := func(country string) checkout.Buyer {
		b := CanaryBuyer()
		b.Address.Country = country
		return b
	}
	here := in(either(t.Sample.Address.Country, "GB"))
	for i, try := range []struct {
		id  cart.ID
		req backend.Delivery
	}{
		{t.noSuchCart(), backend.Delivery{Buyer: here}},
		{made.ID, backend.Delivery{Buyer: here, Options: []checkout.OptionID{noSuchOption}}},
		{made.ID, backend.Delivery{Buyer: in("ZZ")}},
		{made.ID, backend.Delivery{Buyer: in(t.Sample.RefusedCountry), Options: []checkout.OptionID{noSuchOption}}},
	} {
		_, err := t.Deliver(ctx, t.Call(fmt.Sprint(i)), try.id, try.req)
		if err == nil {
			continue
		}
		f := fault.From(err)
		text := strings.ToLower(everything(f))
		for _, d := range DetailsOf(CanaryBuyer()) {
			shown := d.Text != "" && strings.Contains(text, strings.ToLower(d.Text))
			t.Expect(!shown, "a fault that says nothing of the buyer", fmt.Sprintf("one of %s (%s) that repeats the %s", f.Kind, f.Code, d.Name))
		}
	}
}
