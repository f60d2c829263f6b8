// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/core/loyalty"
)

// pair writes an entry as Shopify does.
func pair(app string, id loyalty.ActionID) string { return `("` + app + `", "` + string(id) + `")` }

func TestPromotionActions(t *testing.T) {
	t.Parallel()
	one, two := pair(theAppID, firstID), pair(theAppID, secondID)
	for _, tt := range []struct {
		name    string
		written string
		anyApp  bool
		want    []loyalty.ActionID
	}{
		{name: "one", written: "[" + one + "]", want: []loyalty.ActionID{firstID}},
		{name: "two", written: "[" + one + ", " + two + "]", want: []loyalty.ActionID{firstID, secondID}},
		{name: "one twice", written: "[" + one + "," + one + "]", want: []loyalty.ActionID{firstID}},
		{name: "white space everywhere", written: "[ (\n\"" + theAppID + "\"\t,\r\n \"" + string(firstID) + "\" ) ]", want: []loyalty.ActionID{firstID}},
		{name: "no white space", written: strings.ReplaceAll("["+one+","+two+"]", " ", ""), want: []loyalty.ActionID{firstID, secondID}},
		{name: "no brackets around", written: one, want: []loyalty.ActionID{firstID}},
		{name: "nothing between", written: one + two, want: []loyalty.ActionID{firstID, secondID}},
		{name: "another app's", written: "[" + pair("9", firstID) + "]"},
		{name: "another app's among ours", written: pair("9", firstID) + two, want: []loyalty.ActionID{secondID}},
		{name: "our app's number as a part", written: pair(theAppID+"0", firstID) + pair("1"+theAppID, secondID)},
		{name: "any app's", written: pair("9", firstID) + pair("", secondID), anyApp: true, want: []loyalty.ActionID{firstID, secondID}},
		{name: "any app's, not of our form", written: pair("9", "pa_01KA7XQ0F2H4J6K8M0P2R4T6V8") + two, anyApp: true, want: []loyalty.ActionID{secondID}},
		{name: "too short", written: pair(theAppID, firstID[1:])},
		{name: "too long", written: pair(theAppID, firstID+"0")},
		{name: "lower case", written: pair(theAppID, loyalty.ActionID(strings.ToLower(string(firstID))))},
		{name: "a letter that Crockford leaves out", written: pair(theAppID, "U"+firstID[1:])},
		{name: "white space in the id", written: pair(theAppID, firstID[:47]+" ")},
		{name: "a line end in the id", written: pair(theAppID, firstID[:24]+"\n"+firstID[25:])},
		{name: "escaped quotes", written: `("a\"", "b\"c")` + one, want: []loyalty.ActionID{firstID}},
		{name: "behind an escaped quote", written: `("` + theAppID + `", "x\"` + one + `")`, want: []loyalty.ActionID{firstID}},
		{name: "an escaped id", written: `("` + theAppID + `", "\u0035` + string(firstID[1:]) + `")`},
		{name: "number without quotes", written: `(` + theAppID + `, "` + string(firstID) + `")`},
		{name: "single quotes", written: `('` + theAppID + `', '` + string(firstID) + `')`},
		{name: "an entry of three", written: `("` + theAppID + `", "` + string(firstID) + `", "x")`},
		{name: "an entry of one", written: `("` + string(firstID) + `")`},
		{name: "JSON", written: `[["` + theAppID + `", "` + string(firstID) + `"]]`},
		{name: "nested", written: "((" + one + "))", want: []loyalty.ActionID{firstID}},
		{name: "cut off", written: one[:len(one)-1]},
		{name: "cut off before a good one", written: one[:len(one)-3] + " " + two, want: []loyalty.ActionID{secondID}},
		{name: "empty"},
		{name: "empty list", written: "[]"},
		{name: "garbage", written: "\x00\xff(\"(,)\\"},
		{name: "quotes without end", written: strings.Repeat(`("`, 10_000)},
		{name: "backslashes without end", written: `("` + strings.Repeat(`\`, 10_001)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := demoApp()
			if tt.anyApp {
				a.AppID = ""
			}
			got := a.actions(&orderBody{Notes: attributes{{promotionActions, text(tt.written)}}})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestWhereIDsStand(t *testing.T) {
	t.Parallel()
	third := mint(3)
	for _, tt := range []struct {
		name string
		body string
		want []loyalty.ActionID
	}{
		{"a cart's property", `{"note_attributes":[{"name":"_redemption","value":"` + string(firstID) + `"}]}`, []loyalty.ActionID{firstID}},
		{"a line's property", `{"line_items":[{},{"properties":[{"name":"_redemption","value":"` + string(firstID) + `"}]}]}`, []loyalty.ActionID{firstID}},
		{"by their proof", `{"line_items":[{"properties":[{"name":"_redemption","value":"` + string(third) + `"}]}],"note_attributes":[
			{"name":"_redemption","value":"` + string(secondID) + `"},{"name":"cart-promotion-actions","value":"(\"` + theAppID + `\",\"` + string(firstID) + `\")"}]}`,
			[]loyalty.ActionID{firstID, secondID, third}},
		{"the same in all places", `{"line_items":[{"properties":[{"name":"_redemption","value":"` + string(firstID) + `"}]}],"note_attributes":[
			{"name":"_redemption","value":"` + string(firstID) + `"}]}`, []loyalty.ActionID{firstID}},
		{"entries under the other name", `{"note_attributes":[{"name":"_redemption","value":"(\"` + theAppID + `\",\"` + string(firstID) + `\")"},{"name":"cart-promotion-actions","value":"` + string(firstID) + `"}]}`, nil},
		{"names in another case", `{"note_attributes":[{"name":"_Redemption","value":"` + string(firstID) + `"},{"name":"Cart-Promotion-Actions","value":"(\"` + theAppID + `\",\"` + string(firstID) + `\")"}]}`, nil},
		{"other names", `{"note_attributes":[{"name":"redemption","value":"` + string(firstID) + `"},{"name":"","value":"` + string(firstID) + `"}]}`, nil},
		{"values of other types", `{"note_attributes":[{"name":"_redemption","value":7},{"name":"_redemption","value":null},{"name":"_redemption","value":{"a":[]}},{"name":"_redemption","value":["` + string(firstID) + `"]},{"name":"_redemption"},{"name":null}]}`, nil},
		{"entries of other types", `{"note_attributes":[null,7,"x",[],{"name":"_redemption","value":"` + string(firstID) + `"}]}`, []loyalty.ActionID{firstID}},
		{"a value given twice", `{"note_attributes":[{"name":"_redemption","value":"a","value":"` + string(firstID) + `"}]}`, nil},
		{"no list", `{"note_attributes":{"_redemption":"` + string(firstID) + `"},"line_items":[{"properties":{"_redemption":"x"}},{"properties":null}]}`, nil},
		{"null", `{"note_attributes":null,"line_items":null}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b orderBody
			if err := decode([]byte(tt.body), &b); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, demoApp().actions(&b)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestIDsAreBounded(t *testing.T) {
	t.Parallel()
	var b orderBody
	for n := range byte(200) {
		b.Notes = append(b.Notes, attribute{redemption, text(mint(n))})
	}
	b.Notes = append(b.Notes, attribute{promotionActions, text(pair(theAppID, mint(250)))})
	got := demoApp().actions(&b)
	if len(got) != actionsMax || got[0] != mint(250) {
		t.Errorf("%d ids, the first of them %s", len(got), got[0])
	}
}

// FuzzPromotionActions: whatever is written, only ids of our form come of it, each once, and
// each of them stands there.
func FuzzPromotionActions(f *testing.F) {
	for _, s := range []string{
		"", "[" + pair(theAppID, firstID) + "]", pair("9", firstID) + pair(theAppID, secondID), `("a\"", "b")`, `(("", "")`, "\xff\x00", `("\`,
	} {
		f.Add(s, theAppID)
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, written, app string) {
		a := App{AppID: app}
		ids := a.actions(&orderBody{Notes: attributes{{promotionActions, text(written)}, {redemption, text(written)}}})
		for i, id := range ids {
			if _, ok := id.Read(); !ok || !strings.Contains(written, string(id)) || slices.Contains(ids[:i], id) {
				t.Errorf("got %q", ids)
			}
		}
	})
}
