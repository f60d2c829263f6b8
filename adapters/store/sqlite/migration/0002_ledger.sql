-- SPDX-License-Identifier: Apache-2.0
-- The journal is ledger_entry; every other table follows from it, or says whom a number stands for.
-- A seal is over its row and the captures or refunds that belong to it, since not all of these follow.

-- +goose Up
CREATE TABLE ledger (
    shop     TEXT    NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL CHECK (sequence >= 0),
    at       INTEGER NOT NULL,
    hash     BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE TABLE ledger_entry (
    shop       TEXT    NOT NULL,
    sequence   INTEGER NOT NULL CHECK (sequence >= 1),
    at         INTEGER NOT NULL,
    key        TEXT    NOT NULL,
    customer   INTEGER,
    other      INTEGER,
    transfers  TEXT    NOT NULL,
    request_id TEXT    NOT NULL,
    host       TEXT    NOT NULL,
    hash       BLOB    NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (shop, sequence)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX ledger_entry_key ON ledger_entry (shop, key);
CREATE INDEX ledger_entry_customer ON ledger_entry (customer, sequence) WHERE customer IS NOT NULL;
CREATE INDEX ledger_entry_other ON ledger_entry (other, sequence) WHERE other IS NOT NULL;

-- The journal knows a customer by id alone, so that who it is can be forgotten: name becomes NULL.
CREATE TABLE ledger_customer (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    shop      TEXT    NOT NULL,
    name      TEXT,
    available INTEGER NOT NULL DEFAULT 0 CHECK (available >= 0),
    held      INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    seal      BLOB    NOT NULL CHECK (length(seal) = 16) -- of who it is alone
) STRICT;

CREATE UNIQUE INDEX ledger_customer_name ON ledger_customer (shop, name) WHERE name IS NOT NULL;

CREATE TABLE ledger_account (
    shop   TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    points INTEGER NOT NULL,
    PRIMARY KEY (shop, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_action (
    shop        TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    customer    INTEGER,
    points      INTEGER NOT NULL CHECK (points >= 0),
    issued_at   INTEGER,
    held_at     INTEGER,
    expires_at  INTEGER,
    unconfirmed INTEGER NOT NULL CHECK (unconfirmed IN (0, 1)),
    generation  INTEGER NOT NULL,
    keeper      TEXT    NOT NULL, -- where the customer has points to spend; empty: here
    seal        BLOB    NOT NULL CHECK (length(seal) = 16),
    PRIMARY KEY (shop, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX ledger_action_held ON ledger_action (shop, expires_at) WHERE state = 'held';
CREATE INDEX ledger_action_open ON ledger_action (shop, id) WHERE state = 'held';
CREATE INDEX ledger_action_held_by ON ledger_action (shop, customer, held_at) WHERE state = 'held';

CREATE TABLE ledger_capture (
    shop       TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    order_id   TEXT    NOT NULL,
    place      INTEGER NOT NULL,
    held       INTEGER NOT NULL CHECK (held >= 0),
    available  INTEGER NOT NULL CHECK (available >= 0),
    shortfall  INTEGER NOT NULL CHECK (shortfall >= 0),
    returned   INTEGER NOT NULL CHECK (returned BETWEEN 0 AND held + available + shortfall),
    PRIMARY KEY (shop, action, order_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_sale (
    shop      TEXT    NOT NULL,
    order_id  TEXT    NOT NULL,
    placed    INTEGER NOT NULL CHECK (placed IN (0, 1)),
    customer  INTEGER,
    currency  TEXT    NOT NULL,
    total     INTEGER NOT NULL,
    actions   TEXT    NOT NULL,
    cancelled INTEGER NOT NULL CHECK (cancelled IN (0, 1)),
    earned    INTEGER NOT NULL CHECK (earned >= 0),
    clawed    INTEGER NOT NULL CHECK (clawed BETWEEN 0 AND earned),
    keeper    TEXT    NOT NULL,
    seal      BLOB    NOT NULL CHECK (length(seal) = 16),
    PRIMARY KEY (shop, order_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_refund (
    shop     TEXT    NOT NULL,
    order_id TEXT    NOT NULL,
    place    INTEGER NOT NULL,
    id       TEXT    NOT NULL,
    currency TEXT    NOT NULL,
    amount   INTEGER NOT NULL,
    PRIMARY KEY (shop, order_id, id)
) STRICT, WITHOUT ROWID;

-- Every version of an offer that was ever shown, as JSON, by the name that its contents give it.
CREATE TABLE loyalty_offer (
    shop    TEXT NOT NULL,
    ref     TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (shop, ref)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE loyalty_offer;
DROP TABLE ledger_refund;
DROP TABLE ledger_sale;
DROP TABLE ledger_capture;
DROP TABLE ledger_action;
DROP TABLE ledger_account;
DROP TABLE ledger_customer;
DROP TABLE ledger_entry;
DROP TABLE ledger;
