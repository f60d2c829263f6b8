// SPDX-License-Identifier: Apache-2.0

package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"github.com/cartage-dev/cartage/core/secret"
)

// hunter is looked for in every print, as it is and in hexadecimal.
const hunter = "hunter2-correct-horse"

// holder is what a stranger's struct looks like: fmt cannot call the methods of its fields.
type holder struct {
	text  secret.Text
	at    *secret.Text
	many  []secret.Text
	named map[string]secret.Text
	any   any
}

type exported struct {
	Text  secret.Text
	At    *secret.Text
	Many  []secret.Text
	Named map[string]secret.Text
}

// carriers are the ways in which a secret gets to a printer.
func carriers(text string) map[string]any {
	s := secret.New(text)
	list, table := []secret.Text{s}, map[string]secret.Text{"k": s}
	hidden := holder{s, &s, list, table, s}
	return map[string]any{
		"value": s, "pointer": &s, "slice": list, "array": [1]secret.Text{s}, "map": table,
		"exported": exported{s, &s, list, table}, "unexported": hidden, "pointer to unexported": &hidden,
		"slice of unexported": []holder{hidden}, "map key": map[secret.Text]int{s: 1}, "error": fmt.Errorf("use %v and %+v", s, hidden),
		"joined error": errors.Join(fmt.Errorf("%q", s), fmt.Errorf("%#v", hidden)),
	}
}

// wantHidden checks a print of a carrier of text.
func wantHidden(t testing.TB, how, printed, text string) {
	t.Helper()
	lower := strings.ToLower(printed)
	for _, form := range []string{text, fmt.Sprintf("%x", text), fmt.Sprintf("% x", text), strings.Trim(fmt.Sprintf("%d", []byte(text)), "[]")} {
		if strings.Contains(lower, strings.ToLower(form)) {
			t.Errorf("%s shows the secret: %s", how, printed)
		}
	}
}

func printEverywhere(t testing.TB, text string) {
	t.Helper()
	for name, carrier := range carriers(text) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%c", "%U", "%t", "%p", "%T", "%10.3s", "%-40v", "%!"} {
			wantHidden(t, name+" under "+verb, fmt.Sprintf(verb, carrier), text)
		}
		wantHidden(t, name+" printed", fmt.Sprint(carrier)+fmt.Sprintln(carrier), text)
		if printed, err := json.Marshal(carrier); err == nil {
			wantHidden(t, name+" as JSON", string(printed), text)
		}
		if printed, err := xml.Marshal(carrier); err == nil {
			wantHidden(t, name+" as XML", string(printed), text)
		}
		var log bytes.Buffer
		options := &slog.HandlerOptions{Level: slog.LevelDebug}
		for _, h := range []slog.Handler{slog.NewTextHandler(&log, options), slog.NewJSONHandler(&log, options)} {
			slog.New(h).With("with", carrier).Info("m", "any", carrier, slog.Group("g", "in", carrier))
		}
		wantHidden(t, name+" in a log", log.String(), text)
		var page bytes.Buffer
		if err := template.Must(template.New("").Parse("{{.}}")).Execute(&page, carrier); err == nil {
			wantHidden(t, name+" in a template", page.String(), text)
		}
	}
}

func TestNothingPrintsIt(t *testing.T) {
	t.Parallel()
	printEverywhere(t, hunter)
}

// FuzzText: no text comes through any printer, and Reveal gives it back.
func FuzzText(f *testing.F) {
	f.Add("")
	f.Add(hunter)
	f.Add("line\nbreak and \xff")
	f.Fuzz(func(t *testing.T, part string) {
		text := "canary-" + part + "-yranac"
		printEverywhere(t, text)
		if s := secret.New(text); s.Reveal() != text || !s.Equal(text) || s.Equal(text+"x") || s != secret.New(text) {
			t.Errorf("New(%q) holds %q", text, s.Reveal())
		}
		if s := secret.New(part); s.Reveal() != part || s.Empty() != (part == "") {
			t.Errorf("New(%q) holds %q", part, s.Reveal())
		}
	})
}

func TestShown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"a secret", hunter, secret.Redacted},
		{"none", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := secret.New(tt.text)
			encoded, err := s.MarshalText()
			if err != nil {
				t.Fatal(err)
			}
			for how, got := range map[string]string{
				"String": s.String(), "GoString": s.GoString(), "MarshalText": string(encoded), "Sprint": fmt.Sprint(s), "%#v": fmt.Sprintf("%#v", s),
			} {
				if got != tt.want {
					t.Errorf("%s gives %q, want %q", how, got, tt.want)
				}
			}
		})
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, held, presented string
		want                  bool
	}{
		{"same", hunter, hunter, true},
		{"other", hunter, "hunter3", false},
		{"start", hunter, hunter[:7], false},
		{"more", hunter, hunter + "x", false},
		{"other case", hunter, strings.ToUpper(hunter), false},
		{"nothing presented", hunter, "", false},
		{"nothing held", "", hunter, false},
		{"nothing at all", "", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := secret.New(tt.held).Equal(tt.presented); got != tt.want {
				t.Errorf("Equal() = %t, want %t", got, tt.want)
			}
		})
	}
	if zero := (secret.Text{}); !zero.Empty() || zero.Reveal() != "" || zero != secret.New("") {
		t.Errorf("the zero Text holds %q", zero.Reveal())
	}
}
