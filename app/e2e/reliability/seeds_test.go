// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/app/apptest"
)

var seeds = flag.Bool("seeds", false, "plant bugs, and see that the proofs find each (TestSeededBugs); some minutes")

// edit is a change of one file of ours.
type edit struct{ file, old, new string }

// seed is a bug, and the proof that must find it.
type seed struct {
	name  string
	edits []edit
	proof []string // what go test is given: a package and its flags
}

var (
	crashLoop = []string{"./app/e2e/reliability", "-run", "^TestCrashLoop$", "-kills", "12"}
	everyCell = []string{"./core/loyalty", "-run", "^TestEveryCell$"}
	webhook   = []string{"./app/e2e/reliability", "-run", "^TestWebhookStorm$"}
	keeper    = []string{"./app/usecase", "-run", "^TestKeeperAndBookAgree$", "-count", "20", "-failfast"} // two of its bugs show in one run of three
	settling  = []string{"./app/e2e", "-run", "^(TestNewsInAnyOrder|TestOrderPaysOnce|TestHoldsRunOut)$"}
)

const (
	actionFile  = "core/loyalty/action.go"
	captureFile = "core/loyalty/capture.go"
	batchFile   = "adapters/store/sqlite/batch.go"
	posFile     = "app/usecase/pos.go"
	expireFile  = "app/usecase/expire.go"
	booksFile   = "app/usecase/books.go"
	keepersFile = "app/usecase/keepers.go"
	readFile    = "adapters/store/sqlite/ledger_read.go"
)

// seeded are the bugs. The sources stay as they are: the go command is told to read others in their place.
var seeded = []seed{
	{"an answer before the commit", []edit{{batchFile, `	if err := t.say(ctx, "COMMIT"); err != nil {`,
		`	for i, j := range batch {
		select {
		case j.done <- verdicts[i]:
		default:
		}
	}
	if err := t.say(ctx, "COMMIT"); err != nil {`}}, crashLoop},
	{"a second tap holds again", []edit{
		{actionFile, "	case a.State == Held:\n		if a.Unconfirmed", "	case a.State == Held && a.Points < 0:\n		if a.Unconfirmed"},
		{actionFile, "	case a.State != None && !a.rearmed(r, now):", "	case a.State != None && a.State != Held && !a.rearmed(r, now):"},
	}, crashLoop},
	{"nobody looks at the balance", []edit{{actionFile, "	case b.Available < a.Points:", "	case b.Available < 0:"}}, crashLoop},
	{"a second revert frees again", []edit{{actionFile, "	case Released, Expired, Voided:\n		return a.stays(), nil", "	case Released:\n		return a.release(Released), nil\n	case Expired, Voided:\n		return a.stays(), nil"}}, crashLoop},
	{"a revert that comes first is forgotten", []edit{{actionFile, "		a.State, a.ExpiresAt = Voided, now.Add(rearmPause)\n", ""}}, crashLoop},
	{"an id is good for everybody", []edit{{"core/loyalty/actionid.go", "string(t.Customer), ", ""}}, crashLoop},
	{"a hold books nothing", []edit{{posFile, "store.Change{Action: &o.Action, Entry: o.Entry}", "store.Change{Action: &o.Action}"}}, crashLoop},
	{"a balance of a while ago", []edit{
		{readFile, "		return loyalty.Balance{}, readFault(doing, err)\n	}\n", "		return loyalty.Balance{}, readFault(doing, err)\n	}\n	if before, is := stale.Swap(c, b); is {\n		return before.(loyalty.Balance), nil\n	}\n"},
		{readFile, "// Balance implements store.Ledger.\n", "var stale sync.Map\n\n// Balance implements store.Ledger.\n"},
		{readFile, "	\"strconv\"\n", "	\"strconv\"\n	\"sync\"\n"},
	}, crashLoop},
	{"news is done when it is taken up", []edit{{"adapters/store/sqlite/inbox.go", "`UPDATE inbox SET due_at = ? WHERE shop = ? AND key = ?`", "`UPDATE inbox SET done_at = ? WHERE shop = ? AND key = ?`"}, {"app/usecase/settle.go", "	for _, m := range batch {\n", "	time.Sleep(100 * time.Millisecond)\n	for _, m := range batch {\n"}}, crashLoop},
	{"an order captures again", []edit{{captureFile, "	if a.capture(order) != nil {\n		return a.stays()\n	}\n	o := Outcome", "	o := Outcome"}}, everyCell},
	{"a refund gives back again", []edit{{captureFile, "c == nil || due <= c.Returned", "c == nil"}, {captureFile, "back := due - c.Returned - repaid", "back := due - repaid"}}, everyCell},
	{"a late order takes more than there is", []edit{{captureFile, "		c.Available = min(a.Points, b.Available)\n", "		c.Available = a.Points\n"}}, everyCell},
	{"refunds count each time they are told", []edit{{"core/loyalty/sale.go", "	if !slices.ContainsFunc(s.Refunds, func(known Refund) bool { return known.ID == r.ID }) {\n", "	if len(s.Refunds) < 1_000_000 {\n"}}, []string{"./core/loyalty", "-run", "^TestSale$"}},
	{"an order that is found does not keep its hold", []edit{{expireFile, "loyalty.NobodyKnows, true, ", "loyalty.NoOrder, true, "}}, settling},
	{"a cancellation is not heard", []edit{{"app/usecase/settling.go", "		if sale = sale.Cancel(); n.Currency", "		if n.Currency"}}, settling},
	{"a refund that overtakes its order is forgotten", []edit{{"app/usecase/settling.go", "	if sale.Cancelled || len(sale.Refunds) > 0 {\n", "	if sale.Cancelled {\n"}}, webhook},
	{"a tap that comes after its order holds", []edit{{actionFile, "	case a.State != None && !a.rearmed(r, now):", "	case a.State != None && a.State != CapturedLate && !a.rearmed(r, now):"}}, webhook},
	{"the wall clock is believed", []edit{{"app/usecase/clock.go", "	if c.off = off.Abs() > clockDrift; !c.off && off > 0 {", "	if off > 0 {"}}, []string{"./app/usecase", "-run", "^TestClock$"}},
	{"what a keeper refused is forgotten", []edit{{booksFile, "say yes\n			t.denied[at], t.left[m.Key] = true, m\n", "say yes\n			t.denied[at] = true\n			_ = s.movements.Withdraw(ctx, m)\n"}}, keeper},
	{"what moved nothing is taken for booked", []edit{{booksFile, "	return found && points == m.Points, err\n", "	_ = points\n	return found, err\n"}}, keeper},
	{"points are booked and not asked for", []edit{{keepersFile, "	call.Key = movementKey(m)\n", "	if call.Key = movementKey(m); m.Points < 0 {\n		return nil\n	}\n"}}, keeper},
	{"no answer of a keeper is taken for a no", []edit{{keepersFile, "	return k == fault.Unknown || k == fault.Internal\n", "	return k == fault.Internal\n"}}, keeper},
	{"points are given back that never came", []edit{{keepersFile, "		return false, nil\n", "		return true, nil\n"}}, keeper},
	{"a commit that failed is answered as done", []edit{{batchFile, `		return fail(func(doing string, err error) error { return commitFault(doing, err) }, err)`, `		return verdicts`}}, []string{"./adapters/store/sqlite", "-run", "^(TestFileFull|TestDiskFull|TestFailedCommit|TestWriteFaults|TestFaults)"}},
}

// seedMax bounds one proof, building included.
const seedMax = 4 * time.Minute

// TestSeededBugs proves the proofs: each must find the bug that it is for. One that finds
// nothing wrong where something is proves nothing where nothing is.
func TestSeededBugs(t *testing.T) {
	if !*seeds {
		t.Skip("needs -seeds: it builds and runs the host once for each bug")
	}
	found := 0
	for _, s := range seeded {
		t.Run(s.name, func(t *testing.T) {
			began := time.Now()
			out, err := plant(t, s)
			if failed, is := errors.AsType[*exec.ExitError](err); !is || failed.ExitCode() != 1 || !strings.Contains(out, "--- FAIL") {
				t.Fatalf("not found (%v)\n%s", err, tail(out))
			}
			found++
			t.Logf("found by %s in %s", strings.Join(s.proof, " "), time.Since(began).Round(time.Second))
		})
	}
	t.Logf("%d of %d seeded bugs found", found, len(seeded))
}

// TestSeedsFit has each bug still be one of the sources, which change more often than the bugs are planted.
func TestSeedsFit(t *testing.T) {
	t.Parallel()
	for _, s := range seeded {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.files(t, root(t))
		})
	}
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(apptest.Root())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// files are the texts of those below root that the bug changes.
func (s seed) files(t *testing.T, root string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, e := range s.edits {
		path := filepath.Join(root, e.file)
		if _, read := texts[path]; !read {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			texts[path] = string(text)
		}
		if n := strings.Count(texts[path], e.old); n != 1 {
			t.Fatalf("%s has this %d times, want it once:\n%s", e.file, n, e.old)
		}
		texts[path] = strings.Replace(texts[path], e.old, e.new, 1)
	}
	return texts
}

// plant runs the proof of a seed with the bug in place.
func plant(t *testing.T, s seed) (string, error) {
	t.Helper()
	root, dir, replaced := root(t), t.TempDir(), map[string]string{}
	for path, text := range s.files(t, root) {
		replaced[path] = filepath.Join(dir, fmt.Sprint(len(replaced), ".go"))
		if err := os.WriteFile(replaced[path], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), seedMax)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1", "-v"}, s.proof...)...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "GOFLAGS=-overlay="+list)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// tail is the end of a long text.
func tail(text string) string {
	const most = 2000
	return text[max(len(text)-most, 0):]
}
