// SPDX-License-Identifier: Apache-2.0

package loyalty

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/cartage-dev/cartage/core/fault"
	"github.com/cartage-dev/cartage/core/shop"
)

// Hash seals a record and, through the record before it, the whole journal up to there.
type Hash [sha256.Size]byte

// String is the hash as people compare it.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Record is an entry as a shop's journal keeps it. Accounts of customers carry the
// ledger's own name of the customer, which says nothing about whom.
type Record struct {
	Sequence  int64 // from 1, without a gap
	At        time.Time
	Entry     Entry
	RequestID string // of what caused it
	Host      string // that wrote it
	Hash      Hash
}

// Seal is the record with its hash: SHA-256 over the hash before and everything in the record.
func (r Record) Seal(s shop.ID, before Hash) Record {
	h := sha256.New()
	h.Write(before[:])
	for _, part := range []string{string(s), strconv.FormatInt(r.Sequence, 10), strconv.FormatInt(r.At.UnixNano(), 10), r.Entry.Key, FormatTransfers(r.Entry.Transfers), r.RequestID, r.Host} {
		h.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	r.Hash = Hash(h.Sum(nil))
	return r
}

// FormatTransfers writes transfers as one line, such as "available/7>held/7=1000".
func FormatTransfers(all []Transfer) string {
	var b strings.Builder
	for i, t := range all {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.From.String() + ">" + t.To.String() + "=" + strconv.FormatInt(int64(t.Points), 10))
	}
	return b.String()
}

// String is the account's name, with its customer behind a slash.
func (a Account) String() string {
	if a.Customer == "" {
		return string(a.Name)
	}
	return string(a.Name) + "/" + string(a.Customer)
}

// ParseTransfers reads what FormatTransfers wrote; anything else is Internal (bad_journal).
func ParseTransfers(line string) ([]Transfer, error) {
	var all []Transfer
	for text := range strings.SplitSeq(line, " ") {
		from, rest, ok := strings.Cut(text, ">")
		to, points, more := strings.Cut(rest, "=")
		n, err := strconv.ParseInt(points, 10, 64)
		if !ok || !more || err != nil || strconv.FormatInt(n, 10) != points {
			return nil, badJournal("a transfer cannot be read")
		}
		t := Transfer{Points: Points(n)}
		if t.From, err = parseAccount(from); err != nil {
			return nil, err
		}
		if t.To, err = parseAccount(to); err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func parseAccount(text string) (Account, error) {
	name, customer, of := strings.Cut(text, "/")
	a := Account{Name: AccountName(name), Customer: CustomerID(customer)}
	switch a.Name {
	case AccountAvailable, AccountHeld, AccountElsewhere, AccountIssued, AccountRedeemed, AccountLapsed, AccountShortfall, AccountAdjust:
		if a.OfCustomer() == of && of == (customer != "") {
			return a, nil
		}
	}
	return Account{}, badJournal("there is no such account")
}

func badJournal(what string) error { return fault.New(fault.Internal, "bad_journal", "%s", what) }
