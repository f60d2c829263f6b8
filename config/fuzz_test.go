// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/config"
)

// longMax bounds what is fuzzed.
const longMax = 16 << 10

// FuzzLoad: whatever a file and a variable say, the answer is a config or
// Mistakes, the same each time, each in one line with a place, and never with a secret.
func FuzzLoad(f *testing.F) {
	example, err := os.ReadFile("example.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(example), "CARTAGE_SERVER__LISTEN=:80", false)
	f.Add(string(config.Demo), "CARTAGE_BACKENDS__MOCK__SETTINGS__DELAY_MS=20", true)
	for _, tt := range bad {
		text := tt.new
		if tt.old != whole {
			text = strings.Replace(good, tt.old, tt.new, 1)
		}
		if len(text) < longMax {
			f.Add(text, strings.Join(tt.environ, "|"), false)
		}
	}
	f.Fuzz(func(t *testing.T, text, variables string, dev bool) {
		if len(text) > longMax {
			t.Skip("long texts take their time")
		}
		source := config.Source{File: "fuzz.yaml", Text: []byte(text), Environ: append(strings.Split(variables, "|"), "POQ_SECRET=canary-poq", "M2_TOKEN=canary-m2")}
		if dev {
			source.Mode = config.Dev
		}
		cfg, err := config.Load(source)
		again, errAgain := config.Load(source)
		if diff := cmp.Diff(cfg, again, options); diff != "" || fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Fatalf("two answers: %v and %v\n%s", err, errAgain, diff)
		}
		if err == nil {
			for name, b := range cfg.Backends {
				if _, err := json.Marshal(b.Settings); err != nil {
					t.Errorf("settings of %s: %v", name, err)
				}
			}
			return
		}
		var mistakes config.Mistakes
		if !errors.As(err, &mistakes) || len(mistakes) == 0 {
			t.Fatalf("got %v, want Mistakes", err)
		}
		for _, m := range mistakes {
			if m.Place == "" || m.Found == "" || strings.ContainsAny(m.Key+m.Found+m.Expected+m.Nearest, "\n\r\x00") {
				t.Errorf("got %+v", m)
			}
		}
		if strings.Contains(err.Error(), "canary") && !strings.Contains(text+variables, "canary") {
			t.Errorf("a secret shows: %v", err)
		}
	})
}
