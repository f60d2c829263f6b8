// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"net/url"
	"strconv"
	"time"
)

const (
	// busyMax is how long SQLite waits for a lock that another program holds, such
	// as a backup. Our own writers wait for the connection instead, within their deadlines.
	busyMax = 250 * time.Millisecond
	// logMax is what the write-ahead log shrinks to after a burst, in bytes.
	logMax = 64 << 20
)

// writerDSN begins every transaction with the write lock (_txlock): one that took
// it only at its first write would have to fail where somebody wrote in between.
func writerDSN(path string) string {
	return dsn(path, url.Values{
		"_journal_mode": {"WAL"},
		"_synchronous":  {"FULL"},
		"_foreign_keys": {"1"},
		"_txlock":       {"immediate"},
		"_pragma":       {"journal_size_limit(" + strconv.Itoa(logMax) + ")", "trusted_schema(0)"},
	})
}

func readerDSN(path string) string {
	return dsn(path, url.Values{
		"_query_only": {"1"},
		"_pragma":     {"trusted_schema(0)"},
	})
}

// onlyReaderDSN opens the file itself for reading, so that not even closing the last connection
// folds the log into it.
func onlyReaderDSN(path string) string {
	return dsn(path, url.Values{
		"mode":        {"ro"},
		"_query_only": {"1"},
		"_pragma":     {"trusted_schema(0)"},
	})
}

// dsn is the only place that writes a data source name. The path is escaped as in
// any URL, so that ? # % and spaces in it stay what they are.
func dsn(path string, settings url.Values) string {
	if !settings.Has("mode") {
		settings.Set("mode", "rw") // makeFile makes the file; a connection never does
	}
	settings.Set("_busy_timeout", strconv.FormatInt(busyMax.Milliseconds(), 10))
	settings.Set("_defensive", "1")
	settings.Set("_dqs", "0")
	settings.Set("_error_rc", "1")
	return (&url.URL{Scheme: "file", Path: path, RawQuery: settings.Encode()}).String()
}
