// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cartage-dev/cartage/adapters/store/sqlite"
	"github.com/cartage-dev/cartage/app/apptest"
	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/ports/store"
)

// host is the real program, which is killed and started again on the same database.
type host struct {
	t          *testing.T
	api, admin string
	dir        string
	env        []string
	program    string

	mu      sync.Mutex
	process *exec.Cmd
	out     *bytes.Buffer
	reaped  chan struct{} // closed when the process at work is gone
	at      time.Time     // when that was
}

// readyMax bounds a start.
const readyMax = 20 * time.Second

func newHost(t *testing.T) *host {
	t.Helper()
	dir := t.TempDir()
	where := &apptest.Host{}
	env := append(where.Environ(t, dir), "HOME="+dir, "PATH="+os.Getenv("PATH"))
	return &host{t: t, api: where.API, admin: where.Admin, dir: dir, env: env, program: apptest.Build(t).Host()}
}

func (h *host) database() string { return filepath.Join(h.dir, "cartage.db") }

// start starts the program and waits until it answers tills; it returns how long that took.
func (h *host) start() time.Duration {
	h.t.Helper()
	began := time.Now()
	cmd := exec.Command(h.program, "dev")
	out := &bytes.Buffer{}
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = h.dir, h.env, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	reaped := make(chan struct{})
	h.mu.Lock()
	h.process, h.out, h.reaped = cmd, out, reaped
	h.mu.Unlock()
	go func() {
		_ = cmd.Wait()
		h.mu.Lock()
		h.at = time.Now()
		h.mu.Unlock()
		close(reaped)
	}()
	for deadline := began.Add(readyMax); ; time.Sleep(5 * time.Millisecond) {
		if got := (till{host: h, customer: "warm-up"}).ask(context.Background(), "promotions", ""); got.status == http.StatusOK {
			return time.Since(began)
		}
		select {
		case <-reaped:
			h.t.Fatalf("the host ended while it started:\n%s", out)
		default:
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("the host does not answer:\n%s", out)
		}
	}
}

// kill ends the process as a power cut would, and waits until it is gone.
func (h *host) kill() {
	h.mu.Lock()
	cmd, reaped := h.process, h.reaped
	h.mu.Unlock()
	_ = syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)
	<-reaped
}

// gone waits until the process at work when a call began is no more, or a call cannot be at work any longer.
func (h *host) gone(reaped chan struct{}) time.Time {
	select {
	case <-reaped:
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.at
	case <-time.After(answerMax):
		return time.Now()
	}
}

func (h *host) incarnation() chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reaped
}

// waiting says how much news or how many movements the host has yet to work out; -1 is not known.
func (h *host) waiting(what string) int {
	h.t.Helper()
	res, err := client.Get(h.admin + "/metrics")
	if err != nil {
		return -1
	}
	defer func() { _ = res.Body.Close() }()
	for lines := bufio.NewScanner(io.LimitReader(res.Body, 1<<20)); lines.Scan(); {
		if value, is := strings.CutPrefix(lines.Text(), "cartage_"+what+"_waiting "); is {
			if n, err := strconv.Atoi(value); err == nil {
				return n
			}
		}
	}
	return -1
}

// open opens the database while no host runs.
func (h *host) open() (store.Store, func()) {
	h.t.Helper()
	db, err := sqlite.Open(context.Background(), sqlite.Options{Path: h.database()})
	if err != nil {
		h.t.Fatal(err)
	}
	return db.Store(), func() {
		if err := db.Close(); err != nil {
			h.t.Error(err)
		}
	}
}

// endow gives customers their points before the host starts.
func (h *host) endow(points loyalty.Points, customers ...loyalty.CustomerID) {
	h.t.Helper()
	s, done := h.open()
	defer done()
	err := s.Ledger.Do(context.Background(), store.Stamp{Shop: "demo", RequestID: "endow"}, func(b store.Book) error {
		for _, c := range customers {
			e := loyalty.Entry{Key: fmt.Sprint("admn:endow-", c), Transfers: []loyalty.Transfer{
				{From: loyalty.Account{Name: loyalty.AccountAdjust}, To: loyalty.Account{Name: loyalty.AccountAvailable, Customer: c}, Points: points},
			}}
			if err := b.Write(store.Change{Entry: &e}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// audit reckons the books again while no host runs, and says how many records there are.
func (h *host) audit() (records int64) {
	h.t.Helper()
	a := &auditor{loyalty.NewAudit("demo")}
	return h.walk(a, a.Audit)
}

// walk audits through a visitor that the audit is a part of.
func (h *host) walk(v store.Visitor, a *loyalty.Audit) (records int64) {
	h.t.Helper()
	s, done := h.open()
	defer done()
	if err := s.Ledger.Walk(context.Background(), "demo", v); err != nil {
		h.t.Errorf("walk: %v", err)
	}
	for _, d := range a.Close() {
		h.t.Errorf("record %d: %s", d.Sequence, d.What)
	}
	records, _ = a.Records()
	return records
}

// auditor is an audit as a visitor.
type auditor struct{ *loyalty.Audit }

func (a *auditor) Record(r loyalty.Record) error { a.Audit.Record(r); return nil }

func (a *auditor) Head(sequence int64, hash loyalty.Hash) error {
	a.Audit.Head(sequence, hash)
	return nil
}

func (a *auditor) Customer(c loyalty.CustomerID, b loyalty.Balance) error {
	a.Audit.Customer(c, b)
	return nil
}

func (a *auditor) Account(name loyalty.AccountName, sum loyalty.Points) error {
	a.Audit.Account(name, sum)
	return nil
}

func (a *auditor) Action(x loyalty.Action) error { a.Audit.Action(x); return nil }
func (a *auditor) Sale(s loyalty.Sale) error     { a.Audit.Sale(s); return nil }
