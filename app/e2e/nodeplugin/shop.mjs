// SPDX-License-Identifier: Apache-2.0
// A commerce system that lives in memory: what a real plugin would ask a shop's API
// for. What each call promises stands in ports/backend/carts.go and orders.go.
import { randomBytes, randomInt } from "node:crypto";
import { Fault } from "./fault.mjs";

const linesMax = 500;
const quantityMax = 9_999; // so that sums stay exact in a JavaScript number
const cartsMax = 10_000; // beyond that the oldest is forgotten

// Prices are whole minor units: pence and cents, never a fraction.
const catalogue = {
  item_1_sku: { title: "Teapot", price: { GBP: 2450, USD: 2995 }, stock: Infinity },
  item_2_sku: { title: "Cup", price: { GBP: 895, USD: 1095 }, stock: Infinity },
  scarce_sku: { title: "Jug, the last two", price: { GBP: 3100, USD: 3795 }, stock: 2 },
  sold_out_sku: { title: "Bowl", price: { GBP: 1850, USD: 2295 }, stock: 0 },
  retired_sku: { title: "Saucer of old", price: { GBP: 450, USD: 550 }, retired: true },
};
const currencies = ["GBP", "USD"];

const wrongRequest = (code, message, ...fields) => new Fault("invalid", "caller", code, message, { fields });

export class Shop {
  #carts = new Map(); // by id
  #keys = new Map(); // what a Put under an idempotency key asked for, and the cart it made
  #orders = new Map(); // by shop and reference
  publicURL = "";

  // put answers PutResponse. It never waits, so in JavaScript no other call sees it half done.
  put({ call, items, reference, supersedes, all_or_nothing: allOrNothing, want_pages: wantPages }) {
    accept(call, items);
    const key = call.idempotency_key && JSON.stringify([call.shop, call.idempotency_key]);
    const asked = JSON.stringify([call.currency, reference, items.map(({ sku, quantity }) => [sku, quantity])]);
    const before = this.#keys.get(key);
    if (before) {
      if (before.asked !== asked) throw new Fault("conflict", "caller", "key_reused", "the key was used for another cart");
      return this.#answer(before.cart, wantPages);
    }
    const old = this.#carts.get(supersedes);
    const replaces = old !== undefined && old.shop === call.shop;
    if (replaces && old.ordered) throw new Fault("conflict", "caller", "reference_completed", "the cart has become an order");
    const { lines, problems } = fit(items, call.currency);
    if (allOrNothing && problems.length > 0) return { cart: { currency: call.currency }, problems };
    if (replaces) this.#carts.delete(supersedes);
    const cart = { id: `c_${randomBytes(16).toString("hex")}`, shop: call.shop, reference, currency: call.currency, lines, problems, ordered: false };
    remember(this.#carts, cart.id, cart);
    if (key) remember(this.#keys, key, { asked, cart });
    return this.#answer(cart, wantPages);
  }

  // get answers GetResponse.
  get({ call, id }) {
    required("call", call);
    required("id", id);
    const cart = this.#carts.get(id);
    if (cart === undefined || cart.shop !== call.shop) throw new Fault("not_found", "caller", "unknown_cart", "no such cart");
    return { cart: describe(cart) };
  }

  // byReference answers ByReferenceResponse.
  byReference({ call, reference }) {
    required("call", call);
    required("reference", reference);
    const order = this.#orders.get(JSON.stringify([call.shop, reference]));
    if (order === undefined) throw new Fault("not_found", "caller", "unknown_reference", "no order carries this reference");
    return { order: { ...order, reference, status: "placed", cart: describe(order.cart) } };
  }

  // open finds a cart that can still be ordered, for the shopper's page.
  open(id) {
    const cart = this.#carts.get(id);
    return cart && { ...describe(cart), ordered: cart.ordered };
  }

  // place makes a cart an order, once.
  place(id) {
    const cart = this.#carts.get(id);
    if (cart === undefined || cart.lines.length === 0) return false;
    if (!cart.ordered) {
      cart.ordered = true;
      const number = `N-${randomInt(1e8, 1e9)}`;
      const placedAt = { seconds: Math.floor(Date.now() / 1000), nanos: 0 };
      remember(this.#orders, JSON.stringify([cart.shop, cart.reference]), { id: number, number, cart, placed_at: placedAt });
    }
    return true;
  }

  // sell makes an order without a shopper.
  sell(reference) {
    const { cart } = this.put({ call: { shop: "demo", currency: "GBP" }, items: [{ sku: "item_1_sku", quantity: 2 }], reference });
    this.place(cart.id);
  }

  #answer(cart, wantPages) {
    const page = { url: `${this.publicURL}/checkout/${cart.id}`, method: "GET" };
    // need_link: whoever knows this address can open it, so the host puts a one-time link before it.
    return { cart: describe(cart), problems: cart.problems, pages: wantPages ? { checkout: page, need_link: true } : null };
  }
}

// required refuses what no host of Cartage leaves out.
function required(path, value) {
  if (!value) throw wrongRequest("bad_request", "the host's request is malformed", { path, reason: "required" });
}

// accept refuses what no shop could take. Whatever could merely not be had is a problem in the answer.
function accept(call, items) {
  required("call", call);
  if (!currencies.includes(call.currency)) {
    throw wrongRequest("invalid_currency", "currency cannot be accepted", { path: "currency", reason: "not_enabled", detail: "not a currency this shop sells in" });
  }
  const wrong = [];
  if (items.length < 1 || items.length > linesMax) wrong.push({ path: "items", reason: "count", detail: `must hold 1 to ${linesMax} items` });
  const seen = new Set();
  items.forEach(({ sku, quantity }, i) => {
    if (sku === "") wrong.push({ path: `items[${i}].sku`, reason: "required" });
    if (seen.has(sku)) wrong.push({ path: `items[${i}].sku`, reason: "repeated", detail: "each sku may be there once" });
    if (quantity < 1 || quantity > quantityMax) wrong.push({ path: `items[${i}].quantity`, reason: "out_of_range", detail: `must be 1 to ${quantityMax}` });
    seen.add(sku);
  });
  if (wrong.length > 0) throw wrongRequest("invalid_items", "items cannot be accepted", ...wrong);
}

// fit says what of the items can be had, and why the rest cannot.
function fit(items, currency) {
  const lines = [];
  const problems = [];
  for (const { sku, quantity } of items) {
    const product = Object.hasOwn(catalogue, sku) ? catalogue[sku] : undefined;
    const got = product && !product.retired ? Math.min(quantity, product.stock) : 0;
    if (got > 0) lines.push({ sku, quantity: got, unit: product.price[currency] });
    if (got === quantity) continue;
    let reason = "quantity_reduced";
    if (!product) reason = "unknown_sku";
    else if (product.retired) reason = "not_for_sale";
    else if (got === 0) reason = "out_of_stock";
    problems.push({ sku, reason, asked: quantity, got });
  }
  return { lines, problems };
}

// describe is the message Cart. What nobody knows yet, shipping and tax, is left out; zero would be a promise.
function describe(cart) {
  const lines = cart.lines.map(({ sku, quantity, unit }) => ({
    id: sku, sku, title: catalogue[sku].title, quantity, unit_price_minor: unit, total_minor: unit * quantity,
  }));
  const goods = lines.reduce((sum, line) => sum + line.total_minor, 0);
  return { id: cart.id, currency: cart.currency, lines, subtotal_minor: goods, total_minor: goods };
}

function remember(map, key, value) {
  map.set(key, value);
  if (map.size > cartsMax) map.delete(map.keys().next().value);
}
