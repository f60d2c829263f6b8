// SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	prefix    = "CARTAGE_"
	separator = "__" // between the levels of a path
)

// environment is what a process is given, by name. The last one counts where a name comes twice.
func environment(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, pair := range environ {
		if name, value, ok := strings.Cut(pair, "="); ok {
			env[name] = value
		}
	}
	return env
}

// reserved are the variables that begin with our prefix and are no config: what a
// host and its plugins tell each other, and what our tests are told.
func reserved(name string) bool {
	return name == "CARTAGE_PLUGIN" || name == "CARTAGE_LIFELINE_FD" ||
		strings.HasPrefix(name, "CARTAGE_PLUGIN_") || strings.HasPrefix(name, "CARTAGE_TEST_")
}

// overrides is the layer that the environment makes, above what the file says.
func (r *report) overrides(env map[string]string, file tree) tree {
	layer := tree{}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		rest, ours := strings.CutPrefix(name, prefix)
		if !ours || reserved(name) {
			continue
		}
		keys := strings.Split(strings.ToLower(rest), separator)
		if len(keys) == 1 {
			r.oneLevel(name, keys[0])
			continue
		}
		r.override(layer, file, variable{name: name, text: env[name], keys: keys})
	}
	return layer
}

// variable is one override on its way to its key.
type variable struct {
	name, text string
	keys       []string
}

// oneLevel reports a variable that names a whole group, or a key with too few
// underscores. Any other is not ours: Kubernetes makes CARTAGE_PORT of a service called cartage.
func (r *report) oneLevel(name, key string) {
	at, root := place{variable: name}, reflect.TypeFor[Config]()
	if _, ok := child(root, key); ok {
		r.add(at, Mistake{Key: key, Found: "a group of keys cannot be given as one value", Expected: "write " + name + separator + "KEY"})
		return
	}
	for _, p := range keysBelow(root) {
		if strings.Contains(p, ".") && strings.ReplaceAll(p, ".", "_") == key {
			r.add(at, Mistake{Key: key, Found: "unknown key", Expected: "write two underscores between levels", Nearest: p})
		}
	}
}

// override puts one variable into the layer.
func (r *report) override(layer, file tree, v variable) {
	at, t, path := place{variable: v.name}, reflect.TypeFor[Config](), ""
	for i, key := range v.keys {
		below, ok := child(t, key)
		if !ok || key == "" {
			r.unknownKey(at, t, path, key)
			return
		}
		if shapeOf(below) == free {
			v.keys[i] = spelled(file, v.keys[:i], key)
		}
		path = join(path, shown(v.keys[i]))
		if _, known := r.keys[path]; !known {
			r.keys[path] = at
		}
		t = below
	}
	r.keys[path], r.values[path] = at, at
	maps.DeleteFunc(r.values, func(p string, _ place) bool { return strings.HasPrefix(p, path+"[") })
	delete(r.broken, path)
	held, ok := r.overridden(v, t, path, file)
	if ok && !put(layer, v.keys, held) {
		r.add(at, Mistake{Key: path, Found: "another variable gives this key, or one above or below it", Expected: "take one of them away"})
	}
}

func (r *report) overridden(v variable, t reflect.Type, path string, file tree) (any, bool) {
	problem := func(path, found, expected string) (any, bool) {
		r.wrong(path, found, expected, "")
		r.broken[path] = true
		return nil, false
	}
	switch t = target(t); shapeOf(t) {
	case group, names:
		return problem(path, "a group of keys cannot be given as one value", "write "+v.name+separator+"KEY")
	case list:
		return commaSeparated(v.text), true
	case free:
		held, found := likeFile(v.text, branch(file, v.keys[:len(v.keys)-1]...)[v.keys[len(v.keys)-1]])
		if found != "" {
			return problem(path, found, "give a value of the type that the file gives")
		}
		return held, true
	default:
		held, found, expected := convert(t, v.text)
		if found != "" {
			return problem(path, found, expected)
		}
		return held, true
	}
}

// put sets the value below layer, unless a value stands in the way.
func put(layer tree, keys []string, v any) bool {
	last := len(keys) - 1
	for _, key := range keys[:last] {
		if _, ok := layer[key]; !ok {
			layer[key] = tree{}
		}
		if layer = branch(layer, key); layer == nil {
			return false
		}
	}
	_, taken := layer[keys[last]]
	layer[keys[last]] = v
	return !taken
}

// spelled is a plugin's key as the file spells it, since variables have no case.
func spelled(file tree, above []string, key string) string {
	for _, written := range slices.Sorted(maps.Keys(branch(file, above...))) {
		if strings.EqualFold(written, key) {
			return written
		}
	}
	return key
}

func commaSeparated(text string) []string {
	items := []string{}
	if strings.TrimSpace(text) == "" {
		return items
	}
	for part := range strings.SplitSeq(text, ",") {
		items = append(items, strings.TrimSpace(part))
	}
	return items
}

// likeFile reads a plugin's setting as the type that the file's value has, or as
// YAML would read it where the file has none.
func likeFile(text string, written any) (v any, found string) {
	n := yaml.Node{Kind: yaml.ScalarNode, Value: text}
	switch written.(type) {
	case string:
		return text, ""
	case tree:
		return nil, "a group of keys cannot be given as one value"
	case []any:
		items := []any{}
		for _, part := range commaSeparated(text) {
			item, _ := likeFile(part, nil)
			items = append(items, item)
		}
		return items, ""
	case bool:
		if n.ShortTag() != "!!bool" {
			return nil, "a value that is neither true nor false"
		}
	case int, int64, uint64:
		if n.ShortTag() != "!!int" {
			return nil, "a value that is not a whole number"
		}
	case float64:
		if tag := n.ShortTag(); tag != "!!int" && tag != "!!float" {
			return nil, "a value that is not a number"
		}
	}
	switch held, ok := plainValue(&n); {
	case !ok && written != nil:
		return nil, "a value that is not a number"
	case ok && held != nil:
		return held, ""
	}
	return text, ""
}
