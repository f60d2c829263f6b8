// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/cartage-dev/cartage/config"
)

func TestLocate(t *testing.T) {
	t.Parallel()
	source := config.Source{File: "cartage.yaml", Text: []byte(good), Environ: append(goodEnviron, "CARTAGE_BACKENDS__M2__SETTINGS__DEPTH=4")}
	err := source.Locate(fmt.Errorf("start: %w", config.Mistakes{
		{Key: "backends.m2.settings.strict", Found: "no"},
		{Key: "backends.m2.settings.sites[1]", Found: "no"},
		{Key: "backends.m2.settings.missing", Found: "missing"},
		{Key: "backends.m2.settings.depth", Found: "no"},
		{Key: "backends.m2.secrets.other", Found: "missing"},
		{Found: "no key"},
		{Place: "elsewhere", Key: "backends.m2.settings.strict", Found: "no"},
	}))
	const want = `cartage.yaml:11:15: backends.m2.settings.strict: no
cartage.yaml:13:19: backends.m2.settings.sites[1]: no
cartage.yaml:7:5: backends.m2.settings.missing: missing
environment: CARTAGE_BACKENDS__M2__SETTINGS__DEPTH: backends.m2.settings.depth: no
cartage.yaml:14:5: backends.m2.secrets.other: missing
no key
elsewhere: backends.m2.settings.strict: no`
	if err.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", err, want)
	}
}

func TestLocateLeavesOtherErrorsAlone(t *testing.T) {
	t.Parallel()
	other := errors.New("other")
	if got := (config.Source{Text: []byte(good)}).Locate(other); !errors.Is(got, other) {
		t.Errorf("got %v", got)
	}
	if got := (config.Source{}).Locate(nil); got != nil {
		t.Errorf("got %v", got)
	}
	gone := config.Source{File: filepath.Join(t.TempDir(), "gone.yaml")}
	if got := gone.Locate(config.Mistakes{{Key: "shops", Found: "no"}}); got == nil || got.Error() != "shops: no" {
		t.Errorf("got %v", got)
	}
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("a: [\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := (config.Source{File: broken}).Locate(config.Mistakes{{Key: "shops", Found: "no"}}); got.Error() != "shops: no" {
		t.Errorf("got %v", got)
	}
}
