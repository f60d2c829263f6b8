// SPDX-License-Identifier: Apache-2.0

package powerloss

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
)

// sector is what a disk writes at once.
const sector = 512

// Disk has the files of one folder: what is durable of them, and what may be.
type Disk struct {
	durable map[string]*contents // the names that a start after power loss finds for certain
	names   map[string]*contents // as the program sees them
	moves   []move               // of names, since the folder was synced
	chance  *rand.Rand
}

// contents are those of a file, whatever its name.
type contents struct {
	durable []byte
	waiting []Op // since the file was synced
}

// move is a name that appeared (to is its file) or went (to is nil).
type move struct {
	name string
	to   *contents
}

// NewDisk has files that are durable. Chance decides about what a failed sync leaves.
func NewDisk(files map[string][]byte, chance *rand.Rand) *Disk {
	d := &Disk{durable: map[string]*contents{}, names: map[string]*contents{}, chance: chance}
	for name, text := range files {
		c := &contents{durable: bytes.Clone(text)}
		d.durable[name], d.names[name] = c, c
	}
	return d
}

// Follow does what the log says next.
func (d *Disk) Follow(o Op) {
	switch o.Kind {
	case Create:
		c := &contents{}
		d.names[o.File] = c
		d.moves = append(d.moves, move{o.File, c})
	case Remove:
		delete(d.names, o.File)
		d.moves = append(d.moves, move{name: o.File})
	case SyncDir:
		for _, m := range d.moves {
			m.in(d.durable)
		}
		d.moves = nil
	case Sync:
		c := d.names[o.File]
		for _, w := range c.waiting {
			// The system forgets that pages were never written once a sync of them has failed.
			if !o.Failed || d.chance.IntN(2) == 0 {
				c.durable = w.apply(c.durable)
			}
		}
		c.waiting = nil
	case Write, Truncate:
		c := d.names[o.File]
		c.waiting = append(c.waiting, o)
	}
}

func (m move) in(names map[string]*contents) {
	if m.to == nil {
		delete(names, m.name)
		return
	}
	names[m.name] = m.to
}

// apply is a file after a Write or Truncate.
func (o Op) apply(text []byte) []byte {
	end := o.At + int64(len(o.Data))
	switch {
	case o.Kind == Truncate && o.At < int64(len(text)):
		return text[:o.At:o.At]
	case end > int64(len(text)):
		text = append(text, make([]byte, end-int64(len(text)))...)
	}
	copy(text[o.At:], o.Data)
	return text
}

// Loss says what a loss of power leaves of what was not synced.
type Loss uint8

// The losses.
const (
	KeepsAll  Loss = iota
	KeepsNone      // which is what a careful reader of the standards expects
	KeepsSome      // each write or name by chance
	TearsOne       // all but one write, and some sectors of that
	TearsSome      // some, and of one write some sectors
)

func (l Loss) String() string {
	return [...]string{"all kept", "none kept", "some kept", "one torn", "some kept and one torn"}[l]
}

// Losses are those of which every point of a log is tried.
var Losses = []Loss{KeepsAll, KeepsNone, KeepsSome, KeepsSome, TearsOne, TearsSome}

// After is what a start finds when power is lost now.
func (d *Disk) After(l Loss, chance *rand.Rand) map[string][]byte {
	by := func() bool { return chance.IntN(2) == 0 }
	keeps := func() bool { return l == KeepsAll || l == TearsOne || l != KeepsNone && by() }
	names := maps.Clone(d.durable)
	for _, m := range d.moves {
		if keeps() {
			m.in(names)
		}
	}
	files := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(names)) { // in order, so that chance is the same each time
		c := names[name]
		text, torn := bytes.Clone(c.durable), -1
		if (l == TearsOne || l == TearsSome) && len(c.waiting) > 0 {
			torn = chance.IntN(len(c.waiting))
		}
		for i, w := range c.waiting {
			switch {
			case i == torn && w.Kind == Write:
				for _, part := range w.sectors() {
					if by() {
						text = part.apply(text)
					}
				}
			case keeps():
				text = w.apply(text)
			}
		}
		files[name] = text
	}
	return files
}

// sectors are the parts of a write that a disk writes one by one.
func (o Op) sectors() (parts []Op) {
	for data, at := o.Data, o.At; len(data) > 0; {
		n := min(len(data), int(sector-at%sector))
		parts = append(parts, Op{Kind: Write, File: o.File, At: at, Data: data[:n]})
		data, at = data[n:], at+int64(n)
	}
	return parts
}
