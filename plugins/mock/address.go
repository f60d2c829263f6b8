// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// address is where an order goes, as it was typed. It is personal data and stays out of logs.
type address struct{ Name, Email, Line1, Line2, City, Postcode, Country string }

// country is a country the shop would deliver to, if it delivered.
type country struct {
	Code, Name string
	Postcode   *regexp.Regexp
	Example    string
}

var (
	digits4 = regexp.MustCompile(`^[0-9]{4}$`)
	digits5 = regexp.MustCompile(`^[0-9]{5}$`)
)

var countries = []country{
	{"GB", "United Kingdom", regexp.MustCompile(`^[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}$`), "LA22 9BU"},
	{"US", "United States", regexp.MustCompile(`^[0-9]{5}(-[0-9]{4})?$`), "05401"},
	{"IE", "Ireland", regexp.MustCompile(`^[AC-FHKNPRTV-Y][0-9][0-9W] ?[0-9AC-FHKNPRTV-Y]{4}$`), "D02 X285"},
	{"AU", "Australia", digits4, "3000"},
	{"CA", "Canada", regexp.MustCompile(`^[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]$`), "M5V 3L9"},
	{"DK", "Denmark", digits4, "1050"},
	{"FR", "France", digits5, "75003"},
	{"DE", "Germany", digits5, "10115"},
}

// field is one question of the address form.
type field struct {
	Name, Label, Type, Autocomplete, InputMode string
	Optional                                   bool
	Max                                        int // characters
}

// The fields, in the order in which they are asked; country is a choice and stands last.
var fields = []field{
	{Name: "name", Label: "Full name", Type: "text", Autocomplete: "name", Max: 100},
	{Name: "email", Label: "Email", Type: "email", Autocomplete: "email", InputMode: "email", Max: 254},
	{Name: "line1", Label: "Address line 1", Type: "text", Autocomplete: "address-line1", Max: 120},
	{Name: "line2", Label: "Address line 2", Type: "text", Autocomplete: "address-line2", Optional: true, Max: 120},
	{Name: "city", Label: "Town or city", Type: "text", Autocomplete: "address-level2", Max: 80},
	{Name: "postcode", Label: "Postcode", Type: "text", Autocomplete: "postal-code", Max: 12},
}

// readAddress takes the form as it was typed, and says by field what is wrong with it.
func readAddress(form url.Values) (a address, wrong map[string]string) {
	wrong = map[string]string{}
	typed := map[string]string{}
	for _, f := range fields {
		text := strings.Join(strings.Fields(form.Get(f.Name)), " ")
		typed[f.Name] = text
		switch {
		case text == "" && !f.Optional:
			wrong[f.Name] = "Enter your " + strings.ToLower(f.Label[:1]) + f.Label[1:] + "."
		case utf8.RuneCountInString(text) > f.Max:
			wrong[f.Name] = f.Label + " is too long."
		case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
			wrong[f.Name] = f.Label + " has characters that cannot be printed."
		}
	}
	a = address{
		Name: typed["name"], Email: typed["email"], Line1: typed["line1"], Line2: typed["line2"],
		City: typed["city"], Postcode: strings.ToUpper(typed["postcode"]), Country: form.Get("country"),
	}
	if wrong["email"] == "" && !isEmail(a.Email) {
		wrong["email"] = "Enter an email address in the form name@example.com."
	}
	at := slices.IndexFunc(countries, func(c country) bool { return c.Code == a.Country })
	switch {
	case at < 0:
		a.Country = ""
		wrong["country"] = "Choose a country from the list."
	case wrong["postcode"] == "" && !countries[at].Postcode.MatchString(a.Postcode):
		wrong["postcode"] = "Enter a postcode of " + countries[at].Name + ", such as " + countries[at].Example + "."
	}
	return a, wrong
}

func isEmail(text string) bool {
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text {
		return false
	}
	_, domain, _ := strings.Cut(text, "@")
	return strings.Contains(strings.Trim(domain, "."), ".")
}

// value is what was typed into a field.
func (a address) value(name string) string {
	switch name {
	case "name":
		return a.Name
	case "email":
		return a.Email
	case "line1":
		return a.Line1
	case "line2":
		return a.Line2
	case "city":
		return a.City
	}
	return a.Postcode
}

// lines is the address as it is written on a parcel.
func (a address) lines() []string {
	all := []string{a.Name, a.Line1, a.Line2, a.City, a.Postcode, a.countryName()}
	return slices.DeleteFunc(all, func(line string) bool { return line == "" })
}

func (a address) countryName() string {
	for _, c := range countries {
		if c.Code == a.Country {
			return c.Name
		}
	}
	return a.Country
}
