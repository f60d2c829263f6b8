// SPDX-License-Identifier: Apache-2.0

package powerloss

import "fmt"

// Kind is what an operation does.
type Kind uint8

// The kinds.
const (
	Create   Kind = iota // a file's name appears in the folder
	Write                // Data at At
	Truncate             // to the length At, which may also be longer
	Sync                 // makes the contents of the file durable
	SyncDir              // makes names durable that appeared or went
	Remove               // a file's name goes from the folder
)

func (k Kind) String() string {
	return [...]string{"create", "write", "truncate", "sync", "sync folder", "remove"}[k]
}

// Op is an operation as SQLite had it done.
type Op struct {
	Kind   Kind
	File   string // its name in the folder
	At     int64
	Data   []byte
	Failed bool // of a Sync: nothing was made durable
}

func (o Op) String() string {
	return fmt.Sprintf("%s %s at %d, %d bytes", o.Kind, o.File, o.At, len(o.Data))
}
