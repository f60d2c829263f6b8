// SPDX-License-Identifier: Apache-2.0
// What no shop could take is refused before anything is done, with a field for each
// mistake. Whatever could merely not be had is a problem in the answer instead.
import { Fault } from "./fault.mjs";

const linesMax = 500;
const quantityMax = 9_999; // so that sums stay exact in a JavaScript number
const codesMax = 10;
const codeMax = 64; // characters

export const wrongRequest = (code, message, ...fields) => new Fault("invalid", "caller", code, message, { fields });

// required refuses what no host of Cartage leaves out.
export function required(path, value) {
  if (!value) throw wrongRequest("bad_request", "the host's request is malformed", { path, reason: "required" });
}

// acceptItems is for a new cart.
export function acceptItems(call, items, currencies) {
  required("call", call);
  if (!currencies.includes(call.currency)) {
    throw wrongRequest("invalid_currency", "currency cannot be accepted", { path: "currency", reason: "not_enabled", detail: "not a currency this shop sells in" });
  }
  refuse(mistakes("items", items, 1));
}

// acceptChange is for a cart that is there: no items are fine, and no units take one out.
export function acceptChange(call, id, set, codes) {
  required("call", call);
  required("id", id);
  const wrong = mistakes("set", set, 0);
  if (codes.length > codesMax) wrong.push({ path: "codes", reason: "count", detail: `must be at most ${codesMax}` });
  codes.forEach((code, i) => {
    if (code === "" || [...code].length > codeMax) wrong.push({ path: `codes[${i}]`, reason: "malformed", detail: `must be 1 to ${codeMax} characters` });
  });
  refuse(wrong);
}

function mistakes(path, items, least) {
  const wrong = [];
  if (items.length < least || items.length > linesMax) wrong.push({ path, reason: "count", detail: `must hold ${least} to ${linesMax} items` });
  const seen = new Set();
  items.forEach(({ sku, quantity }, i) => {
    if (sku === "") wrong.push({ path: `${path}[${i}].sku`, reason: "required" });
    if (seen.has(sku)) wrong.push({ path: `${path}[${i}].sku`, reason: "repeated", detail: "each sku may be there once" });
    if (quantity < least || quantity > quantityMax) wrong.push({ path: `${path}[${i}].quantity`, reason: "out_of_range", detail: `must be ${least} to ${quantityMax}` });
    seen.add(sku);
  });
  return wrong;
}

function refuse(wrong) {
  if (wrong.length > 0) throw wrongRequest("invalid_items", "items cannot be accepted", ...wrong);
}
