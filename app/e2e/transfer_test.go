// SPDX-License-Identifier: Apache-2.0

package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cartage-dev/cartage/app/apptest"
)

func TestMain(m *testing.M) { os.Exit(apptest.Main(m)) }

// described is the HTTP request description that Poq's app understands.
type described struct {
	URL     string `json:"url"`
	Method  string `json:"method"`
	Body    string `json:"body"`
	Headers []struct{ Name, Value string }
	Cookies []struct{ Name, Value, Domain string }
}

// refused is the error body of the Poq endpoint.
type refused struct {
	Error struct {
		Code, Message string
		RequestID     string `json:"request_id"`
		Details       []struct{ Field, SKU, Reason string }
	}
}

func bag(reference string, items ...string) string {
	var list []string
	for _, i := range items {
		var sku string
		var n int
		if _, err := fmt.Sscanf(i, "%d %s", &n, &sku); err != nil {
			panic(err)
		}
		list = append(list, fmt.Sprintf(`{"quantity":%d,"sku":%q}`, n, sku))
	}
	return fmt.Sprintf(`{"items":[%s],"currency":"GBP","reference":%q}`, strings.Join(list, ","), reference)
}

// post sends a bag to the demo shop's endpoint and returns status and body.
func post(t testing.TB, h *apptest.Host, body string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.API+"/poq/demo/cart-transfer", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+apptest.Secret)
	return do(t, req)
}

func do(t testing.TB, req *http.Request) (int, []byte) {
	t.Helper()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, body
}

func get(t testing.TB, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	status, body := do(t, req)
	return status, string(body)
}

// transfer is a post that must succeed.
func transfer(t testing.TB, h *apptest.Host, body string) described {
	t.Helper()
	status, answer := post(t, h, body)
	if status != http.StatusOK {
		t.Fatalf("transfer answered %d: %s", status, answer)
	}
	return decode[described](t, answer)
}

func decode[T any](t testing.TB, raw []byte) (v T) {
	t.Helper()
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&v); err != nil {
		t.Fatalf("decode %s: %v", raw, err)
	}
	return v
}

func TestCartBecomesACheckoutPage(t *testing.T) {
	t.Parallel()
	h := apptest.Start(t, apptest.Options{})
	got := transfer(t, h, bag("9f1c0a3d5b7e4c2f8a6d1e0b3c5f7a9d", "1 item_1_sku", "5 item_2_sku"))
	if got.Method != http.MethodGet || !strings.HasPrefix(got.URL, h.API+"/handoff/h_") {
		t.Fatalf("got %s %s, want a GET of a one-time link", got.Method, got.URL)
	}
	status, page := get(t, got.URL)
	if status != http.StatusOK {
		t.Fatalf("link led to %d: %s", status, page)
	}
	if diff := cmp.Diff(map[string]string{"item_1_sku": "1", "item_2_sku": "5"}, itemsOn(page)); diff != "" {
		t.Errorf("items on the page (-want +got):\n%s", diff)
	}
	if status, _ := get(t, got.URL); status != http.StatusGone {
		t.Errorf("the link opened twice: second time %d, want 410", status)
	}
}

func TestSameBagSameAnswer(t *testing.T) {
	t.Parallel()
	h := apptest.Start(t, apptest.Options{})
	const body = `{"items":[{"quantity":2,"sku":"item_1_sku"}],"currency":"USD","reference":"same"}`
	first := transfer(t, h, body)
	if second := transfer(t, h, body); second.URL != first.URL {
		t.Errorf("second answer %s, want %s", second.URL, first.URL)
	}
	get(t, first.URL)
	third := transfer(t, h, body)
	if third.URL == first.URL {
		t.Error("a used link was handed out again")
	}
	if status, page := get(t, third.URL); status != http.StatusOK || itemsOn(page)["item_1_sku"] != "2" {
		t.Errorf("new link led to %d with %v", status, itemsOn(page))
	}
}

func TestOtherBagReplacesTheContents(t *testing.T) {
	t.Parallel()
	h := apptest.Start(t, apptest.Options{})
	old := transfer(t, h, bag("r1", "1 item_1_sku"))
	renewed := transfer(t, h, bag("r1", "3 item_2_sku"))
	if status, _ := get(t, old.URL); status != http.StatusGone {
		t.Errorf("old link answered %d, want 410", status)
	}
	_, page := get(t, renewed.URL)
	if diff := cmp.Diff(map[string]string{"item_2_sku": "3"}, itemsOn(page)); diff != "" {
		t.Errorf("items on the page (-want +got):\n%s", diff)
	}
}

func TestOneOfManyAtOnce(t *testing.T) {
	t.Parallel()
	h := apptest.Start(t, apptest.Options{})
	const callers = 16
	urls := make([]string, callers)
	var all sync.WaitGroup
	for i := range callers {
		all.Go(func() { urls[i] = transfer(t, h, bag("storm", "1 item_1_sku")).URL })
	}
	all.Wait()
	for _, url := range urls {
		if url != urls[0] {
			t.Errorf("callers got %s and %s, want one answer", urls[0], url)
		}
	}
	if t.Failed() {
		return
	}
	if status, _ := get(t, urls[0]); status != http.StatusOK {
		t.Errorf("the link answered %d", status)
	}
}

func TestShortagePolicies(t *testing.T) {
	t.Parallel()
	t.Run("lenient explains on the cart page", func(t *testing.T) {
		t.Parallel()
		h := apptest.Start(t, apptest.Options{})
		got := transfer(t, h, bag("short", "1 item_1_sku", "1 sold_out_sku", "2 no_such_sku"))
		status, page := get(t, got.URL)
		if status != http.StatusOK {
			t.Fatalf("link led to %d", status)
		}
		if diff := cmp.Diff(map[string]string{"item_1_sku": "1"}, itemsOn(page)); diff != "" {
			t.Errorf("items on the page (-want +got):\n%s", diff)
		}
		for _, sku := range []string{"sold_out_sku", "no_such_sku"} {
			if !strings.Contains(page, sku) {
				t.Errorf("the page does not speak of %s", sku)
			}
		}
	})
	t.Run("strict refuses and names each line", func(t *testing.T) {
		t.Parallel()
		h := apptest.Start(t, apptest.Options{Environ: []string{"CARTAGE_SHOPS__DEMO__POQ__SHORTAGE=strict"}})
		status, body := post(t, h, bag("short", "1 item_1_sku", "1 sold_out_sku", "2 no_such_sku"))
		got := decode[refused](t, body)
		reasons := map[string]string{}
		for _, d := range got.Error.Details {
			reasons[d.SKU+" at "+d.Field] = d.Reason
		}
		want := map[string]string{"sold_out_sku at items[1].sku": "out_of_stock", "no_such_sku at items[2].sku": "unknown_sku"}
		if status != http.StatusUnprocessableEntity || got.Error.Code != "invalid_items" {
			t.Errorf("got %d %s, want 422 invalid_items", status, got.Error.Code)
		}
		if diff := cmp.Diff(want, reasons); diff != "" {
			t.Errorf("reasons (-want +got):\n%s", diff)
		}
	})
}
