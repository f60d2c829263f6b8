// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cartage-dev/cartage/app/apptest"
)

// TestOwnerThatIsGone: an order stays where its cart was made. When that backend is
// taken away, or another plugin stands under its name, nobody can say that there is no
// such order; the reload says so beforehand, and with the backend the order is back.
func TestOwnerThatIsGone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		lose func(*stand)
		said string
	}{
		{"taken away", func(s *stand) { s.Gone = true },
			"backend a: stopped; carts of the last week are its own, and neither they nor their orders are found until it runs again; points that it kept wait for it\n"},
		{"another plugin", func(s *stand) { s.Program, s.Settings = witness(t, 1), "" },
			"; carts of the last week are of plugin mock, and neither they nor their orders are found until it runs again; points that it kept wait for it\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, log := newStand(t), &journal{}
			s.Program, s.Token = "mock", ""
			s.Settings = fmt.Sprintf("listen: %q, public_url: %q, data_dir: %q", s.address, "http://"+s.address, filepath.Join(filepath.Dir(s.file), "shop"))
			s.start(t, apptest.Options{Log: slog.New(slog.NewTextHandler(log, nil))})
			buy(t, follow(t, transfer(t, s.Host, bag("bought", "1 item_1_sku")).URL).url)
			good := *s
			tt.lose(s)
			s.write(t)
			status, said := reload(t, s.Host)
			if status != http.StatusOK {
				t.Fatalf("reload answered %d: %s", status, said)
			}
			if said != "nothing to change\n" && !strings.Contains(said, tt.said) { // else the watch of the file was sooner
				t.Errorf("reload said %s", said)
			}
			if said := log.String(); !strings.Contains(said, "owner=a/mock") || !strings.Contains(said, strings.TrimSpace(tt.said)) {
				t.Errorf("the log says nothing of it:\n%s", said)
			}
			if status, body := orderOf(t, s.Host, "bought"); status != http.StatusServiceUnavailable {
				t.Errorf("the order was answered with %d: %s", status, body)
			}
			if status, body := orderOf(t, s.Host, "never-seen"); status != http.StatusNotFound {
				t.Errorf("an order of nobody's was answered with %d: %s", status, body)
			}
			*s = good
			s.write(t)
			if status, said := reload(t, s.Host); status != http.StatusOK {
				t.Fatalf("reload answered %d: %s", status, said)
			}
			if status, body := orderOf(t, s.Host, "bought"); status != http.StatusOK {
				t.Errorf("with its backend the order was answered with %d: %s", status, body)
			}
		})
	}
}

// journal is a log that may be read while it is written.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
