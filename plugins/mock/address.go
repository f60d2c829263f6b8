// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cartage-dev/cartage/plugins/sdk"
)

// address is where an order goes, as it was typed. It is personal data and stays out of logs.
type address struct {
	Name, Email, Line1, Line2, City, Postcode, Country string

	Company  string `json:",omitzero"`
	Province string `json:",omitzero"`
	Phone    string `json:",omitzero"`
}

// field is one question of the address form.
type field struct {
	Name, Label, Type, Autocomplete, InputMode string
	Path                                       string // what the host calls it
	Optional                                   bool
	Rare                                       bool // asked only where something is known, so that it can be corrected
	Always                                     bool // asked also when nothing is sent
	Max                                        int  // characters
}

// The fields, in the order in which they are asked; country is a choice and stands last.
var fields = []field{
	{Name: "name", Path: "address.last_name", Label: "Full name", Type: "text", Autocomplete: "name", Always: true, Max: 100},
	{Name: "email", Path: "email", Label: "Email", Type: "email", Autocomplete: "email", InputMode: "email", Always: true, Max: 254},
	{Name: "phone", Path: "address.phone", Label: "Phone", Type: "tel", Autocomplete: "tel", InputMode: "tel", Optional: true, Rare: true, Max: 40},
	{Name: "company", Path: "address.company", Label: "Company", Type: "text", Autocomplete: "organization", Optional: true, Rare: true, Max: 120},
	{Name: "line1", Path: "address.line1", Label: "Address line 1", Type: "text", Autocomplete: "address-line1", Max: 120},
	{Name: "line2", Path: "address.line2", Label: "Address line 2", Type: "text", Autocomplete: "address-line2", Optional: true, Max: 120},
	{Name: "city", Path: "address.city", Label: "Town or city", Type: "text", Autocomplete: "address-level2", Max: 80},
	{Name: "postcode", Path: "address.postal_code", Label: "Postcode", Type: "text", Autocomplete: "postal-code", Max: 12},
	{Name: "province", Path: "address.province", Label: "County, state or province", Type: "text", Autocomplete: "address-level1", Optional: true, Rare: true, Max: 80},
}

// fault says in one word what is wrong with text in this field, and nothing when nothing is.
func (f field) fault(text string) string {
	switch {
	case text == "" && !f.Optional:
		return "required"
	case utf8.RuneCountInString(text) > f.Max:
		return "too_long"
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return "unprintable"
	case f.Name == "email" && text != "" && !isEmail(text):
		return "malformed"
	}
	return ""
}

// says is a fault of the field in words for a shopper.
func (f field) says(fault string) string {
	switch fault {
	case "required":
		return "Enter your " + strings.ToLower(f.Label[:1]) + f.Label[1:] + "."
	case "too_long":
		return f.Label + " is too long."
	case "unprintable":
		return f.Label + " has characters that cannot be printed."
	}
	return "Enter an email address in the form name@example.com."
}

// of is what an address holds in this field.
func (f field) of(a *address) *string {
	return map[string]*string{
		"name": &a.Name, "email": &a.Email, "phone": &a.Phone, "company": &a.Company, "line1": &a.Line1, "line2": &a.Line2,
		"city": &a.City, "postcode": &a.Postcode, "province": &a.Province,
	}[f.Name]
}

// readAddress takes the form as it was typed, and says by field what is wrong with
// it. When nothing is sent, it is no more than a name and an email address.
func readAddress(form url.Values, sent bool) (a address, wrong map[string]string) {
	wrong = map[string]string{}
	for _, f := range fields {
		text := f.of(&a)
		*text = tidy(form.Get(f.Name))
		if fault := f.fault(*text); fault != "" && (sent || f.Always) {
			wrong[f.Name] = f.says(fault)
		}
	}
	a.Postcode = strings.ToUpper(a.Postcode)
	a.Country = form.Get("country")
	if !sent {
		return a, wrong
	}
	to, delivered := countryOf(a.Country)
	switch {
	case !delivered:
		a.Country = ""
		wrong["country"] = "Choose a country from the list."
	case wrong["postcode"] == "" && !to.Postcode.MatchString(a.Postcode):
		wrong["postcode"] = "Enter a postcode of " + to.Name + ", such as " + to.Example + "."
	}
	return a, wrong
}

// readBuyer is what the host knows of a buyer, in the shop's own words.
func readBuyer(b sdk.Buyer) address {
	to := b.Address
	return address{
		Name: tidy(to.FirstName + " " + to.LastName), Email: tidy(b.Email), Company: tidy(to.Company), Line1: tidy(to.Line1), Line2: tidy(to.Line2),
		City: tidy(to.City), Province: tidy(to.Province), Postcode: strings.ToUpper(tidy(to.PostalCode)), Country: to.Country, Phone: tidy(to.Phone),
	}
}

// refused says in the host's words what no order could be sent with. Only a
// complete address is asked for what it lacks, and held to its country's postcodes: wallets
// tell no more than a part of both before somebody pays.
func (a address) refused(complete bool) (wrong []sdk.Field) {
	for _, f := range fields {
		switch fault := f.fault(*f.of(&a)); {
		case fault == "", fault == "required" && (!complete || f.Name == "email"):
		default:
			wrong = append(wrong, sdk.Field{Path: f.Path, Reason: fault, Detail: details[fault]})
		}
	}
	to, delivered := countryOf(a.Country)
	switch {
	case a.Country == "" && complete:
		wrong = append(wrong, sdk.Field{Path: "address.country", Reason: "required", Detail: details["required"]})
	case a.Country != "" && !isCountry(a.Country):
		wrong = append(wrong, sdk.Field{Path: "address.country", Reason: "unknown", Detail: "must be a code of ISO 3166-1, such as GB"})
	case complete && delivered && a.Postcode != "" && !to.Postcode.MatchString(a.Postcode):
		wrong = append(wrong, sdk.Field{Path: "address.postal_code", Reason: "malformed", Detail: "must be one of the country, such as " + to.Example})
	}
	return wrong
}

var details = map[string]string{
	"required": "must be there before delivery can be chosen", "too_long": "is longer than the shop keeps",
	"unprintable": "must be text that can be printed", "malformed": "must be an email address",
}

// tidy makes one space of each run of white space.
func tidy(text string) string { return strings.Join(strings.Fields(text), " ") }

func isEmail(text string) bool {
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text {
		return false
	}
	_, domain, _ := strings.Cut(text, "@")
	return strings.Contains(strings.Trim(domain, "."), ".")
}

// lines is the address as it is written on a parcel.
func (a address) lines() []string {
	all := []string{a.Name, a.Company, a.Line1, a.Line2, a.City, a.Province, a.Postcode, a.countryName()}
	return slices.DeleteFunc(all, func(line string) bool { return line == "" })
}

func (a address) countryName() string {
	if c, delivered := countryOf(a.Country); delivered {
		return c.Name
	}
	return a.Country
}
