// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// descriptionMax is how many characters of a description are shown.
const descriptionMax = 400

// Key is one setting or secret, for people to read.
type Key struct {
	Path        string            `json:"path"` // such as settings.base_url, settings.sites[].code or secrets.token
	Type        string            `json:"type"` // as JSON Schema calls it; empty when the schema does not say
	Required    bool              `json:"required"`
	Secret      bool              `json:"secret"`
	Default     json.RawMessage   `json:"default,omitempty"`
	Allowed     []json.RawMessage `json:"allowed,omitempty"`
	Description string            `json:"description,omitempty"`
}

// Keys lists what may be set, in the order of the paths, a group before what it holds.
func (s Schema) Keys() []Key {
	l := lister{secrets: s.secrets, seen: map[string]bool{}}
	l.group(s.root, "")
	slices.SortStableFunc(l.keys, func(a, b Key) int { return strings.Compare(a.Path, b.Path) })
	return l.keys
}

type lister struct {
	secrets []string
	seen    map[string]bool
	keys    []Key
}

// group lists the keys of a schema; those of one that only sometimes holds are left out.
func (l *lister) group(node map[string]any, path string) {
	required, _ := node["required"].([]any)
	held := properties(node)
	for _, name := range slices.Sorted(maps.Keys(held)) {
		property, ok := held[name].(map[string]any)
		if !ok {
			continue
		}
		k := Key{Path: path + "." + shown(name), Required: slices.Contains(required, any(name)), Secret: path == "" && slices.Contains(l.secrets, name)}
		switch {
		case k.Secret:
			k.Path = "secrets" + k.Path
		case path == "":
			k.Path = "settings" + k.Path
		}
		l.key(property, k)
	}
	all, _ := node["allOf"].([]any)
	for _, part := range all {
		if below, ok := part.(map[string]any); ok {
			l.group(below, path)
		}
	}
}

func (l *lister) key(node map[string]any, k Key) {
	if l.seen[k.Path] {
		return
	}
	l.seen[k.Path] = true
	switch held := node["type"].(type) {
	case string:
		k.Type = held
	case []any:
		var names []string
		for _, name := range held {
			if text, ok := name.(string); ok {
				names = append(names, text)
			}
		}
		k.Type = strings.Join(names, " or ")
	}
	if text, ok := node["description"].(string); ok {
		k.Description = printable(text, descriptionMax)
	}
	if value, given := node["default"]; given && !k.Secret {
		k.Default, _ = json.Marshal(value)
	}
	items, _ := node["items"].(map[string]any)
	for _, holder := range []map[string]any{node, items} {
		allowed, _ := holder["enum"].([]any)
		for _, value := range allowed {
			if encoded, err := json.Marshal(value); err == nil {
				k.Allowed = append(k.Allowed, encoded)
			}
		}
	}
	l.keys = append(l.keys, k)
	l.group(node, k.Path)
	if items != nil {
		l.group(items, k.Path+"[]")
	}
}
