// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestOpenTwice(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	first := openAt(t, path)
	put(t, first, "a")
	alias := filepath.Join(t.TempDir(), "alias.db")
	if err := os.Symlink(path, alias); err != nil {
		t.Fatal(err)
	}
	aliasDir := filepath.Join(t.TempDir(), "alias")
	if err := os.Symlink(filepath.Dir(path), aliasDir); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, path string }{
		{"the same name", path},
		{"a name with dots", filepath.Dir(path) + "/./x/../" + filepath.Base(path)},
		{"a symbolic link", alias},
		{"a symbolic link to its folder", filepath.Join(aliasDir, filepath.Base(path))},
	} {
		t.Run(tt.name, func(t *testing.T) { // one after another, while first is open
			second, err := Open(t.Context(), Options{Path: tt.path})
			if second != nil {
				shut(t, second)
			}
			wantText(t, err, path, "another host has it open", fmt.Sprintf("pid %d", os.Getpid()))
		})
	}
	put(t, first, "b") // the refusals took nothing from it
	shut(t, first)
	again := openAt(t, alias)
	wantLive(t, again, "a", "b")
}

// wantText wants an error that says all of this.
func wantText(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("error = nil, want one with %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error = %v, want %q in it", err, part)
		}
	}
}

func TestHolder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"signed", "pid 12 on host\n", "pid 12 on host"},
		{"not signed yet", "", "it has not said who it is"},
		{"signed with nothing", "\n", "it has not said who it is"},
		{"too much", strings.Repeat("x", 2*holderMax), strings.Repeat("x", holderMax)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, err := os.Create(filepath.Join(t.TempDir(), "lock"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteString(tt.text); err != nil {
				t.Fatal(err)
			}
			if got := holder(f); got != tt.want {
				t.Errorf("holder = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSignForgetsTheLast(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	if err := os.WriteFile(path+".lock", bytes.Repeat([]byte("long ago "), 20), 0o600); err != nil {
		t.Fatal(err)
	}
	openAt(t, path)
	got, err := os.ReadFile(path + ".lock")
	if name, _ := os.Hostname(); err != nil || string(got) != fmt.Sprintf("pid %d on %s\n", os.Getpid(), name) {
		t.Errorf("lock file = %q, %v", got, err)
	}
}

func TestReopen(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	var log bytes.Buffer
	for i := range 3 {
		log.Reset()
		db, err := Open(t.Context(), Options{Path: path, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		for name := range i {
			wantLive(t, db, fmt.Sprint(name))
		}
		put(t, db, fmt.Sprint(i))
		if got := strings.Contains(log.String(), "database migrated"); got != (i == 0) {
			t.Errorf("open %d migrated: %t\n%s", i, got, &log)
		}
		shut(t, db)
	}
}

// TestLogFolded wants what a backup of the one file needs: after Close all is in it.
func TestLogFolded(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	db := openAt(t, path)
	put(t, db, "a")
	shut(t, db)
	if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"cartage.db", "cartage.db.lock"}) {
		t.Errorf("after Close there is %q", got)
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(backup, text, 0o600); err != nil {
		t.Fatal(err)
	}
	wantLive(t, openAt(t, backup), "a")
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestModes(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "by", "open")
	path := filepath.Join(dir, "cartage.db")
	put(t, openAt(t, path), "a")
	for _, tt := range []struct {
		name string
		want os.FileMode
	}{
		{path, 0o600}, {path + "-wal", 0o600}, {path + "-shm", 0o600}, {path + ".lock", 0o600},
		{dir, 0o700 | os.ModeDir}, {filepath.Dir(dir), 0o700 | os.ModeDir},
	} {
		if info, err := os.Stat(tt.name); err != nil || info.Mode() != tt.want {
			t.Errorf("%s: %v, %v; want %s", tt.name, info.Mode(), err, tt.want)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"with space", "quest?ion", "ha#sh", "per%cent", "per%20cent", "%00", "a&b=c", "semi;colon", "plus+plus",
		"é-😀", "quote'\"`", "back\\slash", "new\nline", "file:x", "?mode=memory", "x?_query_only=1", ":memory:",
		" before and behind ", "-dash", "not utf-8 \xff", "[brackets]", "star*", strings.Repeat("long", 40),
	} {
		t.Run(fmt.Sprintf("%q", name), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), name)
			path := filepath.Join(dir, name)
			db := openAt(t, path)
			put(t, db, "a")
			want := []string{name, name + "-shm", name + "-wal", name + ".lock"}
			slices.Sort(want)
			if got := names(t, dir); !slices.Equal(got, want) {
				t.Errorf("files: %q, want %q", got, want)
			}
			shut(t, db)
			wantLive(t, openAt(t, path), "a")
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	write := func(text string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	filled := func(t *testing.T, path string) {
		db := openAt(t, path)
		for i := range 50 {
			put(t, db, fmt.Sprint(i))
		}
		shut(t, db)
	}
	exec := func(t *testing.T, path string, statements ...string) {
		db := raw(t, path)
		for _, s := range statements {
			if _, err := db.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		want    string
	}{
		{"a text", write("hello\n"), "not a SQLite database"},
		{"a long text", write(strings.Repeat("hello\n", 10_000)), "not a SQLite database"},
		{"zeros", write(strings.Repeat("\x00", 8_192)), "not a SQLite database"},
		{"another program's database", func(t *testing.T, path string) { exec(t, path, `CREATE TABLE theirs (x)`) }, "of another program"},
		{"another program's mark", func(t *testing.T, path string) { exec(t, path, `PRAGMA application_id = 7`, `VACUUM`) }, "of another program"},
		{"a newer schema", func(t *testing.T, path string) {
			filled(t, path)
			exec(t, path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
		}, "its schema has version 99 and this program knows 4"},
		{"damaged pages", func(t *testing.T, path string) {
			filled(t, path)
			overwrite(t, path, 4_096, bytes.Repeat([]byte{0xa5}, 12_288))
		}, "the file is damaged"},
		{"a damaged head", func(t *testing.T, path string) {
			filled(t, path)
			overwrite(t, path, 0, bytes.Repeat([]byte{0xa5}, 64))
		}, "not a SQLite database"},
		{"cut short", func(t *testing.T, path string) {
			filled(t, path)
			if err := os.Truncate(path, 8_192); err != nil {
				t.Fatal(err)
			}
		}, "the file is damaged"},
		{"a folder", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "is a directory"},
		{"a symbolic link to nothing", func(t *testing.T, path string) {
			if err := os.Symlink(path+".elsewhere", path); err != nil {
				t.Fatal(err)
			}
		}, "leads to no file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := fresh(t)
			tt.prepare(t, path)
			before, _ := os.ReadFile(path)
			for range 2 { // the second time too, so the first let go of the lock
				db, err := Open(t.Context(), Options{Path: path})
				if db != nil {
					shut(t, db)
				}
				wantText(t, err, path, tt.want)
			}
			if after, _ := os.ReadFile(path); tt.name != "a newer schema" && !bytes.Equal(after, before) {
				t.Error("the file was changed")
			}
		})
	}
}

func overwrite(t *testing.T, path string, at int64, text []byte) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(text, at); err != nil {
		t.Fatal(err)
	}
}

func TestOpenNoPath(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), Options{})
	wantText(t, err, "no path given")
	file := fresh(t)
	overwriteNew(t, file)
	_, err = Open(t.Context(), Options{Path: filepath.Join(file, "below", "cartage.db")})
	wantText(t, err, file, "not a directory")
}

func overwriteNew(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOpenEmptyFile(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	overwriteNew(t, path)
	put(t, openAt(t, path), "a")
}

func TestOpenCancelled(t *testing.T) {
	t.Parallel()
	path := fresh(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, Options{Path: path}); !errors.Is(err, context.Canceled) {
		t.Errorf("Open = %v, want that it was cancelled", err)
	} else {
		wantText(t, err, path)
	}
	put(t, openAt(t, path), "a") // nothing is left half done, and the lock is free
}
