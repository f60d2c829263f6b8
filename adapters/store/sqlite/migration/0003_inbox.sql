-- SPDX-License-Identifier: Apache-2.0
-- What channels told us: a message waits until done_at, and its key is remembered after.

-- +goose Up
CREATE TABLE inbox (
    shop        TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    body        BLOB    NOT NULL,
    received_at INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    why         TEXT    NOT NULL DEFAULT '',
    done_at     INTEGER,
    PRIMARY KEY (shop, key)
) STRICT;

CREATE INDEX inbox_due ON inbox (due_at) WHERE done_at IS NULL;
CREATE INDEX inbox_done ON inbox (done_at) WHERE done_at IS NOT NULL;

-- +goose Down
DROP TABLE inbox;
