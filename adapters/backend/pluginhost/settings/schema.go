// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"regexp/syntax"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cartage-dev/cartage/core/fault"
)

// The bounds of a schema.
const (
	schemaBytesMax  = 64 << 10
	patternBytesMax = 512
	patternStepsMax = 10_000 // instructions of the compiled expression
	saidMax         = 300    // bytes of what is repeated of a schema
)

// dialect is the only one; it is also what a schema without $schema is written in.
const dialect = "https://json-schema.org/draft/2020-12/schema"

// secretName is what config lets a secret be called: an environment variable has to reach it.
var secretName = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)

// Schema is what a plugin accepts. The zero Schema accepts everything, as a plugin
// does that gives none.
type Schema struct {
	root     map[string]any // without references
	compiled *jsonschema.Schema
	secrets  []string // sorted
}

// Read reads a plugin's schema; an empty one is the zero Schema. A schema that
// cannot be used is the plugin's fault: Internal (bad_settings_schema), by the plugin.
func Read(raw []byte) (Schema, error) {
	if len(raw) == 0 {
		return Schema{}, nil
	}
	s, err := read(raw)
	if err != nil {
		return Schema{}, fault.New(fault.Internal, "bad_settings_schema",
			"the plugin's settings schema cannot be used: %s", printable(err.Error(), saidMax)).By(fault.Plugin)
	}
	return s, nil
}

func read(raw []byte) (s Schema, err error) {
	if len(raw) > schemaBytesMax {
		return s, fmt.Errorf("it exceeds %d bytes", schemaBytesMax)
	}
	decoded, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return s, errors.New("it is not JSON")
	}
	root, ok := decoded.(map[string]any)
	if !ok {
		return s, errors.New("it is not an object")
	}
	if said, given := root["$schema"]; given && said != dialect && said != dialect+"#" {
		return s, fmt.Errorf("its $schema is not %s", dialect)
	}
	if s.root, err = unfold(root); err != nil {
		return s, err
	}
	if kind, given := s.root["type"]; given && kind != "object" {
		return s, errors.New("its type is not object, and settings are one")
	}
	s.root["type"] = "object"
	if s.secrets, err = secretsOf(s.root); err != nil {
		return s, err
	}
	s.compiled, err = compile(s.root)
	return s, err
}

// secretsOf are the names of the secrets, all of which config can hold.
func secretsOf(root map[string]any) ([]string, error) {
	var names []string
	properties, _ := root["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		property, _ := properties[name].(map[string]any)
		if property[secretMark] != true {
			continue
		}
		if kind, given := property["type"]; given && kind != "string" {
			return nil, fmt.Errorf("secret %q is not of type string", name)
		}
		if !secretName.MatchString(name) {
			return nil, fmt.Errorf("secret %q needs a name of lower-case letters and digits, with single underscores between them", name)
		}
		names = append(names, name)
	}
	if marks(root) != len(names) {
		return nil, errors.New(`"writeOnly": true marks a secret, and secrets are properties of the top level`)
	}
	return names, nil
}

// marks counts the secrets of a schema, wherever they stand.
func marks(node any) (n int) {
	held, ok := node.(map[string]any)
	if !ok {
		return 0
	}
	if held[secretMark] == true {
		n++
	}
	for _, below := range children(held) {
		n += marks(below)
	}
	return n
}

// compile may fall over what it is given, as any stranger's code may.
func compile(root map[string]any) (compiled *jsonschema.Schema, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("it cannot be compiled")
		}
	}()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseLoader(nothing{})
	c.UseRegexpEngine(expression)
	c.AssertFormat()
	const name = "urn:settings"
	if err := c.AddResource(name, root); err != nil {
		return nil, err
	}
	return c.Compile(name)
}

// nothing is loaded from anywhere.
type nothing struct{}

var _ jsonschema.URLLoader = nothing{}

// Load refuses.
func (nothing) Load(string) (any, error) {
	return nil, errors.New("a schema refers to nothing outside itself")
}

// expression compiles a regular expression as long as matching with it is cheap.
func expression(text string) (jsonschema.Regexp, error) {
	if len(text) > patternBytesMax {
		return nil, fmt.Errorf("a pattern exceeds %d bytes", patternBytesMax)
	}
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, errors.New("a pattern is not RE2")
	}
	steps, err := syntax.Compile(parsed.Simplify())
	if err != nil || len(steps.Inst) > patternStepsMax {
		return nil, errors.New("a pattern repeats too much")
	}
	return regexp.Compile(text)
}
