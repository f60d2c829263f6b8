// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/app/apptest"
)

// TestTillWithPointsElsewhere taps, takes back, sells and refunds with the points at the backend: the till is told the
// backend's balance, and the journal says what was asked of it.
func TestTillWithPointsElsewhere(t *testing.T) {
	t.Parallel()
	h := apptest.Start(t, apptest.Options{Environ: []string{
		"CARTAGE_SHOPS__DEMO__BACKENDS__LOYALTY=mock", "CARTAGE_BACKENDS__MOCK__SETTINGS__LOYALTY__CUSTOMERS__42=2500",
	}})
	play := func(script string) {
		t.Helper()
		wantRun(t, cartage(t, nil, "pos", "--dev", "--host", h.API, "--script", script), 0, nil, nil)
	}
	play("new 42; expect balance 2500; tap 1; expect balance 1500; revert; expect balance 2500; tap 1; expect balance 1500; sale")
	if !eventually(func() bool {
		_, figures := get(t, h.Admin+"/metrics")
		return strings.Contains(figures, "cartage_news_waiting 0\n")
	}) {
		t.Error("news is left that nobody works out")
	}
	play("new 42; expect balance 1553") // $53 earned as many points
	play("new 1; expect balance 0")     // whom the backend does not know
	if _, figures := get(t, h.Admin+"/metrics"); !strings.Contains(figures, "cartage_movements_waiting 0\n") {
		t.Error("movements are left")
	}
	h.Stop()
	path := filepath.Join(h.Dir, "cartage.db")
	wantRun(t, cartage(t, nil, "ledger", "show", "42", "--shop", "demo", "--database", path), 0,
		[]string{"held (-1000 elsewhere)", "released (+1000 elsewhere)", "(+53 elsewhere)"}, nil)
	wantRun(t, cartage(t, nil, "ledger", "verify", "--database", path), 0, []string{"demo: everything agrees"}, nil)
}

// TestPointsNeedToBeReadBack: a backend that cannot is refused before the host starts.
func TestPointsNeedToBeReadBack(t *testing.T) {
	t.Parallel()
	h := &apptest.Host{}
	env := append(h.Environ(t, t.TempDir()), "CARTAGE_BACKENDS__CLUB__PLUGIN="+witness(t, 1), "CARTAGE_SHOPS__DEMO__BACKENDS__LOYALTY=club")
	wantRun(t, cartage(t, env, "check", "--dev"), 78, nil, []string{"shops.demo.backends.loyalty", "plugin witness of backend club cannot keep points", "read_back is false"})
}
