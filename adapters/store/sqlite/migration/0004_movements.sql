-- SPDX-License-Identifier: Apache-2.0
-- What keepers of points elsewhere are asked for, until they and the book agree.

-- +goose Up
CREATE TABLE movement (
    shop     TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    keeper   TEXT    NOT NULL,
    customer TEXT    NOT NULL,
    points   INTEGER NOT NULL,
    order_id TEXT    NOT NULL,
    state    TEXT    NOT NULL CHECK (state IN ('taking', 'returning', 'returned', 'giving')),
    begun    INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    due_at   INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    why      TEXT    NOT NULL DEFAULT '',
    seal     BLOB    NOT NULL CHECK (length(seal) = 16), -- of what is to be moved, and where that stands
    PRIMARY KEY (shop, key)
) STRICT;

CREATE INDEX movement_due ON movement (due_at) WHERE state <> 'returned';
CREATE INDEX movement_returned ON movement (due_at) WHERE state = 'returned';

-- +goose Down
DROP TABLE movement;
