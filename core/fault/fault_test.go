// SPDX-License-Identifier: Apache-2.0

package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/cartage-dev/cartage/core/fault"
)

func TestKinds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                   string
		kind                   fault.Kind
		counts, repeats, keyed bool
	}{
		{"internal", fault.Internal, false, false, false},
		{"invalid", fault.Invalid, false, false, false},
		{"not_found", fault.NotFound, false, false, false},
		{"conflict", fault.Conflict, false, false, false},
		{"denied", fault.Denied, false, false, false},
		{"unauthenticated", fault.Unauthenticated, false, false, false},
		{"unsupported", fault.Unsupported, false, false, false},
		{"limited", fault.Limited, false, false, false},
		{"unavailable", fault.Unavailable, true, true, true},
		{"unknown", fault.Unknown, true, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.kind.String(); got != tt.name {
				t.Errorf("String() = %q, want %q", got, tt.name)
			}
			if got, ok := fault.ParseKind(tt.name); !ok || got != tt.kind {
				t.Errorf("ParseKind() = %v, %t", got, ok)
			}
			if got := tt.kind.CountsAgainstBackend(); got != tt.counts {
				t.Errorf("CountsAgainstBackend() = %t, want %t", got, tt.counts)
			}
			if plain, keyed := tt.kind.MayRepeat(false), tt.kind.MayRepeat(true); plain != tt.repeats || keyed != tt.keyed {
				t.Errorf("MayRepeat() = %t, with a key %t; want %t, %t", plain, keyed, tt.repeats, tt.keyed)
			}
		})
	}
	if got := len(fault.Kinds()); got != 10 {
		t.Errorf("Kinds() lists %d kinds; does this table miss one?", got)
	}
	if got := fault.Kind(200).String(); got != "internal" {
		t.Errorf("a kind of no list prints as %q", got)
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		source fault.Source
	}{{"engine", fault.Engine}, {"caller", fault.Caller}, {"backend", fault.Backend}, {"plugin", fault.Plugin}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, ok := fault.ParseSource(tt.name); !ok || got != tt.source || got.String() != tt.name {
				t.Errorf("ParseSource(%q) = %v, %t", tt.name, got, ok)
			}
		})
	}
	if got := fault.Source(200).String(); got != "engine" {
		t.Errorf("a source of no list prints as %q", got)
	}
}

// FuzzParse: a name is one of ours exactly when it prints as itself.
func FuzzParse(f *testing.F) {
	for _, k := range fault.Kinds() {
		f.Add(k.String())
	}
	for _, name := range []string{"", "engine", "plugin", "Internal", "unknown ", "10"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if k, ok := fault.ParseKind(name); ok != (k.String() == name) && name != "internal" || !ok && k != fault.Internal {
			t.Errorf("ParseKind(%q) = %v, %t", name, k, ok)
		}
		if s, ok := fault.ParseSource(name); ok != (s.String() == name) && name != "engine" || !ok && s != fault.Engine {
			t.Errorf("ParseSource(%q) = %v, %t", name, s, ok)
		}
	})
}

func TestError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  *fault.Error
		want string
	}{
		{"zero", &fault.Error{}, "internal"},
		{"kind and code", fault.New(fault.Conflict, "done", ""), "conflict done"},
		{"message alone", fault.New(fault.Invalid, "", "no %s", "sku"), "invalid: no sku"},
		{"all", fault.New(fault.Unknown, "timeout", "no answer").Because(io.EOF), "unknown timeout: no answer: EOF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.err.Error(); got != tt.want {
				t.Errorf("Error() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFrom(t *testing.T) {
	t.Parallel()
	inner, outer := fault.New(fault.NotFound, "inner", ""), fault.New(fault.Conflict, "outer", "")
	for _, tt := range []struct {
		name string
		err  error
		want fault.Kind
		code string
	}{
		{"a fault", inner, fault.NotFound, "inner"},
		{"wrapped", fmt.Errorf("get cart: %w", inner), fault.NotFound, "inner"},
		{"joined", errors.Join(io.EOF, inner), fault.NotFound, "inner"},
		{"the first of two", outer.Because(inner), fault.Conflict, "outer"},
		{"not classified", io.EOF, fault.Internal, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := fault.From(tt.err)
			if got.Kind != tt.want || got.Code != tt.code || fault.KindOf(tt.err) != tt.want {
				t.Errorf("From() = %v, want %v %s", got, tt.want, tt.code)
			}
		})
	}
	if fault.From(nil) != nil {
		t.Error("From(nil) is a fault")
	}
	if err := fault.From(io.EOF); !errors.Is(err, io.EOF) {
		t.Errorf("From() lost the cause: %v", err)
	}
}

// TestCopies: whatever is made of a fault leaves the fault as it was.
func TestCopies(t *testing.T) {
	t.Parallel()
	field := rapid.Custom(func(t *rapid.T) fault.Field { return fault.Field{Path: rapid.String().Draw(t, "path"), Reason: "r"} })
	fields := rapid.SliceOfN(field, 0, 3)
	rapid.Check(t, func(t *rapid.T) {
		// Room behind the fields is what a careless append would write into.
		original := &fault.Error{Kind: fault.Invalid, Code: "c", Fields: append(make([]fault.Field, 0, 8), fields.Draw(t, "fields")...)}
		before := *original
		before.Fields = append([]fault.Field(nil), original.Fields...)
		one, two := fields.Draw(t, "one"), fields.Draw(t, "two")
		a, b := original.With(one...), original.With(two...)
		changed := original.By(fault.Plugin).Because(io.EOF).After(time.Second)
		empty := cmpopts.EquateEmpty()
		for _, c := range []struct {
			name      string
			got, want any
		}{
			{"the original", *original, before},
			{"With one", a.Fields, append(append([]fault.Field(nil), before.Fields...), one...)},
			{"With two", b.Fields, append(append([]fault.Field(nil), before.Fields...), two...)},
			{"the chain", []any{changed.Source, errors.Is(changed, io.EOF), changed.RetryAfter, changed.Kind, changed.Code}, []any{fault.Plugin, true, time.Second, fault.Invalid, "c"}},
		} {
			if diff := cmp.Diff(c.got, c.want, empty); diff != "" {
				t.Errorf("%s (-got +want):\n%s", c.name, diff)
			}
		}
	})
}
