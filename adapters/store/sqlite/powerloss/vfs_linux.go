// SPDX-License-Identifier: Apache-2.0

package powerloss

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"unsafe"

	"modernc.org/libc"
	sqlite3 "modernc.org/sqlite/lib"
)

// Recorder is a VFS that writes down what goes through it. It serves the files of one database.
type Recorder struct {
	Name string // for the vfs parameter of a data source name

	tls   *libc.TLS
	under *sqlite3.Tsqlite3_vfs
	vfs   uintptr // ours

	mu     sync.Mutex
	log    []Op
	fail   func(Op) Fault
	open   map[uintptr]*file   // by the address that SQLite gives it
	tables map[uintptr]uintptr // of files' functions: SQLite's, and the same with ours in it
	kept   []any               // functions of which SQLite has the address
}

// file is one that SQLite has open.
type file struct {
	name  string
	under *sqlite3.Tsqlite3_io_methods
}

// Fault is how an operation fails; the zero Fault is not at all.
type Fault struct {
	Code  int32 // of SQLite, as its own VFS would give it
	Bytes int   // of a Write: as many are written all the same
}

// The signatures of what is intercepted.
type (
	opener  = func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	remover = func(tls *libc.TLS, vfs, name uintptr, syncDir int32) int32
	closer  = func(tls *libc.TLS, file uintptr) int32
	writer  = func(tls *libc.TLS, file, data uintptr, n int32, at int64) int32
	cutter  = func(tls *libc.TLS, file uintptr, length int64) int32
	syncer  = func(tls *libc.TLS, file uintptr, flags int32) int32
)

// object is what stands at an address that SQLite uses.
func object[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) } //nolint:gosec // G103: SQLite's memory

// function is the function that SQLite knows by an address.
func function[F any](address uintptr) F { return *(*F)(unsafe.Pointer(&address)) } //nolint:gosec // G103: as SQLite itself calls it

// addressOf is the address by which SQLite knows a function; the Recorder keeps that alive.
func addressOf[F any](r *Recorder, f F) uintptr {
	r.kept = append(r.kept, f)
	return *(*uintptr)(unsafe.Pointer(&f)) //nolint:gosec // G103: as SQLite itself keeps it
}

// Register makes a Recorder known to SQLite. Its Close must be called once no database uses it.
func Register(name string) (*Recorder, error) {
	r := &Recorder{Name: name, tls: libc.NewTLS(), open: map[uintptr]*file{}, tables: map[uintptr]uintptr{}}
	r.under = object[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(r.tls, 0))
	text, err := libc.CString(name)
	if err != nil {
		return nil, err
	}
	vfs := *r.under
	vfs.FpNext, vfs.FzName = 0, text
	vfs.FxOpen, vfs.FxDelete = addressOf[opener](r, r.xOpen), addressOf[remover](r, r.xDelete)
	r.vfs = outside(r.tls, vfs)
	if code := sqlite3.Xsqlite3_vfs_register(r.tls, r.vfs, 0); code != sqlite3.SQLITE_OK {
		return nil, fmt.Errorf("register %s: code %d", name, code)
	}
	return r, nil
}

// outside copies a value to memory that is not Go's, since SQLite reckons with addresses in it.
func outside[T any](tls *libc.TLS, value T) uintptr {
	at := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(value)))
	*object[T](at) = value
	return at
}

// Close takes the Recorder back from SQLite.
func (r *Recorder) Close() {
	sqlite3.Xsqlite3_vfs_unregister(r.tls, r.vfs)
	libc.Xfree(r.tls, object[sqlite3.Tsqlite3_vfs](r.vfs).FzName)
	libc.Xfree(r.tls, r.vfs)
	for _, table := range r.tables {
		libc.Xfree(r.tls, table)
	}
	r.tls.Close()
}

// Log is what has been done so far.
func (r *Recorder) Log() []Op {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.log)
}

// Len is how much has been done so far.
func (r *Recorder) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.log)
}

// Fail asks fn of each Write, Truncate and Sync to come how it fails; nil ends that.
func (r *Recorder) Fail(fn func(Op) Fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fail = fn
}

func (r *Recorder) asked(o Op) Fault {
	if r.fail == nil {
		return Fault{}
	}
	return r.fail(o)
}

// xOpen has the file opened, and puts our functions before those that change it.
func (r *Recorder) xOpen(tls *libc.TLS, _, name, at uintptr, flags int32, outFlags uintptr) int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	path := ""
	if name != 0 {
		path = libc.GoString(name)
	}
	_, missing := os.Lstat(path)
	code := function[opener](r.under.FxOpen)(tls, uintptr(unsafe.Pointer(r.under)), name, at, flags, outFlags) //nolint:gosec // G103: SQLite's memory
	opened := object[sqlite3.Tsqlite3_file](at)
	if code != sqlite3.SQLITE_OK || path == "" || opened.FpMethods == 0 {
		return code // a file without a name is for this process alone
	}
	f := &file{name: filepath.Base(path), under: object[sqlite3.Tsqlite3_io_methods](opened.FpMethods)}
	if missing != nil {
		r.log = append(r.log, Op{Kind: Create, File: f.name})
	}
	r.open[at] = f
	opened.FpMethods = r.intercept(opened.FpMethods)
	return code
}

// intercept is the table of a file's functions with ours in it.
func (r *Recorder) intercept(table uintptr) uintptr {
	if r.tables[table] == 0 {
		ours := *object[sqlite3.Tsqlite3_io_methods](table)
		ours.FxClose, ours.FxWrite = addressOf[closer](r, r.xClose), addressOf[writer](r, r.xWrite)
		ours.FxTruncate, ours.FxSync = addressOf[cutter](r, r.xTruncate), addressOf[syncer](r, r.xSync)
		r.tables[table] = outside(r.tls, ours)
	}
	return r.tables[table]
}

func (r *Recorder) xClose(tls *libc.TLS, at uintptr) int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.open[at]
	delete(r.open, at)
	return function[closer](f.under.FxClose)(tls, at)
}

func (r *Recorder) xWrite(tls *libc.TLS, at, data uintptr, n int32, offset int64) int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.open[at]
	o := Op{Kind: Write, File: f.name, At: offset, Data: slices.Clone(unsafe.Slice(object[byte](data), n))} //nolint:gosec // G103: SQLite's memory
	fault := r.asked(o)
	if fault.Code != 0 {
		n = min(n, int32(fault.Bytes)) //nolint:gosec // G115: the least of two
		o.Data = o.Data[:n]
	}
	if n > 0 {
		if code := function[writer](f.under.FxWrite)(tls, at, data, n, offset); code != sqlite3.SQLITE_OK {
			return code
		}
		r.log = append(r.log, o)
	}
	return fault.Code
}

func (r *Recorder) xTruncate(tls *libc.TLS, at uintptr, length int64) int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.open[at]
	o := Op{Kind: Truncate, File: f.name, At: length}
	if fault := r.asked(o); fault.Code != 0 {
		return fault.Code
	}
	code := function[cutter](f.under.FxTruncate)(tls, at, length)
	if code == sqlite3.SQLITE_OK {
		r.log = append(r.log, o)
	}
	return code
}

// xSync sees by SQLite's own note on the file whether the folder was synced with it.
func (r *Recorder) xSync(tls *libc.TLS, at uintptr, flags int32) int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.open[at]
	o := Op{Kind: Sync, File: f.name}
	if fault := r.asked(o); fault.Code != 0 {
		o.Failed = true
		r.log = append(r.log, o)
		return fault.Code
	}
	waits := func() bool { return object[sqlite3.TunixFile](at).FctrlFlags&sqlite3.UNIXFILE_DIRSYNC != 0 }
	before := waits()
	code := function[syncer](f.under.FxSync)(tls, at, flags)
	o.Failed = code != sqlite3.SQLITE_OK
	r.log = append(r.log, o)
	if before && !waits() {
		r.log = append(r.log, Op{Kind: SyncDir})
	}
	return code
}

func (r *Recorder) xDelete(tls *libc.TLS, _, name uintptr, syncDir int32) int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	code := function[remover](r.under.FxDelete)(tls, uintptr(unsafe.Pointer(r.under)), name, syncDir) //nolint:gosec // G103: SQLite's memory
	if code == sqlite3.SQLITE_OK {
		r.log = append(r.log, Op{Kind: Remove, File: filepath.Base(libc.GoString(name))})
		if syncDir&1 != 0 {
			r.log = append(r.log, Op{Kind: SyncDir})
		}
	}
	return code
}
