// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/secret"
)

// mistakesMax bounds what is said about one backend.
const mistakesMax = 100

// byReference is how config writes a secret.
const byReference = "write it under secrets, as env:NAME or file:/path"

// Check names everything in the settings, which are one JSON object, and the secrets
// that the schema does not accept. A Field's Path is settings.KEY or
// secrets.NAME, as config writes them.
func (s Schema) Check(given []byte, secrets map[string]secret.Text) []fault.Field {
	if s.compiled == nil {
		return nil
	}
	decoded, err := jsonschema.UnmarshalJSON(bytes.NewReader(given))
	written, ok := decoded.(map[string]any)
	if err != nil || !ok {
		return []fault.Field{{Path: "settings", Reason: "malformed", Detail: "not a group of keys"}}
	}
	c := check{schema: s, whole: maps.Clone(written), secrets: map[string]bool{}, said: map[string]bool{}}
	c.join(written, secrets)
	if err := c.validate(); err != nil {
		c.explain(err)
	}
	slices.SortStableFunc(c.found, func(a, b fault.Field) int { return bytes.Compare([]byte(a.Path), []byte(b.Path)) })
	return c.found[:min(len(c.found), mistakesMax)]
}

// check is one check on its way.
type check struct {
	schema  Schema
	whole   map[string]any  // settings and secrets
	secrets map[string]bool // the keys of whole that came from secrets, or should
	said    map[string]bool // paths; one mistake for each is enough
	found   []fault.Field
}

// join makes one object of settings and secrets; each key has to stand where it belongs.
func (c *check) join(written map[string]any, secrets map[string]secret.Text) {
	for _, name := range c.schema.secrets {
		c.secrets[name] = true
		if _, ok := written[name]; ok {
			c.add("settings."+shown(name), "misplaced", "a secret among the settings", byReference)
			c.said["secrets."+name] = true
		}
	}
	known := properties(c.schema.root)
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		_, isProperty := known[name]
		switch _, twice := written[name]; {
		case !c.secrets[name] && isProperty:
			c.add("secrets."+shown(name), "misplaced", "not a secret", "write it under settings")
			c.said["settings."+name] = true
		case !c.secrets[name] && twice:
			c.add("secrets."+shown(name), "misplaced", "given under settings as well", "take one of them away")
		default:
			c.secrets[name] = true
			c.whole[name] = secrets[name].Reveal()
		}
	}
}

// validate may fall over what it is given, as any stranger's code may.
func (c *check) validate() (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("panic")
		}
	}()
	return c.schema.compiled.Validate(c.whole)
}

// add notes a mistake, unless the path has one already.
func (c *check) add(path, reason, found, expected string) {
	if c.said[path] {
		return
	}
	c.said[path] = true
	if expected != "" {
		found += "; " + expected
	}
	c.found = append(c.found, fault.Field{Path: path, Reason: reason, Detail: found})
}

// path is a place in whole as config writes it.
func (c *check) path(location []string) string {
	if len(location) == 0 {
		return "settings"
	}
	path := "settings"
	if c.secrets[location[0]] {
		path = "secrets"
	}
	var held any = c.whole
	for _, step := range location {
		switch at := held.(type) {
		case []any:
			i, _ := strconv.Atoi(step)
			path += "[" + step + "]"
			held = nil
			if i < len(at) {
				held = at[i]
			}
		case map[string]any:
			path, held = path+"."+shown(step), at[step]
		default:
			path, held = path+"."+shown(step), nil
		}
	}
	return path
}

// node is the schema of what stands at a place, where a simple look finds it.
func (c *check) node(location []string) map[string]any {
	node, held := c.schema.root, any(c.whole)
	for _, step := range location {
		switch at := held.(type) {
		case []any:
			i, _ := strconv.Atoi(step)
			node, _ = node["items"].(map[string]any)
			held = nil
			if i < len(at) {
				held = at[i]
			}
		case map[string]any:
			node, _ = properties(node)[step].(map[string]any)
			held = at[step]
		default:
			node, _ = properties(node)[step].(map[string]any)
		}
	}
	return node
}

// properties are the schemas of a node's keys, and nil where it lists none.
func properties(node map[string]any) map[string]any {
	held, _ := node["properties"].(map[string]any)
	return held
}
