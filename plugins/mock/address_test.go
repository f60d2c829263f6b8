// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadAddress(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		field string
		text  string
		wrong []string
	}{
		{"as it should be", "name", "Ada Example", nil},
		{"a long name", "name", strings.Repeat("a", 101), []string{"name"}},
		{"a name of spaces", "name", "  \t ", []string{"name"}},
		{"a letter from elsewhere", "name", "Zoë Łukasz", nil},
		{"a control character", "line1", "a\x00b", []string{"line1"}},
		{"not text", "city", "\xff\xfe", []string{"city"}},
		{"no optional line", "line2", "", nil},
		{"a long optional line", "line2", strings.Repeat("a", 121), []string{"line2"}},
		{"email with a name", "email", "Ada <ada@example.com>", []string{"email"}},
		{"email without a dot", "email", "ada@localhost", []string{"email"}},
		{"email with a dot at the end", "email", "ada@example.", []string{"email"}},
		{"no email", "email", "", []string{"email"}},
		{"postcode of another country", "postcode", "10115", []string{"postcode"}},
		{"country nobody listed", "country", "XX", []string{"country"}},
		{"no country", "country", "", []string{"country"}},
		{"a country whose postcodes differ", "country", "FR", []string{"postcode"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			form := rightForm()
			form.Set(tt.field, tt.text)
			_, wrong := readAddress(form, true)
			var names []string
			for name := range wrong {
				names = append(names, name)
			}
			slices.Sort(names)
			if diff := cmp.Diff(tt.wrong, names); diff != "" {
				t.Errorf("wrong fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExamplePostcodesAreRight(t *testing.T) {
	t.Parallel()
	for _, c := range countries {
		if !c.Postcode.MatchString(c.Example) {
			t.Errorf("%s is no postcode of %s", c.Example, c.Name)
		}
	}
}
