// SPDX-License-Identifier: Apache-2.0

package main

import (
	"regexp"
	"strings"
)

// country is a country the shop would deliver to, if it delivered.
type country struct {
	Code, Name string
	Home       bool // there is a warehouse there
	Postcode   *regexp.Regexp
	Example    string
}

var (
	digits4 = regexp.MustCompile(`^[0-9]{4}$`)
	digits5 = regexp.MustCompile(`^[0-9]{5}$`)
)

var countries = []country{
	{"GB", "United Kingdom", true, regexp.MustCompile(`^[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}$`), "LA22 9BU"},
	{"US", "United States", true, regexp.MustCompile(`^[0-9]{5}(-[0-9]{4})?$`), "05401"},
	{"IE", "Ireland", false, regexp.MustCompile(`^[AC-FHKNPRTV-Y][0-9][0-9W] ?[0-9AC-FHKNPRTV-Y]{4}$`), "D02 X285"},
	{"AU", "Australia", false, digits4, "3000"},
	{"CA", "Canada", false, regexp.MustCompile(`^[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]$`), "M5V 3L9"},
	{"DK", "Denmark", false, digits4, "1050"},
	{"FR", "France", false, digits5, "75003"},
	{"DE", "Germany", false, digits5, "10115"},
}

// countryOf finds a country that the shop delivers to.
func countryOf(code string) (country, bool) {
	for _, c := range countries {
		if c.Code == code {
			return c, true
		}
	}
	return country{}, false
}

// isCountry reports whether there is such a country anywhere.
func isCountry(code string) bool {
	return len(code) == 2 && strings.Contains(allCountries, code+" ")
}

// allCountries are the codes of ISO 3166-1 alpha-2 (ISO, Online Browsing Platform, read 2026-11), each with a space behind it.
const allCountries = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW "
