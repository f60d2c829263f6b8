// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/cartage-dev/cartage/app/apptest"
	"github.com/cartage-dev/cartage/config"
)

// TestLimitsAreTakenOver changes what a plugin's process may use while it sells: a
// new process is bound by it, and without a change the old one stays.
func TestLimitsAreTakenOver(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "cartage.yaml")
	write := func(limits string) {
		t.Helper()
		text := strings.Replace(string(config.Demo), "    plugin: mock\n", "    plugin: mock\n    limits: {"+limits+"}\n", 1)
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write("")
	h := apptest.Start(t, apptest.Options{File: file})
	first, _ := plugin(t, h)
	wantLimits(t, h, first, "1024", 512<<20)

	write("memory: 256MiB, files: 200")
	status, said := reload(t, h)
	taken := strings.Contains(said, "backend mock: started anew for its limits\n") || said == "nothing to change\n" // the watch of the file was sooner
	if status != http.StatusOK || !taken {
		t.Fatalf("reload answered %d: %s", status, said)
	}
	second, restarts := plugin(t, h)
	if second == first || restarts != 0 {
		t.Fatalf("process %d runs after %d, restarted %d times", second, first, restarts)
	}
	wantLimits(t, h, second, "200", 256<<20)
	transfer(t, h, bag("in-less", "1 item_1_sku"))

	write("files: 200, memory: 256MiB")
	if status, said := reload(t, h); status != http.StatusOK || said != "nothing to change\n" {
		t.Errorf("reload answered %d: %s", status, said)
	}
	write("files: 63, memory: 256MiB")
	want := fmt.Sprintf("%s:15:21: backends.mock.limits.files: 63 is out of bounds; write 64 to 1048576\n", file)
	if status, said := reload(t, h); status != http.StatusUnprocessableEntity || !strings.Contains(said, want) {
		t.Errorf("reload answered %d: %s", status, said)
	}
	if kept, _ := plugin(t, h); kept != second {
		t.Errorf("process %d runs after %d without a change", kept, second)
	}
}

// wantLimits looks at what the system, the process, the report and the figures say.
func wantLimits(t *testing.T, h *apptest.Host, pid int, files string, memory int) {
	t.Helper()
	limits, err := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if rest, ok := strings.CutPrefix(line, "Max open files"); ok && (len(strings.Fields(rest)) < 2 || strings.Fields(rest)[0] != files || strings.Fields(rest)[1] != files) {
			t.Errorf("want %s files, got %s", files, line)
		}
	}
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if want := fmt.Sprintf("GOMEMLIMIT=%d\x00", memory/10*9); err != nil || !strings.Contains(string(env), want) {
		t.Errorf("no %q in the environment: %v", want, err)
	}
	if _, ready := get(t, h.Admin+"/readyz?verbose"); !strings.Contains(ready, fmt.Sprintf(`memory_limit="%dMiB"`, memory>>20)) || !regexp.MustCompile(` sha256="[0-9a-f]{12}"`).MatchString(ready) {
		t.Errorf("/readyz?verbose says %s", ready)
	}
	if _, figures := get(t, h.Admin+"/metrics"); !strings.Contains(figures, fmt.Sprintf("cartage_plugin_memory_limit_bytes{backend=\"mock\"} %v\n", float64(memory))) {
		t.Errorf("no metric says %v", float64(memory))
	}
}
