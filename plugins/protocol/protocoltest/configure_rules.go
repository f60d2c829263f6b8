// SPDX-License-Identifier: Apache-2.0

package protocoltest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/plugins/protocol"
	"github.com/cartage-dev/cartage/ports/backend/backendtest"
)

// refuse expects Configure of such a program to be Invalid, and the fault to name the path.
func (r *trial) refuse(ctx context.Context, t *backendtest.T, what string, told Program, path string) {
	r.fresh(ctx, t, func(p *process) {
		err := configure(ctx, p, told)
		t.Exchange("Configure with "+what, backendtest.DescribeFault(err))
		if !t.Expect(err != nil && fault.KindOf(err) == fault.Invalid, "Invalid for "+what, backendtest.DescribeFault(err)) || path == "" {
			return
		}
		f := fault.From(err)
		t.Expect(slices.ContainsFunc(f.Fields, func(field fault.Field) bool {
			return field.Path == path || strings.HasPrefix(field.Path, path+".") || strings.HasPrefix(field.Path, path+"[")
		}), "a fault that names "+path, backendtest.DescribeFault(err))
		t.Expect(!strings.Contains(fmt.Sprint(f.Message, f.Fields), settingCanary), "a fault that repeats no value", backendtest.DescribeFault(err))
	})
}

// settingCanary is a value that no fault may repeat: people put secrets in wrong places.
const settingCanary = "cartage-canary-setting-51c0"

func notAnObject(ctx context.Context, t *backendtest.T, r *trial) {
	for _, text := range []string{"[]", `"text"`, "{", "null"} {
		r.refuse(ctx, t, "the settings "+text, r.program.with([]byte(text)), "")
	}
}

func unknownKey(ctx context.Context, t *backendtest.T, r *trial) {
	const key = "no_such_setting"
	told := r.program.changed(func(s map[string]any) { s[key] = settingCanary })
	r.refuse(ctx, t, "a setting that nobody knows", told, "settings."+key)
}

// schema is what the rules read of the schema of settings.
type schema struct {
	Required   []string
	Properties map[string]struct {
		Type      any
		WriteOnly bool
	}
}

// schema asks a process of its own; it is empty where there is none.
func (r *trial) schema(ctx context.Context, t *backendtest.T) (s schema) {
	r.fresh(ctx, t, func(p *process) {
		if d, err := describe(ctx, p); err == nil {
			_ = json.Unmarshal(d.SettingsSchema, &s) // whether it is JSON is another rule's matter
		}
	})
	return s
}

func wrongType(ctx context.Context, t *backendtest.T, r *trial) {
	var given map[string]any
	_ = json.Unmarshal(r.program.Settings, &given)
	known := r.schema(ctx, t).Properties
	keys := slices.Sorted(maps.Keys(given))
	for _, key := range slices.Sorted(maps.Keys(known)) {
		if !slices.Contains(keys, key) && !known[key].WriteOnly {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		t.Skip("neither the settings given nor a schema name a setting")
		return
	}
	for _, key := range keys[:min(len(keys), keysMax)] {
		var wrong any = []any{map[string]any{settingCanary: settingCanary}}
		if known[key].Type == "array" {
			wrong = settingCanary
		}
		r.refuse(ctx, t, "another type for "+key, r.program.changed(func(s map[string]any) { s[key] = wrong }), "settings."+key)
	}
}

// keysMax is how many settings are tried one by one.
const keysMax = 8

func required(ctx context.Context, t *backendtest.T, r *trial) {
	known := r.schema(ctx, t)
	if len(known.Required) == 0 {
		t.Skip("no schema says that a setting is required")
		return
	}
	for _, name := range known.Required[:min(len(known.Required), keysMax)] {
		if !known.Properties[name].WriteOnly {
			r.refuse(ctx, t, "no "+name, r.program.changed(func(s map[string]any) { delete(s, name) }), "settings."+name)
			continue
		}
		told := r.program
		told.Secrets = maps.Clone(told.Secrets)
		delete(told.Secrets, name)
		r.refuse(ctx, t, "no secret "+name, told, "secrets."+name)
	}
}

func accepts(ctx context.Context, t *backendtest.T, r *trial) {
	r.fresh(ctx, t, func(p *process) {
		err := configure(ctx, p, r.program)
		t.Exchange("Configure with the settings given", backendtest.DescribeFault(err))
		t.Expect(err == nil, "no fault", backendtest.DescribeFault(err))
	})
}

func once(ctx context.Context, t *backendtest.T, r *trial) {
	r.ready(ctx, t, func(p *process) {
		err := configure(ctx, p, r.program)
		t.Exchange("a second Configure", backendtest.DescribeFault(err))
		t.Expect(is(err, fault.Conflict, "already_configured"), "Conflict (already_configured)", backendtest.DescribeFault(err))
	})
}

func checks(ctx context.Context, t *backendtest.T, r *trial) {
	r.ready(ctx, t, func(p *process) {
		ctx, cancel := context.WithTimeout(ctx, askMax)
		defer cancel()
		err := protocol.NewLifecycle(p.conn).Check(ctx)
		t.Exchange("Lifecycle.Check", backendtest.DescribeFault(err))
		t.Expect(err == nil, "no fault, since the settings and secrets given are right", backendtest.DescribeFault(err))
	})
}
