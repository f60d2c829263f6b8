// SPDX-License-Identifier: Apache-2.0

package reliability

import (
	"cmp"
	"slices"
	"strings"

	"github.com/cartage-dev/cartage/core/loyalty"
)

// books are what a ledger has come to, whatever the way. Customers have the journal's numbers: those of two
// hosts agree where the same customers were endowed in the same order.
type books struct {
	Balances map[loyalty.CustomerID]loyalty.Balance
	Accounts map[loyalty.AccountName]loyalty.Points
	Sales    map[loyalty.OrderID]loyalty.Sale
}

// bookReader is an audit that remembers, and counts captures in the journal.
type bookReader struct {
	auditor
	books
	captures map[loyalty.OrderID]int
	late     int
	records  int64
}

// books audits the ledger as well.
func (h *host) books() *bookReader {
	h.t.Helper()
	r := &bookReader{
		auditor:  auditor{loyalty.NewAudit("demo")},
		books:    books{map[loyalty.CustomerID]loyalty.Balance{}, map[loyalty.AccountName]loyalty.Points{}, map[loyalty.OrderID]loyalty.Sale{}},
		captures: map[loyalty.OrderID]int{},
	}
	r.records = h.walk(r, r.Audit)
	return r
}

func (r *bookReader) Record(of loyalty.Record) error {
	what, rest, _ := strings.Cut(of.Entry.Key, ":")
	if what == "capt" || what == "late" {
		r.captures[loyalty.OrderID(rest[strings.LastIndexByte(rest, ':')+1:])]++
	}
	if what == "late" {
		r.late++
	}
	return r.auditor.Record(of)
}

func (r *bookReader) Customer(c loyalty.CustomerID, b loyalty.Balance) error {
	r.Balances[c] = b
	return r.auditor.Customer(c, b)
}

func (r *bookReader) Account(name loyalty.AccountName, sum loyalty.Points) error {
	r.Accounts[name] = sum
	return r.auditor.Account(name, sum)
}

func (r *bookReader) Sale(s loyalty.Sale) error {
	told := s
	told.Refunds = slices.SortedFunc(slices.Values(s.Refunds), func(a, b loyalty.Refund) int { return cmp.Compare(a.ID, b.ID) })
	r.Sales[s.Order] = told
	return r.auditor.Sale(s)
}
