// SPDX-License-Identifier: Apache-2.0

// Package loyalty decides what happens to points: what an offer costs, what
// tapping it does, and what an order, a refund or the passing of time makes of it.
//
// A till shows offers, each under a one-time ActionID. To tap one holds its points
// (Action.Perform); the order that carries the id captures them (Action.Capture); to
// take it back, or to wait too long, gives them back (Action.Revert, Action.Expire).
// What a transition books is an Entry of transfers between accounts.
//
// Invariants: an entry moves points and makes none; a hold is resolved at most
// once; an order burns the points of an action at most once; no balance of a customer
// falls below zero. The package keeps nothing and knows nothing of tills, orders'
// formats or stores: a ledger applies its transitions inside a transaction of its own.
package loyalty
