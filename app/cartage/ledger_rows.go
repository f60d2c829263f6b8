// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/cartage-dev/cartage/core/loyalty"
	"github.com/cartage-dev/cartage/core/shop"
)

// rows is a format that a journal is exported in.
type rows interface {
	head() error
	record(r loyalty.Record) error
	flush() error
}

// rowFormats are the formats by name.
var rowFormats = map[string]func(io.Writer, shop.ID) rows{
	"csv":   func(w io.Writer, _ shop.ID) rows { return csvRows{csv.NewWriter(w)} },
	"jsonl": func(w io.Writer, s shop.ID) rows { return jsonRows{json.NewEncoder(w), s} },
}

type csvRows struct{ w *csv.Writer }

func (c csvRows) head() error {
	return c.w.Write([]string{"sequence", "time", "key", "from", "to", "points", "request_id", "host", "hash"})
}

func (c csvRows) record(r loyalty.Record) error {
	for _, t := range r.Entry.Transfers {
		row := []string{
			strconv.FormatInt(r.Sequence, 10), r.At.Format(time.RFC3339Nano), harmless(r.Entry.Key), t.From.String(), t.To.String(),
			strconv.FormatInt(int64(t.Points), 10), harmless(r.RequestID), harmless(r.Host), r.Hash.String(),
		}
		if err := c.w.Write(row); err != nil {
			return err
		}
	}
	return nil
}

func (c csvRows) flush() error {
	c.w.Flush()
	return c.w.Error()
}

// harmless keeps a spreadsheet from taking a text for a formula (OWASP, "CSV Injection",
// read 2026-11-25). Strangers choose request ids; the rest is guarded for being text as well.
func harmless(text string) string {
	if text != "" {
		switch text[0] {
		case '=', '+', '-', '@', '\t', '\r', '\n':
			return "'" + text
		}
	}
	return text
}

type jsonRows struct {
	e    *json.Encoder
	shop shop.ID
}

// recordRow is a record as JSON has it.
type recordRow struct {
	Shop      shop.ID       `json:"shop"`
	Sequence  int64         `json:"sequence"`
	Time      time.Time     `json:"time"`
	Key       string        `json:"key"`
	Transfers []transferRow `json:"transfers"`
	RequestID string        `json:"request_id"`
	Host      string        `json:"host"`
	Hash      string        `json:"hash"`
}

type transferRow struct {
	From   string         `json:"from"`
	To     string         `json:"to"`
	Points loyalty.Points `json:"points"`
}

func (j jsonRows) head() error { return nil }

func (j jsonRows) record(r loyalty.Record) error {
	row := recordRow{Shop: j.shop, Sequence: r.Sequence, Time: r.At, Key: r.Entry.Key, RequestID: r.RequestID, Host: r.Host, Hash: r.Hash.String()}
	for _, t := range r.Entry.Transfers {
		row.Transfers = append(row.Transfers, transferRow{t.From.String(), t.To.String(), t.Points})
	}
	return j.e.Encode(row)
}

func (j jsonRows) flush() error { return nil }
