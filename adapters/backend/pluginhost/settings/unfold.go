// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// The bounds of what a schema unfolds to.
const (
	depthMax  = 16    // schemas inside one another
	valuesMax = 4_096 // schemas and plain values, each counted as often as it is referred to
)

// secretMark is the keyword that marks a secret.
const secretMark = "writeOnly"

// numberForm is a number of an ordinary size: 1e999999999 takes as much memory as it says.
var numberForm = regexp.MustCompile(`^-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?$`)

// holds says what a keyword holds; of one that is not listed it is a plain value.
type holds uint8

const (
	plain     holds = iota
	schema          // a schema
	schemas         // a list of schemas
	named           // schemas by name
	reference       // the name of a schema below $defs
	outside         // what only serves references, or says nothing
	banned          // what leads outside, or changes what references mean
)

var keywords = map[string]holds{
	"additionalProperties": schema, "contains": schema, "else": schema, "if": schema, "items": schema, "not": schema,
	"propertyNames": schema, "then": schema, "unevaluatedItems": schema, "unevaluatedProperties": schema,
	"allOf": schemas, "anyOf": schemas, "oneOf": schemas, "prefixItems": schemas,
	"dependentSchemas": named, "patternProperties": named, "properties": named,
	"$ref":  reference,
	"$defs": outside, "definitions": outside, "$schema": outside, "$comment": outside,
	"$anchor": banned, "$dynamicAnchor": banned, "$dynamicRef": banned, "$id": banned, "$recursiveAnchor": banned,
	"$recursiveRef": banned, "$vocabulary": banned, "contentSchema": banned, "dependencies": banned,
}

// annotations say something about a setting and decide nothing.
var annotations = []string{"title", "description", "default", "examples", "deprecated", "readOnly", secretMark}

// unfolder puts in the place of each reference what it refers to.
type unfolder struct {
	definitions map[string]any
	open        []string // the references that lead here
	values      int
}

// unfold is root without references.
func unfold(root map[string]any) (map[string]any, error) {
	u := unfolder{definitions: map[string]any{}}
	for _, key := range []string{"$defs", "definitions"} {
		if defined, ok := root[key].(map[string]any); ok {
			for name, held := range defined {
				u.definitions["#/"+key+"/"+name] = held
			}
		}
	}
	top := maps.Clone(root)
	delete(top, "$id") // what the whole is called changes nothing
	unfolded, err := u.schema(top, 0)
	if err != nil {
		return nil, err
	}
	return unfolded.(map[string]any), nil
}

func (u *unfolder) schema(v any, depth int) (any, error) {
	if err := u.count(); err != nil {
		return nil, err
	}
	if depth > depthMax {
		return nil, fmt.Errorf("it is nested more than %d levels deep", depthMax)
	}
	if _, ok := v.(bool); ok {
		return v, nil
	}
	node, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("a schema in it is neither an object nor true or false")
	}
	out := make(map[string]any, len(node))
	for _, key := range slices.Sorted(maps.Keys(node)) {
		held, err := u.keyword(key, node[key], depth)
		if err != nil {
			return nil, err
		}
		if held != nil {
			out[key] = held
		}
	}
	if to, given := node["$ref"]; given {
		return u.refer(out, to, depth)
	}
	return out, nil
}

// keyword is what a keyword holds, unfolded, and nil for one that is left out.
func (u *unfolder) keyword(key string, held any, depth int) (any, error) {
	malformed := fmt.Errorf("its %s cannot be read", key)
	switch keywords[key] {
	case schema:
		return u.schema(held, depth+1)
	case schemas:
		list, ok := held.([]any)
		if !ok {
			return nil, malformed
		}
		out := make([]any, len(list))
		for i, s := range list {
			var err error
			if out[i], err = u.schema(s, depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case named:
		set, ok := held.(map[string]any)
		if !ok {
			return nil, malformed
		}
		out := make(map[string]any, len(set))
		for _, name := range slices.Sorted(maps.Keys(set)) {
			var err error
			if out[name], err = u.schema(set[name], depth+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	case outside, reference:
		return nil, nil
	case banned:
		return nil, fmt.Errorf("it uses %s, which settings do without", key)
	default:
		return held, u.bound(held)
	}
}

// bound counts a plain value and refuses a number that is too large to reckon with.
func (u *unfolder) bound(v any) error {
	if err := u.count(); err != nil {
		return err
	}
	switch held := v.(type) {
	case json.Number:
		if !numberForm.MatchString(held.String()) {
			return errors.New("a number in it is too large")
		}
	case []any:
		for _, item := range held {
			if err := u.bound(item); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, item := range held {
			if err := u.bound(item); err != nil {
				return err
			}
		}
	}
	return nil
}

func (u *unfolder) count() error {
	if u.values++; u.values > valuesMax {
		return fmt.Errorf("it unfolds to more than %d values", valuesMax)
	}
	return nil
}

// refer joins a schema with the one it refers to: both have to hold.
func (u *unfolder) refer(out map[string]any, to any, depth int) (any, error) {
	name, _ := to.(string)
	target, known := u.definitions[name]
	switch {
	case !known:
		return nil, errors.New("a $ref in it does not name a schema below its own $defs")
	case slices.Contains(u.open, name):
		return nil, errors.New("a $ref in it leads back to itself")
	}
	u.open = append(u.open, name)
	unfolded, err := u.schema(target, depth+1)
	u.open = u.open[:len(u.open)-1]
	if err != nil {
		return nil, err
	}
	referred, ok := unfolded.(map[string]any)
	if decides := func(key string) bool { return !slices.Contains(annotations, key) && !strings.HasPrefix(key, "x-") }; ok && !slices.ContainsFunc(slices.Collect(maps.Keys(out)), decides) {
		joined := maps.Clone(referred)
		maps.Copy(joined, out)
		return joined, nil
	}
	all, _ := out["allOf"].([]any)
	out["allOf"] = append(slices.Clip(all), unfolded)
	return out, nil
}

// children are the schemas directly inside one.
func children(node map[string]any) []any {
	var below []any
	for _, key := range slices.Sorted(maps.Keys(node)) {
		switch held := node[key].(type) {
		case []any:
			if keywords[key] == schemas {
				below = append(below, held...)
			}
		case map[string]any:
			switch keywords[key] {
			case schema:
				below = append(below, held)
			case named:
				for _, name := range slices.Sorted(maps.Keys(held)) {
					below = append(below, held[name])
				}
			default:
			}
		}
	}
	return below
}
