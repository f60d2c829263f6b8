// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost/settings"
	"github.com/cartage-dev/cartage/config"
	"github.com/cartage-dev/cartage/plugins/protocol/protocoltest"
)

// checkSettings holds the settings and secrets to the program's own schema, as the host does before it
// hands them over: with wrong ones the rules would blame the plugin. A program that
// gives no schema, or none that can be read, is the rules' matter.
func (f verifyFile) checkSettings(ctx context.Context, p protocoltest.Program) error {
	d, err := protocoltest.Describe(ctx, p)
	if err != nil {
		return nil //nolint:nilerr // process.starts and process.describe say so
	}
	schema, err := settings.Read(d.SettingsSchema)
	if err != nil {
		return nil //nolint:nilerr // host.launches says so
	}
	var wrong config.Mistakes
	for _, field := range schema.Check(p.Settings, p.Secrets) {
		wrong = append(wrong, config.Mistake{Place: f.place(field.Path), Key: field.Path, Found: field.Detail})
	}
	if wrong != nil {
		return wrong
	}
	return nil
}

// place is where in the file a key stands, or the nearest one above it that is there.
func (f verifyFile) place(path string) string {
	var document yaml.Node
	if yaml.NewDecoder(bytes.NewReader(f.text)).Decode(&document) != nil || len(document.Content) == 0 {
		return f.path
	}
	at, held := (*yaml.Node)(nil), document.Content[0]
	for _, step := range strings.FieldsFunc(path, func(r rune) bool { return r == '.' || r == '[' || r == ']' }) {
		key, value := below(held, step)
		if value == nil {
			break
		}
		at, held = key, value
	}
	if at == nil {
		return f.path
	}
	return fmt.Sprintf("%s:%d:%d", f.path, at.Line, at.Column)
}

// below finds what a step of a path leads to, and the node that a person looks for.
func below(node *yaml.Node, step string) (shown, value *yaml.Node) {
	if node.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i], node.Content[i+1]
			}
		}
		return nil, nil
	}
	if i, err := strconv.Atoi(step); err == nil && node.Kind == yaml.SequenceNode && i >= 0 && i < len(node.Content) {
		return node.Content[i], node.Content[i]
	}
	return nil, nil
}
