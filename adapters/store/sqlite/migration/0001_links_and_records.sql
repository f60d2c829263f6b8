-- SPDX-License-Identifier: Apache-2.0
-- Instants are integers: nanoseconds since 1970 in UTC, and NULL for none.

-- +goose Up
CREATE TABLE handoff (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    shop       TEXT    NOT NULL,
    reference  TEXT    NOT NULL,
    target     BLOB    NOT NULL,
    expires_at INTEGER NOT NULL,
    ended      INTEGER NOT NULL DEFAULT 0 CHECK (ended IN (0, 1))
) STRICT;

-- One link that has not ended for each (shop, reference), whatever the program believes.
CREATE UNIQUE INDEX handoff_not_ended ON handoff (shop, reference) WHERE ended = 0;
CREATE INDEX handoff_expires_at ON handoff (expires_at);

CREATE TABLE idempotency (
    shop        TEXT    NOT NULL,
    operation   TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    state       INTEGER NOT NULL CHECK (state IN (0, 1, 2)),
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    generation  INTEGER NOT NULL CHECK (generation BETWEEN 0 AND 4294967295),
    lease_until INTEGER,
    answer      BLOB,
    live_until  INTEGER,
    keep_until  INTEGER,
    PRIMARY KEY (shop, operation, name)
) STRICT;

CREATE INDEX idempotency_keep_until ON idempotency (keep_until);

-- The row that Health.Ping writes.
CREATE TABLE health (
    id        INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    pinged_at INTEGER NOT NULL
) STRICT;

-- +goose Down
DROP TABLE health;
DROP TABLE idempotency;
DROP TABLE handoff;
