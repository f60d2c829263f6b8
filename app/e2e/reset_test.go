// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cartage-dev/cartage/app/apptest"
)

// fragile is the mock plugin behind a script, which ends at once while there is a file called broken.
func fragile(t *testing.T) (program, broken string) {
	t.Helper()
	dir := t.TempDir()
	program, broken = filepath.Join(dir, "fragile"), filepath.Join(dir, "broken")
	script := fmt.Sprintf("#!/bin/sh\nif [ -e %q ]; then exit 7; fi\nexec %q\n", broken, filepath.Join(apptest.Build(t).Plugins(), "mock"))
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return program, broken
}

// details is what /readyz?output=json says of backend mock.
func details(t *testing.T, h *apptest.Host) map[string]string {
	t.Helper()
	_, body := get(t, h.Admin+"/readyz?output=json")
	for _, p := range decode[readiness](t, []byte(body)).Parts {
		if p.Name == "backend mock" {
			return p.Detail
		}
	}
	t.Fatalf("no backend mock in %s", body)
	return nil
}

// TestResetOutOfQuarantine is an operator's: a plugin dies at each start, a reset
// without a cure says why, and after the cure one word lets it sell again.
func TestResetOutOfQuarantine(t *testing.T) {
	t.Parallel()
	program, broken := fragile(t)
	h := apptest.Start(t, apptest.Options{Environ: append([]string{"CARTAGE_BACKENDS__MOCK__PLUGIN=" + program}, patient...)})
	reset := func(more ...string) ran {
		return cartage(t, nil, append([]string{"plugin", "reset", "mock", "--admin", h.Admin}, more...)...)
	}
	if got := reset(); got.code != 0 || !strings.HasPrefix(got.out, "backend mock: was ready, is ready after ") {
		t.Errorf("of one that runs: %+v", got)
	}
	if err := os.WriteFile(broken, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	pid, _ := plugin(t, h)
	_ = syscall.Kill(pid, syscall.SIGKILL)
	if !eventually(func() bool { return details(t, h)["state"] == "quarantined" }) {
		t.Fatalf("not in quarantine: %v", details(t, h))
	}
	said := details(t, h)
	if said["next_try"] == "" || said["pid"] != "0" || said["memory"] != "" || !strings.HasSuffix(said["last_exit"], "the process exited with status 7") {
		t.Errorf("/readyz says %v", said)
	}
	if _, figures := get(t, h.Admin+"/metrics"); !strings.Contains(figures, `cartage_plugin_quarantined{backend="mock"} 1`) {
		t.Error("no metric says that it is quarantined")
	}

	got := reset()
	if got.code != 1 || !strings.HasPrefix(got.out, "backend mock: was quarantined, is quarantined after ") || !strings.Contains(got.out, "exited with status 7\nnext try: ") || got.err != "the backend is not ready\n" {
		t.Errorf("without a cure: %+v", got)
	}
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	got = reset("--output", "json")
	var done struct {
		OK               bool
		Backend, Was, Is string
	}
	if err := json.Unmarshal([]byte(got.out), &done); err != nil || got.code != 0 || !done.OK || done.Backend != "mock" || done.Was != "quarantined" || done.Is != "ready" {
		t.Errorf("after the cure: %+v, %v", got, err)
	}
	transfer(t, h, bag("sells-again", "1 item_1_sku"))
	if said := details(t, h); said["state"] != "ready" || said["next_try"] != "" {
		t.Errorf("afterwards /readyz says %v", said)
	}
}

// TestResetOfNobody names those there are.
func TestResetOfNobody(t *testing.T) {
	t.Parallel()
	h := apptest.Start(t, apptest.Options{})
	got := cartage(t, nil, "plugin", "reset", "mokc/..", "--admin", h.Admin)
	if got.code != 1 || got.out != "no backend is called \"mokc/..\"; config has mock\n" || !strings.HasPrefix(got.err, "the host answered 404 Not Found") {
		t.Errorf("got %+v", got)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.Admin+"/backends/mock/reset", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	if status, body := do(t, req); status != http.StatusForbidden {
		t.Errorf("a page's was answered with %d: %s", status, body)
	}
}
