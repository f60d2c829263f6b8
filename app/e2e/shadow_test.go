// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/adapters/backend/shadow"
	"github.com/cartage-dev/cartage/app/apptest"
)

// rehearsed waits until so many transfers were compared, and returns the report.
func rehearsed(t *testing.T, h *apptest.Host, transfers int64) shadow.Report {
	t.Helper()
	var all []shadow.Report
	if !eventually(func() bool {
		_, body := get(t, h.Admin+"/shadow?output=json")
		all = decode[[]shadow.Report](t, []byte(body))
		return len(all) == 1 && all[0].Compared+all[0].Skipped >= transfers
	}) {
		t.Fatalf("%d transfers were not compared: %+v", transfers, all)
	}
	return all[0]
}

// TestRehearsal tries a swap before it is made: the shopper sees nothing of it, an
// operator sees what would change, and a reload of the candidate counts on.
func TestRehearsal(t *testing.T) {
	t.Parallel()
	const each = 10
	h, m := startMovable(t)
	sell := func(round string) {
		t.Helper()
		for i := range each {
			wantLeadsTo(t, h, bag(fmt.Sprint(round, i), "2 item_1_sku", "1 sold_out_sku", "1 no_such_sku"), m.One)
		}
	}
	change := func() {
		t.Helper()
		m.write(t)
		if status, said := reload(t, h); status != http.StatusOK {
			t.Fatalf("reload answered %d: %s", status, said)
		}
	}
	if _, said := get(t, h.Admin+"/shadow"); !strings.Contains(said, "No shop rehearses") {
		t.Errorf("without a rehearsal: %s", said)
	}
	m.Rehearse = true
	change()
	sell("well-")
	if r := rehearsed(t, h, each); r.Same != each || r.Primary != "mock/mock" || r.Candidate != "two/mock" {
		t.Errorf("the same backend twice differs: %+v", r)
	}
	m.Failing = true
	change()
	sell("ill-")
	if r := rehearsed(t, h, 2*each); r.Same != each || r.Failed != each || len(r.Faults) == 0 {
		t.Errorf("a candidate that fails: %+v", r)
	}
	got := cartage(t, nil, "shadow", "report", "--admin", h.Admin)
	for _, word := range []string{"Rehearsal of shop demo: mock/mock → two/mock", "the swap would change", "unavailable"} {
		if got.code != 0 || !strings.Contains(got.out, word) {
			t.Errorf("shadow report ended with %d and lacks %q: %s%s", got.code, word, got.out, got.err)
		}
	}
	if strings.Contains(got.out, "well-") || strings.Contains(got.out, "ill-") {
		t.Error("the report names a reference")
	}
	t.Logf("\n%s", got.out)
}
