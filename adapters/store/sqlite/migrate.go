// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/pressly/goose/v3"
)

//go:embed migration/*.sql
var migrations embed.FS

// migrate marks the database as ours and applies the migrations that it lacks.
// Each is a transaction of its own, so a start that was cut off goes on at the next.
func migrate(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	steps, err := provider(db)
	if err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
		return fmt.Errorf("mark as ours: %w", err)
	}
	has, knows, err := steps.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if has > knows {
		return tooNew(has, knows)
	}
	applied, err := steps.Up(ctx)
	if err != nil {
		return fmt.Errorf("bring schema from version %d to %d: %w", has, knows, err)
	}
	for _, a := range applied {
		log.Info("database migrated", "version", a.Source.Version, "took_ms", a.Duration.Milliseconds())
	}
	return nil
}

// provider knows the migrations; making it touches no database.
func provider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		return nil, err
	}
	steps, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return steps, nil
}

func tooNew(has, knows int64) error {
	return fmt.Errorf("its schema has version %d and this program knows %d: run a newer program, or restore a backup", has, knows)
}
