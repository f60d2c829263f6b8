// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"time"
)

// lockPause is how long to wait before asking for the folder's lock again. It is
// held for a few file operations, and only a process that is stopped holds it longer.
const lockPause = 2 * time.Millisecond

// folder is a shelf that several processes may share: a file for each record,
// replaced whole. It outlives a killed process; it does not wait for the disk, so a
// power cut may cost the last records.
type folder struct {
	gate gate
	root *os.Root
	lock *os.File
}

var _ shelf = (*folder)(nil)

func newFolder(dir string, kinds ...string) (_ *folder, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, root.Close())
		}
	}()
	for _, kind := range kinds {
		if err := root.Mkdir(kind, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	lock, err := root.OpenFile("lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return &folder{gate: newGate(), root: root, lock: lock}, nil
}

func (f *folder) exclusive(ctx context.Context, do func() error) error {
	if err := f.gate.enter(ctx); err != nil {
		return err
	}
	defer f.gate.leave()
	for {
		ours, err := tryLock(f.lock)
		if err != nil {
			return fmt.Errorf("lock the data folder: %w", err)
		}
		if ours {
			break
		}
		select { // bounded by the context, which has a deadline wherever exclusive is called
		case <-time.After(lockPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.Join(do(), unlock(f.lock))
}

func (f *folder) read(kind, name string) ([]byte, error) {
	return f.root.ReadFile(path.Join(kind, name))
}

func (f *folder) write(kind, name string, record []byte) error {
	// A name of its own, since the next process may write the same record.
	draft := path.Join(kind, "."+rand.Text())
	if err := f.root.WriteFile(draft, record, 0o600); err != nil {
		return errors.Join(err, f.root.Remove(draft))
	}
	return f.root.Rename(draft, path.Join(kind, name))
}

func (f *folder) sweep(kind string, before time.Time, keep int) error {
	entries, err := fs.ReadDir(f.root.FS(), kind)
	if err != nil {
		return err
	}
	all := make([]aged, 0, len(entries))
	for _, e := range entries {
		if info, err := e.Info(); err == nil { // else it has just gone
			all = append(all, aged{e.Name(), info.ModTime()})
		}
	}
	for _, old := range stale(all, before, keep) {
		if err := f.root.Remove(path.Join(kind, old.name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// close lets the folder go; a lock goes with its file.
func (f *folder) close() error { return errors.Join(f.lock.Close(), f.root.Close()) }
