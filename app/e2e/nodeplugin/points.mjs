// SPDX-License-Identifier: Apache-2.0
// A system that keeps points, in memory. What each call promises stands to the letter
// in ports/backend/loyalty.go. No write ever waits, so no other call sees it half done.
import { required, wrongRequest } from "./accept.mjs";
import { Fault } from "./fault.mjs";

const movesMax = 100_000; // beyond that the oldest key is forgotten
const pointsMax = 1e12; // of one movement, so that sums stay exact in a JavaScript number
const reasons = ["redeemed", "returned", "earned", "clawed"];
const keyForm = /^[0-9a-f]{64}$/i; // one that is cut short would be another's

export class Book {
  #begin; // of each customer, in every shop
  #sums = new Map(); // of movements since, by shop and customer
  #moves = new Map(); // by shop and key

  constructor(customers) {
    this.#begin = new Map(Object.entries(customers));
  }

  // points answers PointsResponse.
  points({ call, customer }) {
    required("call", call);
    required("customer", customer);
    return { points: this.#owned(call.shop, customer) };
  }

  // move answers MoveResponse.
  move({ call, movement }) {
    required("call", call);
    wellFormed("call.idempotency_key", call.idempotency_key);
    accept(movement);
    const { customer, points } = movement;
    const key = JSON.stringify([call.shop, call.idempotency_key]);
    const before = this.#moves.get(key);
    if (before && !same(before, movement)) throw new Fault("conflict", "caller", "key_reused", "the key moved other points");
    const left = this.#owned(call.shop, customer);
    if (before) return { points: left };
    // A movement that is refused leaves no trace, so that its key stays free.
    if (left + points < 0) throw new Fault("conflict", "caller", "insufficient_points", "there are fewer points than that");
    this.#moves.set(key, movement);
    if (this.#moves.size > movesMax) this.#moves.delete(this.#moves.keys().next().value);
    const owner = JSON.stringify([call.shop, customer]);
    this.#sums.set(owner, (this.#sums.get(owner) ?? 0) + points);
    return { points: left + points };
  }

  // moved answers MovedResponse.
  moved({ call, key }) {
    required("call", call);
    wellFormed("key", key);
    const movement = this.#moves.get(JSON.stringify([call.shop, key]));
    if (!movement) throw new Fault("not_found", "caller", "unknown_movement", "the key has moved nothing");
    return { movement };
  }

  #owned(shop, customer) {
    const begun = this.#begin.get(customer);
    if (begun === undefined) throw new Fault("not_found", "caller", "unknown_customer", "no such customer");
    return begun + (this.#sums.get(JSON.stringify([shop, customer])) ?? 0);
  }
}

function wellFormed(path, key) {
  if (!keyForm.test(key)) throw wrongRequest("bad_request", "the host's request is malformed", { path, reason: "malformed", detail: "must be 64 hexadecimal characters" });
}

function accept(movement) {
  required("movement", movement);
  required("movement.customer", movement.customer);
  if (!reasons.includes(movement.reason)) throw wrongRequest("bad_request", "the host's request is malformed", { path: "movement.reason", reason: "unknown_reason" });
  if (movement.points === 0) throw wrongRequest("no_points", "a movement moves points", { path: "points", reason: "required" });
  if (Math.abs(movement.points) > pointsMax) throw wrongRequest("too_many_points", "points cannot be moved so", { path: "points", reason: "out_of_range", detail: `must be ${pointsMax} at most, either way` });
}

const same = (a, b) => ["customer", "points", "reason", "order"].every((part) => a[part] === b[part]);
