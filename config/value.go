// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"

	"github.com/cartage-dev/cartage/core/secret"
)

// value is what a node says for a key of type t; ok is false when that is nothing
// to go on with, which is then reported.
func (r *report) value(n *yaml.Node, t reflect.Type, path string) (v any, ok bool) {
	switch t = target(t); shapeOf(t) {
	case group, names:
		return r.branch(n, t, path), true
	case list:
		return r.list(n, t, path)
	case free:
		return r.free(n, path)
	default:
		return r.leaf(n, t, path)
	}
}

// branch is never nil, so that what stands below a key of the wrong type still exists.
func (r *report) branch(n *yaml.Node, t reflect.Type, path string) tree {
	below := tree{}
	switch {
	case n.ShortTag() == "!!null":
	case n.Kind != yaml.MappingNode:
		r.wrongType(n, path, "a group of keys", "write its keys below it, indented")
	default:
		r.pairs(n, path, func(key string, k, v *yaml.Node) {
			kind, known := child(t, key)
			if !known {
				r.unknownKey(placeOf(k), t, path, key)
				return
			}
			if held, ok := r.value(v, kind, join(path, shown(key))); ok {
				below[key] = held
			}
		})
	}
	return below
}

// pairs visits the keys of a mapping, each once.
func (r *report) pairs(n *yaml.Node, path string, visit func(key string, k, v *yaml.Node)) {
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			r.add(placeOf(k), Mistake{Key: path, Found: "a key that is not text", Expected: "write a name"})
			continue
		}
		p := join(path, shown(k.Value))
		if line, twice := first[k.Value]; twice {
			r.add(placeOf(k), Mistake{Key: p, Found: "given twice", Expected: fmt.Sprintf("it stands in line %d already", line)})
			continue
		}
		first[k.Value] = k.Line
		r.keys[p], r.values[p] = placeOf(k), placeOf(v)
		visit(k.Value, k, v)
	}
}

func (r *report) list(n *yaml.Node, t reflect.Type, path string) (any, bool) {
	if n.ShortTag() == "!!null" {
		return []string{}, true
	}
	if n.Kind != yaml.SequenceNode {
		r.wrongType(n, path, "a list", "write [a, b], or each in a line of its own behind a hyphen")
		return nil, false
	}
	items := make([]string, 0, len(n.Content))
	for i, c := range n.Content {
		p := item(path, i)
		r.values[p] = placeOf(c)
		// A list with a hole keeps its length, so that indices go on meaning the same.
		held, _ := r.leaf(c, t.Elem(), p)
		text, _ := held.(string)
		items = append(items, text)
	}
	return items, true
}

func (r *report) leaf(n *yaml.Node, t reflect.Type, path string) (any, bool) {
	switch tag := n.ShortTag(); {
	case n.Kind != yaml.ScalarNode:
		r.wrongType(n, path, typeName(t), "write one value")
	case tag == "!!null":
		r.wrong(path, "no value", "write one, or leave the key out", "")
		r.broken[path] = true
	case tag == "!!bool":
		r.wrongType(n, path, typeName(t), "write "+typeName(t)+", in quotes where it is the word true or false")
	case tag != "!!str" && tag != "!!int" && tag != "!!float" && tag != "!!timestamp":
		r.wrongType(n, path, typeName(t), "write it without a tag (!)")
	default:
		held, found, expected := convert(t, n.Value)
		if found == "" {
			return held, true
		}
		r.wrong(path, found, expected, "")
		r.broken[path] = true
	}
	return nil, false
}

// free is a plugin's own setting. It has to survive the journey as JSON.
func (r *report) free(n *yaml.Node, path string) (any, bool) {
	switch n.Kind {
	case yaml.MappingNode:
		below := tree{}
		r.pairs(n, path, func(key string, _, v *yaml.Node) {
			if held, ok := r.free(v, join(path, shown(key))); ok {
				below[key] = held
			}
		})
		return below, true
	case yaml.SequenceNode:
		items := make([]any, 0, len(n.Content))
		for i, c := range n.Content {
			r.values[item(path, i)] = placeOf(c)
			held, _ := r.free(c, item(path, i))
			items = append(items, held)
		}
		return items, true
	default:
		held, ok := plainValue(n)
		if !ok {
			r.wrong(path, "a value that JSON does not have", "write text, a number, true or false", "")
		}
		return held, ok
	}
}

// plainValue reads text, a number, true, false or nothing. A date stays text.
func plainValue(n *yaml.Node) (v any, ok bool) {
	switch n.ShortTag() {
	case "!!str", "!!timestamp":
		return n.Value, true
	case "!!null":
		return nil, true
	case "!!int", "!!bool":
		return v, n.Decode(&v) == nil
	case "!!float":
		var f float64
		err := n.Decode(&f)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return nil, false
}

// wrongType reports that a node is something else; nothing more will be said about what it was to be.
func (r *report) wrongType(n *yaml.Node, path, wanted, expected string) {
	is := map[yaml.Kind]string{yaml.MappingNode: "a group of keys", yaml.SequenceNode: "a list"}[n.Kind]
	if is == "" {
		is = map[string]string{"!!bool": "true or false", "!!int": "a number", "!!float": "a number"}[n.ShortTag()]
	}
	if is == "" {
		is = "text"
	}
	if n.Kind == yaml.ScalarNode && n.Style&yaml.TaggedStyle != 0 {
		is = "a tagged value"
	}
	r.wrong(path, is+" is not "+wanted, expected, "")
	r.broken[path] = true
}

// convert reads a leaf; found and expected say what is wrong with the text.
func convert(t reflect.Type, text string) (v any, found, expected string) {
	var err error
	switch {
	case t == reflect.TypeFor[secret.Text]():
		return text, "", ""
	case t == reflect.TypeFor[time.Duration]():
		v, err = time.ParseDuration(text)
		expected = "write 800ms or 2s"
	case t == reflect.TypeFor[Size]():
		v, err = parseSize(text)
		expected = "write 512MiB or 2GiB"
	case t.Kind() == reflect.Int:
		v, err = strconv.Atoi(text)
		expected = "write digits only"
	case t.Kind() == reflect.Uint32:
		var n uint64
		n, err = strconv.ParseUint(text, 10, 32)
		v, expected = uint32(n), "write digits only"
	case t.Kind() == reflect.Float64:
		v, err = strconv.ParseFloat(text, 64)
		expected = "write one like 0.5"
	case strings.ContainsFunc(text, unicode.IsControl):
		return nil, "a control character in the text", "take it out"
	default:
		return text, "", ""
	}
	if err != nil {
		return nil, quote(text) + " is not " + typeName(t), expected
	}
	return v, "", ""
}

// quote is a value as mistakes repeat it.
func quote(text string) string {
	if runes := []rune(text); len(runes) > shownMax {
		text = string(runes[:shownMax]) + cut
	}
	return strconv.Quote(text)
}

func placeOf(n *yaml.Node) place { return place{line: n.Line, col: n.Column} }

func item(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
