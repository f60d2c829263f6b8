// SPDX-License-Identifier: Apache-2.0

package shopifypos

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/ports/inbound"
)

// deadlineAnswer is how an endpoint answers when its time is up.
func deadlineAnswer(at endpoint) (status int, body string) {
	if at == promotions {
		return http.StatusOK, `{"type":"simple_action_list","points_label":"Points unavailable","points_balance":"0","actions":[]}` + "\n"
	}
	return http.StatusInternalServerError, `{"code":"deadline"}` + "\n"
}

func bodyFor(at endpoint) string {
	if at == promotions {
		return sample
	}
	return sampleTap
}

// TestPortThatHangs: one that ignores its context is not waited for, and nothing of it is left
// behind once it comes back. The bubble would not end with a goroutine left in it.
func TestPortThatHangs(t *testing.T) {
	t.Parallel()
	for _, at := range endpoints {
		t.Run(at.name(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, demoApp())
				ctxEnded := make(chan time.Duration, 1)
				began := time.Now()
				b.port.answer = func(ctx context.Context, _ endpoint, _ inbound.Till) (inbound.Screen, error) {
					<-ctx.Done()
					ctxEnded <- time.Since(began)
					time.Sleep(time.Minute)
					return inbound.Screen{Label: "late", Known: true, Offers: []inbound.Offer{fiveOff()}}, nil
				}
				got := b.direct(t, at, bodyFor(at), nil)
				if took, ended := time.Since(began), <-ctxEnded; took != hardStop || ended != portStop {
					t.Errorf("answered after %v, and the port's context ended after %v", took, ended)
				}
				if status, body := deadlineAnswer(at); got.status != status || got.body != body {
					t.Errorf("got %d %s", got.status, got.body)
				}
				if n := b.outcome(t, at, deadline); n != 1 {
					t.Errorf("counted %v times", n)
				}
				short, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if err := b.handler.Drain(short); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("a call is under way, and Drain says %v", err)
				}
				time.Sleep(time.Minute)
				if len(b.handler.apps[0].slots) != callsMax-1 || len(b.port.heardOf()) > 0 { // Drain holds the others
					t.Errorf("%d slots are taken, and the port was told of %v", len(b.handler.apps[0].slots), b.port.heardOf())
				}
			})
		})
	}
}

// TestPortThatMindsItsContext has its fault answered as the deadline that it is.
func TestPortThatMindsItsContext(t *testing.T) {
	t.Parallel()
	for _, at := range endpoints {
		synctest.Test(t, func(t *testing.T) {
			b, began := newBench(t, demoApp()), time.Now()
			b.port.answer = func(ctx context.Context, _ endpoint, _ inbound.Till) (inbound.Screen, error) {
				<-ctx.Done()
				return inbound.Screen{}, fault.New(fault.Unknown, "", "no answer came") // and does not say why
			}
			got := b.direct(t, at, bodyFor(at), nil)
			if status, body := deadlineAnswer(at); time.Since(began) != portStop || got.status != status || got.body != body {
				t.Errorf("%s: after %v got %d %s", at.name(), time.Since(began), got.status, got.body)
			}
		})
	}
}

// TestHungCallsAreBounded: tills beyond the bound are answered at once, and other apps as ever.
func TestHungCallsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, demoApp())
		release := make(chan struct{})
		b.port.answer = func(_ context.Context, _ endpoint, till inbound.Till) (inbound.Screen, error) {
			if till.Shop == "demo" {
				<-release
			}
			return inbound.Screen{Known: true}, nil
		}
		var all sync.WaitGroup
		for range callsMax {
			all.Go(func() { b.direct(t, promotions, sample, nil) })
		}
		all.Wait()
		began := time.Now()
		if got := b.direct(t, promotions, sample, nil); got.status != 200 || !strings.Contains(got.body, labelUnknown) {
			t.Errorf("promotions: got %d %s", got.status, got.body)
		}
		if got := b.direct(t, performAction, sampleTap, nil); got.status != 500 || got.body != `{"code":"overloaded"}`+"\n" {
			t.Errorf("perform_action: got %d %s", got.status, got.body)
		}
		other := replaced(replaced(sample, `"shop_id":1`, `"shop_id":9`), "demo-shop", "other-shop")
		if got := b.direct(t, promotions, other, both(func(r *http.Request) { r.URL.Path = "/pos/other/promotions" }, signed(sign(otherSecret, other)))); got.status != 200 || strings.Contains(got.body, labelUnknown) {
			t.Errorf("at another app: got %d %s", got.status, got.body)
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("they had to wait %v", took)
		}
		close(release)
		if err := b.handler.Drain(t.Context()); err != nil {
			t.Error(err)
		}
		if got := b.direct(t, performAction, sampleTap, nil); got.status != 500 || b.port.asked() != callsMax+1 {
			t.Errorf("after Drain: got %d, and the port was asked %d times", got.status, b.port.asked())
		}
	})
}

// TestTimeSpentBefore: what reading took is not there for the port any more.
func TestTimeSpentBefore(t *testing.T) {
	t.Parallel()
	for spent, want := range map[time.Duration]string{0: done, 2300 * time.Millisecond: done, portStop: deadline, 3 * time.Second: deadline} {
		b := newBench(t, demoApp())
		at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
		var asked int
		b.handler.now = func() time.Time {
			if asked++; asked == 1 {
				return at
			}
			return at.Add(spent)
		}
		b.port.answer = func(ctx context.Context, _ endpoint, _ inbound.Till) (inbound.Screen, error) {
			if end, ok := ctx.Deadline(); !ok || time.Until(end) > portStop-spent {
				t.Errorf("after %v the port has %v", spent, time.Until(end))
			}
			return inbound.Screen{Known: true}, nil
		}
		b.direct(t, promotions, sample, nil)
		if n := b.outcome(t, promotions, want); n != 1 {
			t.Errorf("after %v: %s was counted %v times", spent, want, n)
		}
	}
}
