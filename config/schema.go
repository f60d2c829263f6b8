// SPDX-License-Identifier: Apache-2.0

package config

import (
	"reflect"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/core/secret"
)

// tag is where the struct tree says what a key is called.
const tag = "koanf"

// tree is a layer of the config: keys and values as the struct tree types them.
// Secrets are still references in it.
type tree = map[string]any

// branch is what stands below a path, and nil where no keys do.
func branch(t tree, path ...string) tree {
	for _, key := range path {
		t, _ = t[key].(tree)
	}
	return t
}

// shape is how a key's type is written.
type shape uint8

const (
	leaf  shape = iota // one value
	list               // values in order
	group              // keys that we know
	names              // keys that the operator chooses
	free               // whatever a plugin understands
)

func shapeOf(t reflect.Type) shape {
	switch t = target(t); {
	case t == reflect.TypeFor[secret.Text]():
		return leaf
	case t.Kind() == reflect.Struct:
		return group
	case t.Kind() == reflect.Map:
		return names
	case t.Kind() == reflect.Slice:
		return list
	case t.Kind() == reflect.Interface:
		return free
	default:
		return leaf
	}
}

// target is what a pointer points at, and any other type itself.
func target(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// typeName says what a leaf holds.
func typeName(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "a duration"
	case t == reflect.TypeFor[Size]():
		return "a size"
	case t == reflect.TypeFor[secret.Text]():
		return "a reference to a secret"
	case t.Kind() == reflect.Int || t.Kind() == reflect.Uint32:
		return "a whole number"
	case t.Kind() == reflect.Float64:
		return "a number"
	default:
		return "text"
	}
}

// child is the type of what a key names, directly below a value of type t.
func child(t reflect.Type, key string) (reflect.Type, bool) {
	switch t = target(t); shapeOf(t) {
	case group:
		for f := range t.Fields() {
			if f.Tag.Get(tag) == key {
				return f.Type, true
			}
		}
	case names:
		return t.Elem(), true
	case free:
		return t, true
	case leaf, list:
	}
	return nil, false
}

// fieldsOf are the keys of a group, in their order.
func fieldsOf(t reflect.Type) []string {
	var keys []string
	if t = target(t); shapeOf(t) == group {
		for f := range t.Fields() {
			keys = append(keys, f.Tag.Get(tag))
		}
	}
	return keys
}

// keysBelow are the paths of all keys below a group, as far as they do not lead through a name.
func keysBelow(t reflect.Type) []string {
	var paths []string
	for _, key := range fieldsOf(t) {
		paths = append(paths, key)
		below, _ := child(t, key)
		for _, p := range keysBelow(below) {
			paths = append(paths, join(key, p))
		}
	}
	return paths
}

// join appends a key or a path to a path.
func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// parent is the path without its last key or index.
func parent(path string) string { return path[:max(strings.LastIndexAny(path, ".["), 0)] }

// shownMax is how much of a key or value a mistake repeats.
const shownMax = 64

// cut stands for what a mistake does not repeat.
const cut = "…"

// shown is a key as mistakes show it. It ends at the first character that no key
// of ours has: who writes {key:secret} without a space has written one long key.
func shown(key string) string {
	end := strings.IndexFunc(key, func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if end < 0 && len(key) <= shownMax && key != "" {
		return key
	}
	if end < 0 || end > shownMax {
		end = min(len(key), shownMax)
	}
	return key[:end] + cut
}
