// SPDX-License-Identifier: Apache-2.0

package orderhooks

import (
	"encoding/json"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite what is told to the ports")

// when the demo's offers were shown.
var when = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)

// TestScenarios delivers each body of testdata, and compares what the ports were told with the
// file beside it.
func TestScenarios(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		topic   topic
		outcome string
	}{
		{"create-till", ordersCreate, told},
		{"create-guest", ordersCreate, told},
		{"create-redemption", ordersCreate, told},
		{"create-marked", ordersCreate, told},
		{"create-test", ordersCreate, testOrder},
		{"cancelled", ordersCancelled, told},
		{"refund-part", refundsCreate, told},
		{"refund-of-nothing-paid", refundsCreate, told},
		{"refund-in-another-currency", refundsCreate, told},
		{"data-request", customersDataRequest, told},
		{"customer-redact", customersRedact, told},
		{"shop-redact", shopRedact, told},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			res := b.send(t, tt.topic, sample(t, tt.name), nil)
			if res.StatusCode != http.StatusOK || b.outcomes(t, tt.outcome) != 1 {
				t.Fatalf("got %d, and %s", res.StatusCode, b.log)
			}
			got, err := json.MarshalIndent(map[string]any{"news": b.desk.news(), "requests": b.desk.requests()}, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", tt.name+".told")
			if *update {
				if err := os.WriteFile(file, append(got, '\n'), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}

// TestBodiesCarryTheIDs: else the bodies would test nothing after a change of the form of ids.
func TestBodiesCarryTheIDs(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.send(t, ordersCreate, sample(t, "create-till"), nil)
	got := b.desk.news()[0].Actions
	if len(got) != 2 || got[0] != firstID || got[1] != secondID {
		t.Errorf("got %v, want %v and %v", got, firstID, secondID)
	}
}

func TestTestOrdersOfADemoCount(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.Apps[0].TestOrders = true })
	b.send(t, ordersCreate, sample(t, "create-test"), nil)
	if got := b.desk.news(); len(got) != 1 || got[0].Order != "6120345001190" {
		t.Errorf("told %+v", got)
	}
}
