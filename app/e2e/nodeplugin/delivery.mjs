// SPDX-License-Identifier: Apache-2.0
// The ways in which goods come: what a real plugin would ask a shop's shipping rates for.
import { wrongRequest } from "./accept.mjs";
import { Fault } from "./fault.mjs";

const near = ["DE", "FR", "IE", "NL"];
const nowhere = ["AQ"];

// optionsFor lists the message Option of each way to a country. Without a country there is none yet.
export function optionsFor(cart, country) {
  if (country !== "" && !/^[A-Z]{2}$/.test(country)) throw wrongAddress("malformed", "must be two capital letters, such as GB");
  if (nowhere.includes(country)) throw wrongAddress("not_served", "nothing is sent there");
  if (!country || cart.lines.length === 0) return [];
  const price = (pence, cents) => (cart.currency === "GBP" ? pence : cents);
  const post = { id: "post", name: "Post", price_minor: price(1450, 1895), min_days: 5, max_days: 0 }; // nobody knows how long
  if (country !== "GB" && !near.includes(country)) return [post];
  const van = { id: "van", name: "Van", price_minor: price(395, 495), min_days: 2, max_days: 4 };
  return country === "GB" ? [van, { id: "courier", name: "Courier", price_minor: price(995, 1295), min_days: 1, max_days: 1 }] : [van];
}

// choose finds the option asked for; nothing is chosen, and so null, when none is.
export function choose(options, asked) {
  if (asked.length > 1) throw wrongRequest("invalid_options", "all goods come together", { path: "options", reason: "count", detail: "must be at most one" });
  if (asked.length === 0) return null;
  const option = options.find(({ id }) => id === asked[0]);
  if (!option) throw new Fault("not_found", "caller", "unknown_option", "the cart cannot be delivered in this way");
  return option;
}

// wrongAddress never repeats what it refuses: no fault carries anything of the buyer.
const wrongAddress = (reason, detail) =>
  wrongRequest("invalid_address", "the address cannot be accepted", { path: "address.country", reason, detail });
