// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// allowedMax is how many of the values that are allowed are named.
const allowedMax = 12

// words are the types as config speaks of them.
var words = map[string]string{
	"object": "a group of keys", "array": "a list", "string": "text", "number": "a number",
	"integer": "a whole number", "boolean": "true or false", "null": "nothing",
}

// explain says in our words what the validator found. What it says itself repeats values.
func (c *check) explain(err error) {
	wrong, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		c.add("settings", "refused", "not accepted by the plugin's schema", "")
		return
	}
	at := wrong.InstanceLocation
	switch k := wrong.ErrorKind.(type) {
	case *kind.Schema, *kind.Group, *kind.AllOf, *kind.Reference:
		for _, cause := range wrong.Causes {
			c.explain(cause)
		}
	case *kind.Required:
		c.missing(at, k.Missing, "")
	case *kind.DependentRequired:
		c.missing(at, k.Missing, " beside "+shown(k.Prop))
	case *kind.AdditionalProperties:
		for _, key := range k.Properties {
			c.unknown(at, key)
		}
	case *kind.FalseSchema:
		if len(at) > 0 {
			c.unknown(at[:len(at)-1], at[len(at)-1])
			return
		}
		c.add("settings", "refused", "not accepted by the plugin's schema", "")
	case *kind.PropertyNames:
		c.add(c.path(append(slices.Clip(at), k.Property)), "bad_key", "not a key that is allowed here", "")
	case *kind.Type:
		c.add(c.path(at), "wrong_type", words[k.Got]+" is not "+typeWords(k.Want), "")
	default:
		reason, found, expected := value(wrong.ErrorKind)
		c.add(c.path(at), reason, found, expected)
	}
}

// value says what is wrong with a value whose type is right.
func value(wrong jsonschema.ErrorKind) (reason, found, expected string) {
	switch k := wrong.(type) {
	case *kind.Enum:
		return "not_allowed", "not a value that is allowed", "write " + oneOf(k.Want)
	case *kind.Const:
		return "not_allowed", "not the value that is allowed", "write " + oneOf([]any{k.Want})
	case *kind.Format:
		return "malformed", "not of the format " + printable(k.Want, shownMax), ""
	case *kind.Pattern:
		return "malformed", "not of the form that is expected", "it has to match " + printable(k.Want, patternBytesMax/4)
	case *kind.MinLength:
		return "too_short", "too short", fmt.Sprintf("write at least %d characters", k.Want)
	case *kind.MaxLength:
		return "too_long", "too long", fmt.Sprintf("write at most %d characters", k.Want)
	case *kind.MinItems:
		return "too_few", "too few", fmt.Sprintf("name at least %d", k.Want)
	case *kind.MaxItems:
		return "too_many", "too many", fmt.Sprintf("name at most %d", k.Want)
	case *kind.MinProperties:
		return "too_few", "too few keys", fmt.Sprintf("write at least %d", k.Want)
	case *kind.MaxProperties:
		return "too_many", "too many keys", fmt.Sprintf("write at most %d", k.Want)
	case *kind.UniqueItems:
		return "twice", fmt.Sprintf("the same at [%d] and [%d]", k.Duplicates[0], k.Duplicates[1]), "take one of them away"
	case *kind.Minimum:
		return "out_of_range", "too small", "write " + number(k.Want) + " or more"
	case *kind.ExclusiveMinimum:
		return "out_of_range", "too small", "write more than " + number(k.Want)
	case *kind.Maximum:
		return "out_of_range", "too large", "write " + number(k.Want) + " or less"
	case *kind.ExclusiveMaximum:
		return "out_of_range", "too large", "write less than " + number(k.Want)
	case *kind.MultipleOf:
		return "out_of_range", "not a multiple of " + number(k.Want), ""
	case *kind.AnyOf:
		return "refused", "none of the forms that are allowed here", ""
	case *kind.OneOf:
		if len(k.Subschemas) > 0 {
			return "refused", "more than one of the forms that are allowed here", "keep to one"
		}
		return "refused", "none of the forms that are allowed here", ""
	}
	return "refused", "not accepted by the plugin's schema", ""
}

func (c *check) missing(at, keys []string, beside string) {
	for _, key := range keys {
		where := append(slices.Clip(at), key)
		if len(at) == 0 && c.secrets[key] {
			c.add(c.path(where), "required", "missing"+beside, byReference)
			continue
		}
		expected := ""
		if node := c.node(where); node != nil && typeOf(node) != "" {
			expected = "write " + typeOf(node)
		}
		c.add(c.path(where), "required", "missing"+beside, expected)
	}
}

// unknown reports a key that the schema does not have, with the one that was probably meant.
func (c *check) unknown(at []string, key string) {
	valid := slices.Sorted(maps.Keys(properties(c.node(at))))
	here := slices.DeleteFunc(slices.Clone(valid), func(name string) bool { // secrets stand elsewhere
		return len(at) == 0 && slices.Contains(c.schema.secrets, name)
	})
	expected := ""
	switch near := nearest(key, valid); {
	case near != "":
		expected = "did you mean " + c.path(append(slices.Clip(at), near)) + "?"
	case len(here) > 0 && len(here) <= allowedMax:
		for i := range here {
			here[i] = shown(here[i])
		}
		expected = "valid here: " + strings.Join(here, ", ")
	}
	c.add(c.path(append(slices.Clip(at), key)), "unknown_key", "unknown key", expected)
}

// typeOf says what a schema wants, and nothing when it does not say so simply.
func typeOf(node map[string]any) string {
	switch held := node["type"].(type) {
	case string:
		return words[held]
	case []any:
		var names []string
		for _, name := range held {
			if text, ok := name.(string); ok {
				names = append(names, text)
			}
		}
		return typeWords(names)
	}
	if allowed, ok := node["enum"].([]any); ok {
		return oneOf(allowed)
	}
	return ""
}

func typeWords(names []string) string {
	said := make([]string, len(names))
	for i, name := range names {
		said[i] = words[name]
	}
	return strings.Join(said, " or ")
}

func oneOf(allowed []any) string {
	var said []string
	for _, v := range allowed[:min(len(allowed), allowedMax)] {
		encoded, err := json.Marshal(v)
		if err != nil {
			continue
		}
		text := string(encoded)
		if plain, ok := v.(string); ok && plain != "" {
			text = plain
		}
		said = append(said, printable(text, shownMax))
	}
	if len(allowed) > allowedMax {
		return "one of " + strings.Join(said, ", ") + ", and others"
	}
	if len(said) == 1 {
		return said[0]
	}
	return "one of " + strings.Join(said, ", ")
}

func number(r *big.Rat) string {
	if r.IsInt() {
		return r.Num().String()
	}
	f, _ := r.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}
