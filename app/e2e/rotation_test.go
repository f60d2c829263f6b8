// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/app/apptest"
)

// TestSecretIsRotated writes a secret's file in place and by another in its place:
// nobody says a word, and the next process has the new secret. Without the file
// everything stays as it was.
func TestSecretIsRotated(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.start(t, apptest.Options{})
	before := s.pid(t, "a")
	if _, token := s.told(t, "at-first"); token != "first" {
		t.Fatalf("the secret is %q", token)
	}
	for _, tt := range []struct {
		name, token string
		rotate      func()
	}{
		{"in place", "second", func() {
			if err := os.WriteFile(s.Token, []byte("second\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"by rename", "third", func() { put(t, s.Token, "third", 0o600) }},
	} {
		tt.rotate()
		if !eventually(func() bool { return s.pid(t, "a") != before }) {
			t.Fatalf("%s: no other process was started", tt.name)
		}
		before = s.pid(t, "a")
		if _, token := s.told(t, "rotated-"+tt.token); token != tt.token {
			t.Errorf("%s: the secret is %q", tt.name, token)
		}
	}

	if err := os.Remove(s.Token); err != nil {
		t.Fatal(err)
	}
	if !eventually(func() bool { return s.attempts(t, "refused") > 0 }) {
		t.Error("a secret whose file is gone was not refused")
	}
	_, ready := get(t, s.Admin+"/readyz?verbose")
	if !strings.Contains(ready, "backends.a.secrets.token") || !strings.Contains(ready, "no such file") {
		t.Errorf("/readyz?verbose does not say so:\n%s", ready)
	}
	if _, token := s.told(t, "without-a-file"); token != "third" || s.pid(t, "a") != before {
		t.Errorf("process %s with secret %q sells, want %s as before", s.pid(t, "a"), token, before)
	}
	put(t, s.Token, "fourth", 0o600)
	if !eventually(func() bool { return s.pid(t, "a") != before }) {
		t.Fatal("the file that came back was not taken over")
	}
	if _, token := s.told(t, "come-back"); token != "fourth" {
		t.Errorf("the secret is %q", token)
	}
}

// TestWatchLeavesProgramsAlone: a program that was replaced on disk is nothing to
// somebody who changes something else, even where its own config pins the one that runs.
func TestWatchLeavesProgramsAlone(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.SHA256, s.Other, s.OtherToken = sum(t, s.Program), witness(t, 1), s.Token+"-of-b"
	put(t, s.OtherToken, "first", 0o600)
	s.start(t, apptest.Options{})
	a, b := s.pid(t, "a"), s.pid(t, "b")
	was := sum(t, s.Program)

	s.install(t, 2)
	put(t, s.OtherToken, "second", 0o600)
	if !eventually(func() bool { return s.pid(t, "b") != b }) {
		t.Error("the secret of b was not taken over")
	}
	if s.pid(t, "a") != a || s.attempts(t, "refused") != 0 {
		t.Error("a was not left alone")
	}

	// Who asks for everything is told.
	if status, said := reload(t, s.Host); status != http.StatusUnprocessableEntity || !strings.Contains(said, "backends.a.sha256: program ") || !strings.Contains(said, sum(t, s.Program)) {
		t.Errorf("reload answered %d: %s", status, said)
	}
	taken := s.attempts(t, "taken_over")
	s.SHA256 = sum(t, s.Program)
	s.write(t)
	if !eventually(func() bool { return s.pid(t, "a") != a && s.attempts(t, "taken_over") > taken }) {
		t.Fatal("what config pins now was not started")
	}
	if version, _ := s.told(t, "pinned-anew"); version != "2" {
		t.Errorf("version %s sells", version)
	}

	a = s.pid(t, "a")
	taken = s.attempts(t, "taken_over")
	s.SHA256 = ""
	s.write(t)
	if !eventually(func() bool { return s.attempts(t, "taken_over") > taken }) || s.pid(t, "a") != a {
		t.Error("without a pin the same program was started anew, or nothing happened")
	}
	s.install(t, 1)
	b = s.pid(t, "b")
	put(t, s.OtherToken, "third", 0o600)
	if !eventually(func() bool { return s.pid(t, "b") != b }) || s.pid(t, "a") != a {
		t.Error("without a pin a was not left alone, or nothing happened")
	}
	want := fmt.Sprintf("backend a: started anew for its plugin; the program witness 1 (SHA-256 %s) takes over from witness 2 (%s)\n", was, sum(t, witness(t, 2)))
	if status, said := reload(t, s.Host); status != http.StatusOK || !strings.HasPrefix(said, want) {
		t.Errorf("reload answered %d: %s, want %s", status, said, want)
	}
}
