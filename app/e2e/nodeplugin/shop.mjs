// SPDX-License-Identifier: Apache-2.0
// A commerce system that lives in memory: what a real plugin would ask a shop's API
// for. What each call promises stands beside it in backend.proto, and to the letter in
// ports/backend/carts.go, checkout.go and orders.go.
import { randomBytes, randomInt } from "node:crypto";
import { acceptChange, acceptItems, required } from "./accept.mjs";
import { choose, optionsFor } from "./delivery.mjs";
import { Fault } from "./fault.mjs";

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

// What a coupon code takes off goods that cost so much. A cart takes one at a time.
const coupons = {
  TENTH: (goods) => Math.floor(goods / 10),
  FIFTH: (goods) => Math.floor(goods / 5),
};

export class Shop {
  #carts = new Map(); // by id
  #keys = new Map(); // what the write under an idempotency key asked for, and what it did
  #orders = new Map(); // by shop and reference
  publicURL = "";

  // put answers PutResponse. No write ever waits, so in JavaScript no other call sees it half done.
  put({ call, items, reference, supersedes, all_or_nothing: allOrNothing, want_pages: wantPages }) {
    acceptItems(call, items, currencies);
    const { cart, problems } = this.#once(call, ["put", call.currency, reference, items], () => {
      const old = this.#carts.get(supersedes);
      const replaces = old !== undefined && old.shop === call.shop;
      if (replaces && old.ordered) throw new Fault("conflict", "caller", "reference_completed", "the cart has become an order");
      const { lines, problems } = fit(items, call.currency);
      if (allOrNothing && problems.length > 0) return { cart: null, problems };
      if (replaces) this.#carts.delete(supersedes);
      const id = `c_${randomBytes(16).toString("hex")}`;
      const cart = { id, shop: call.shop, reference, currency: call.currency, lines, codes: [], option: null, ordered: false };
      remember(this.#carts, id, cart);
      return { cart, problems };
    });
    if (!cart) return { cart: { currency: call.currency }, problems };
    return { cart: describe(cart), problems, pages: wantPages ? this.#pages(cart) : null };
  }

  // change answers ChangeResponse. codes is null when they stay as they are.
  change({ call, id, set, codes }) {
    acceptChange(call, id, set, codes?.codes ?? []);
    const { cart, problems, refused } = this.#once(call, ["change", id, set, codes], () => {
      const cart = this.#open(call, id);
      const wanted = new Map([...cart.lines, ...set].map(({ sku, quantity }) => [sku, quantity])); // the later one counts
      const { lines, problems } = fit([...wanted].map(([sku, quantity]) => ({ sku, quantity })), cart.currency);
      const { good, refused } = codes ? redeem(codes.codes) : { good: cart.codes, refused: [] };
      Object.assign(cart, { lines, codes: good, option: null }); // other goods may go in other ways
      return { cart, problems, refused };
    });
    return { cart: describe(cart), problems, refused };
  }

  // deliver answers DeliverResponse. Nothing is kept of who buys but the country: the page asks again.
  deliver({ call, id, buyer, options: asked }) {
    required("call", call);
    required("id", id);
    const country = buyer?.address?.country ?? "";
    const { cart } = this.#once(call, ["deliver", id, country, asked], () => {
      const cart = this.#open(call, id);
      const option = choose(optionsFor(cart, country), asked);
      return { cart: Object.assign(cart, { country, option }) };
    });
    return {
      cart: describe(cart), needs_delivery: cart.lines.length > 0,
      options: optionsFor(cart, cart.country), chosen: cart.option ? [cart.option.id] : [],
    };
  }

  // handOff answers HandOffResponse. The page belongs to the cart, so it is good for as long as that.
  handOff({ call, id, success_url: successURL }) {
    required("call", call);
    required("id", id);
    const cart = this.#open(call, id);
    cart.successURL = successURL; // kept here, and not in the page's address, where anybody could write another
    return { pages: this.#pages(cart) };
  }

  // get answers GetResponse.
  get({ call, id }) {
    required("call", call);
    required("id", id);
    return { cart: describe(this.#find(call, id)) };
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
    return cart && { ...describe(cart), successURL: cart.successURL };
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

  #find(call, id) {
    const cart = this.#carts.get(id);
    if (cart === undefined || cart.shop !== call.shop) throw new Fault("not_found", "caller", "unknown_cart", "no such cart");
    return cart;
  }

  // #open finds a cart that is no order yet.
  #open(call, id) {
    const cart = this.#find(call, id);
    if (cart.ordered) throw new Fault("conflict", "caller", "cart_completed", "the cart has become an order");
    return cart;
  }

  // #once does a write, or finds what it did when it came before under the same key.
  #once(call, request, write) {
    const key = call.idempotency_key && JSON.stringify([call.shop, call.idempotency_key]);
    const asked = JSON.stringify(request);
    const before = this.#keys.get(key);
    if (before && before.asked !== asked) throw new Fault("conflict", "caller", "key_reused", "the key was used for another request");
    if (before) return before.done;
    const done = write();
    if (key && done.cart) remember(this.#keys, key, { asked, done });
    return done;
  }

  #pages(cart) {
    // need_link: whoever knows this address can open it, so the host puts a one-time link before it.
    return { checkout: { url: `${this.publicURL}/checkout/${cart.id}`, method: "GET" }, need_link: true };
  }
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

// redeem takes the first code that is good; what comes after it does not go with it.
function redeem(asked) {
  const known = (code) => Object.hasOwn(coupons, code);
  const good = asked.filter(known).slice(0, 1);
  const refused = asked
    .filter((code) => !good.includes(code))
    .map((code) => ({ code, reason: known(code) ? "not_combinable" : "unknown_code" }));
  return { good, refused };
}

// describe is the message Cart. What nobody knows yet is left out: tax, and shipping until an option is
// chosen. Zero would be a promise.
function describe(cart) {
  const lines = cart.lines.map(({ sku, quantity, unit }) => ({
    id: sku, sku, title: catalogue[sku].title, quantity, unit_price_minor: unit, total_minor: unit * quantity,
  }));
  const goods = lines.reduce((sum, line) => sum + line.total_minor, 0);
  const discount = cart.codes.reduce((sum, code) => sum + coupons[code](goods), 0);
  const shipping = cart.option ? { shipping_minor: cart.option.price_minor } : {};
  return {
    id: cart.id, currency: cart.currency, lines, codes: cart.codes, ...shipping,
    subtotal_minor: goods, discount_minor: discount, total_minor: goods - discount + (cart.option?.price_minor ?? 0),
  };
}

function remember(map, key, value) {
  map.set(key, value);
  if (map.size > cartsMax) map.delete(map.keys().next().value);
}
