// SPDX-License-Identifier: Apache-2.0

package pluginhost_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/adapters/backend/pluginhost"
	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/secret"
)

// schemaOf is the schema that the test's own program gives, by its name.
func schemaOf(name string) []byte {
	switch {
	case strings.HasSuffix(name, "schematic"):
		return []byte(`{"additionalProperties": false, "required": ["token"], "properties": {
			"role": {"type": "string", "maxLength": 9}, "token": {"type": "string", "writeOnly": true, "minLength": 4}}}`)
	case strings.HasSuffix(name, "abroad"):
		return []byte(`{"properties": {"role": {"$ref": "http://127.0.0.1:9/role.json"}}}`)
	}
	return nil
}

func TestSettingsAreHeldToTheSchema(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for _, tt := range []struct {
		name, program, settings string
		secrets                 map[string]secret.Text
		want                    []string // of each field, its path and detail
	}{
		{"all is well", "schematic", `{"role":""}`, map[string]secret.Text{"token": secret.New("hush-hush")}, nil},
		{"no schema", "plain-name", `{}`, map[string]secret.Text{"other": secret.New("hush-hush")}, nil},
		{"all at once", "schematic", `{"rolle":"hush"}`, map[string]secret.Text{"token": secret.New("h"), "tokken": secret.New("hush-hush")}, []string{
			"secrets.token: too short; write at least 4 characters", "secrets.tokken: unknown key; did you mean secrets.token?",
			"settings.rolle: unknown key; did you mean settings.role?"}},
		{"no secret", "schematic", `{}`, nil, []string{"secrets.token: missing; write it under secrets, as env:NAME or file:/path"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := named(t, tt.program)
			s.Settings, s.Secrets = []byte(tt.settings), tt.secrets
			_, err := h.Launch(t.Context(), s)
			if tt.want == nil {
				if err != nil {
					t.Errorf("got %v", err)
				}
				return
			}
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Kind != fault.Invalid || f.Code != "invalid_settings" || f.Source != fault.Caller {
				t.Fatalf("got %v, want invalid_settings", err)
			}
			var got []string
			for _, field := range f.Fields {
				got = append(got, field.Path+": "+field.Detail)
			}
			if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("a value is repeated: %v", err)
			}
		})
	}
}

// TestSchemaIsThePluginsFault holds for a schema that leads outside: nothing is loaded.
func TestSchemaIsThePluginsFault(t *testing.T) {
	t.Parallel()
	_, err := newHost(t).Launch(t.Context(), named(t, "abroad"))
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Internal || f.Source != fault.Plugin || f.Code != "bad_settings_schema" || !strings.Contains(err.Error(), "abroad") {
		t.Errorf("got %v", err)
	}
}

func TestInspect(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	got, err := h.Inspect(t.Context(), pluginhost.Spec{Backend: "inspected", Path: named(t, "schematic").Path})
	if err != nil {
		t.Fatal(err)
	}
	d := got.Description
	if d.Info.Name != "test" || len(d.Ports) != 1 || len(d.SettingsSchema) == 0 || got.Protocol != 1 || len(got.SHA256) != 64 {
		t.Errorf("got %+v", got)
	}
	if _, err := h.Inspect(t.Context(), pluginhost.Spec{Path: named(t, "exits").Path}); err == nil || !strings.Contains(err.Error(), "last words") {
		t.Errorf("a program that exits: %v", err)
	}
	if _, err := h.Inspect(t.Context(), pluginhost.Spec{Path: t.TempDir()}); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a folder: %v", err)
	}
}
