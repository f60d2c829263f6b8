// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// settle makes the database's folder, for its owner only, and returns the path
// without symbolic links, so that two names of one file have one lock. A link to
// a file that is not there yet is refused: it would be resolved from the second
// start on only.
func settle(path string) (string, error) {
	if path == "" {
		return "", errors.New("no path given")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := makeDir(filepath.Dir(path)); err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, checkFileSystem(filepath.Dir(real))
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, filepath.Base(path))
	if info, err := os.Lstat(path); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		return "", errors.New("it is a symbolic link that leads to no file")
	}
	return path, checkFileSystem(dir)
}

// makeDir is os.MkdirAll with each new folder's name on disk before anything is
// acknowledged in it: SQLite syncs the folder of its files, but none above.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: errors.New("not a directory")}
		}
		return nil
	}
	parent := filepath.Dir(dir)
	if err := makeDir(parent); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(parent)
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // G304: the operator's own path
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
