// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/app/apptest"
)

// TestRefusedReload changes nothing and says why: in the answer, to whoever looks, in a metric.
func TestRefusedReload(t *testing.T) {
	t.Parallel()
	h, m := startMovable(t)
	good := *m
	for i, tt := range []struct {
		name   string
		spoil  func()
		wanted []string
	}{
		{"a mistake in the file", func() { m.Mistake = true }, []string{"cartage.yaml:10:5: shops.demo.currencys: unknown key", "did you mean shops.demo.currencies?"}},
		{"a program that is not there", func() { m.Program = "mokc" }, []string{"backends.mock.plugin: there is no program", "mokc"}},
		{"a plugin that does not come up", func() { m.Two = "192.0.2.1:80" }, []string{"backends.two.settings.listen: must be host:port"}},
	} {
		tt.spoil()
		m.write(t)
		status, said := reload(t, h)
		for _, word := range append(tt.wanted, "refused: nothing was changed") {
			if status != http.StatusUnprocessableEntity || !strings.Contains(said, word) {
				t.Errorf("%s: %d %q lacks %q", tt.name, status, said, word)
			}
		}
		_, ready := get(t, h.Admin+"/readyz?verbose")
		if !strings.Contains(ready, "[-] config") || !strings.Contains(ready, tt.wanted[0]) || !strings.Contains(ready, "ready: true") {
			t.Errorf("%s: /readyz?verbose says\n%s", tt.name, ready)
		}
		wantLeadsTo(t, h, bag(fmt.Sprint("refused-", i), "1 item_1_sku"), m.One)
		*m = good
	}
	if _, figures := get(t, h.Admin+"/metrics"); !strings.Contains(figures, "cartage_config_last_reload_successful 0") {
		t.Error("no metric says that the last reload was refused")
	}
	m.write(t)
	if status, said := reload(t, h); status != http.StatusOK {
		t.Errorf("what ran before is refused: %d %s", status, said)
	}
	if _, ready := get(t, h.Admin+"/readyz?verbose"); !strings.Contains(ready, "[+] config") {
		t.Errorf("afterwards: %s", ready)
	}
}

// TestBackendThatIsNotWell does not take over from one that sells: that its process
// came up is not enough.
func TestBackendThatIsNotWell(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.start(t, apptest.Options{})
	before := s.pid(t, "a")
	const want = "backend a: the commerce system is not well: unavailable closed_today: the shop is closed today\nrefused: nothing was changed\n"
	s.Settings = "ill: true"
	s.write(t)
	if status, said := reload(t, s.Host); status != http.StatusUnprocessableEntity || said != want {
		t.Errorf("reload answered %d: %s", status, said)
	}
	if _, token := s.told(t, "by-the-old"); token != "first" || s.pid(t, "a") != before {
		t.Errorf("process %s sells, want %s as before", s.pid(t, "a"), before)
	}

	s.Settings, s.Other, s.OtherToken = "", witness(t, 1), s.Token
	s.write(t)
	if status, said := reload(t, s.Host); status != http.StatusOK {
		t.Errorf("a backend that is well was answered with %d: %s", status, said)
	}
	if s.pid(t, "a") != before {
		t.Error("a was started anew without need")
	}
}

// TestHostThatDoesNotStart says which plugin did not come up, and what can be done.
func TestHostThatDoesNotStart(t *testing.T) {
	t.Parallel()
	s, h := newStand(t), &apptest.Host{}
	env := append(h.Environ(t, t.TempDir()), "CARTAGE_SHOPS__DEMO__CHECKOUT_HOSTS=witness.example")
	s.Other, s.OtherToken = filepath.Join(filepath.Dir(s.file), "exits"), s.Token
	put(t, s.Other, "#!/bin/sh\necho no licence >&2\nexit 7\n", 0o700)
	s.write(t)
	got := cartage(t, env, "dev", "--config", s.file)
	if got.code != 1 {
		t.Errorf("it ended with %d", got.code)
	}
	for _, want := range []string{"backend b: plugin " + s.Other, "exited with status 7", "no licence", "starts with all of its plugins or not at all"} {
		if !strings.Contains(got.err, want) {
			t.Errorf("no %q in %s", want, got.err)
		}
	}
}

// TestMistakeIsRefusedOnce, also when it names files that config did not before: a
// plugin that hangs would cost its start's time twice.
func TestMistakeIsRefusedOnce(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.start(t, apptest.Options{})
	good := *s
	for i, tt := range []struct {
		name  string
		spoil func()
	}{
		{"a mistake in the file", func() { s.Mistake = "currencys: [GBP]" }},
		{"a secret's file that is not there", func() { s.Token = filepath.Join(filepath.Dir(s.file), "none") }},
		{"a program that is not there, beside a new secret's file", func() {
			s.Other, s.OtherToken = "nobody", s.Token+"-of-b"
			put(t, s.OtherToken, "first", 0o600)
		}},
	} {
		tt.spoil()
		s.write(t)
		if !eventually(func() bool { return s.attempts(t, "refused") > i }) {
			t.Fatalf("%s: nothing was refused", tt.name)
		}
		time.Sleep(2500 * time.Millisecond) // five more looks at the files
		if got := s.attempts(t, "refused"); got != i+1 {
			t.Errorf("%s: %d refusals, want one more than %d", tt.name, got, i)
		}
		*s = good
	}
	s.Settings = "ill: true"
	s.write(t)
	refused := s.attempts(t, "refused")
	if status, said := reload(t, s.Host); status != http.StatusUnprocessableEntity || !strings.Contains(said, "closed_today") {
		t.Fatalf("reload answered %d: %s", status, said)
	}
	time.Sleep(2500 * time.Millisecond)
	if got := s.attempts(t, "refused"); got != refused+1 {
		t.Errorf("what was asked for by a word was tried again by the watch: %d refusals, want %d", got, refused+1)
	}
}
