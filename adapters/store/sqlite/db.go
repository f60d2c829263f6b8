// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"modernc.org/sqlite"

	"github.com/cartage-dev/cartage/ports/store"
)

// readersMax bounds the connections that only read.
const readersMax = 4

// Options say where the database is.
type Options struct {
	Path   string           // of the database file; made when it is not there
	Logger *slog.Logger     // none: nothing is logged
	Now    func() time.Time // none: time.Now
	Host   string           // this host's name in the ledger; none: the machine's

	dsn func(string) string // of tests: data source names that break the rules
}

// DB is an open database, and this process its only host.
type DB struct {
	writer *sql.DB // one connection, which the committer holds
	reader *sql.DB
	queue  chan *job // of the committer
	batch  int       // writes of one transaction at most
	now    func() time.Time
	log    *slog.Logger
	path   string
	host   string
	// running is held for reading by whatever uses the connections, since closing
	// them waits for nobody, and for good by Close.
	running    sync.RWMutex
	committing sync.WaitGroup
	close      func() error
}

// Open takes the database over and brings its schema up to date. The errors name
// the file: another host holds it, it is not ours, it is damaged, or a newer
// program has written it.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Host == "" {
		o.Host, _ = os.Hostname() // an empty name is no reason not to open
	}
	if o.dsn == nil {
		o.dsn = func(dsn string) string { return dsn }
	}
	path, err := settle(o.Path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", o.Path, err)
	}
	lock, err := takeLock(path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	db, err := open(ctx, path, o)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, errors.Join(err, dropLock(lock)))
	}
	db.close = sync.OnceValue(func() error {
		db.running.Lock()
		close(db.queue)
		db.committing.Wait()
		return errors.Join(db.closePools(), dropLock(lock))
	})
	o.Logger.Info("database open", "path", path)
	return db, nil
}

// open needs the lock: SQLite's own locks on a file are lost when the same process
// opens and closes that file once more.
func open(ctx context.Context, path string, o Options) (_ *DB, err error) {
	if err := makeFile(path); err != nil {
		return nil, err
	}
	db := &DB{now: o.Now, log: o.Logger, path: path, host: o.Host, queue: make(chan *job, queueMax), batch: batchMax}
	if db.reader, err = pool(o.dsn(readerDSN(path)), readersMax); err != nil {
		return nil, err
	}
	if db.writer, err = pool(o.dsn(writerDSN(path)), 1); err != nil {
		return nil, errors.Join(err, db.reader.Close())
	}
	if err := db.prepare(ctx); err != nil {
		return nil, errors.Join(err, db.closePools())
	}
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.closePools())
	}
	db.committing.Go(func() { //nolint:contextcheck // the committer outlives whoever opens
		db.commit(conn)
		_ = conn.Close() // back to the pool, which is closed next
	})
	return db, nil
}

// prepare looks at the file before the writer's first connection changes anything in it.
func (db *DB) prepare(ctx context.Context) error {
	if err := inspect(ctx, db.reader); err != nil {
		return err
	}
	if err := checkWAL(ctx, db.writer); err != nil {
		return err
	}
	return migrate(ctx, db.writer, db.log)
}

func pool(dsn string, connections int) (*sql.DB, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	p := sql.OpenDB(c)
	p.SetMaxOpenConns(connections)
	p.SetMaxIdleConns(connections)
	return p, nil
}

// Store is the ports of the database. They answer with faults after Close.
func (db *DB) Store() store.Store {
	return store.Store{Handoffs: handoffs{db}, Idempotency: records{db}, Ledger: ledger{db}, Offers: offers{db}, Inbox: inbox{db}, Movements: movements{db}, Privacy: privacy{db}, Health: health{db}}
}

// Close waits for what is running and lets the next host in. It may be called more than once.
func (db *DB) Close() error { return db.close() }

var errClosed = errors.New("the database is closed")

// enter keeps Close waiting until db.running.RUnlock, and fails once Close was called.
func (db *DB) enter(doing string) error {
	if !db.running.TryRLock() {
		return notWritten(doing, errClosed)
	}
	return nil
}

// closePools closes the readers first: the last connection folds the log into the database file.
func (db *DB) closePools() error {
	return errors.Join(db.reader.Close(), db.writer.Close())
}

// makeFile makes the database file, readable to its owner only; SQLite gives the
// files beside it the same mode.
func makeFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // G304: the operator's own path
	if err != nil {
		return err
	}
	return f.Close()
}
