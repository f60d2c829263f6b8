// SPDX-License-Identifier: Apache-2.0
// What the host's config says under backends.NAME.settings. A mistake names its key,
// and never repeats a value: that may be a secret in the wrong place.
import { codes, Fault } from "./fault.mjs";

const pointsMax = 1e12;

export const schema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Settings of the Node example",
  type: "object",
  additionalProperties: false,
  properties: {
    listen: { type: "string", default: "127.0.0.1:0", description: "Where the shop's page listens, host:port." },
    public_url: { type: "string", format: "uri", description: "Where shoppers reach that page; derived from listen when left out." },
    delay_ms: { type: "integer", minimum: 0, maximum: 60000, default: 0, description: "How long every call is made to wait." },
    ordered: { type: "array", items: { type: "string", minLength: 1 }, default: [], description: "References of orders that are there from the start, for demonstration." },
    customers: { type: "object", additionalProperties: { type: "integer", minimum: 0, maximum: pointsMax }, default: {}, description: "The points that customers begin with." },
    faults: {
      type: "object",
      additionalProperties: { enum: Object.keys(codes) },
      description: "References whose carts and orders end in a fault of this kind, for demonstration.",
    },
  },
};

// readSettings takes the bytes of Configure's settings.
export function readSettings(bytes) {
  let given;
  try {
    given = JSON.parse(bytes.length > 0 ? bytes.toString() : "{}");
  } catch {
    throw wrong("settings", "malformed", "must be one JSON object");
  }
  if (!isObject(given)) throw wrong("settings", "malformed", "must be one JSON object");
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(schema.properties, key)) throw wrong(`settings.${key}`, "unknown_field", "no such setting");
  }
  const { listen = "127.0.0.1:0", public_url: publicURL = "", delay_ms: delayMS = 0, ordered = [], customers = {}, faults = {} } = given;
  const colon = typeof listen === "string" ? listen.lastIndexOf(":") : -1;
  const port = Number(String(listen).slice(colon + 1) || NaN);
  if (colon < 0 || !Number.isInteger(port) || port < 0 || port > 65535) throw wrong("settings.listen", "malformed", "must be host:port");
  if (publicURL !== "" && !isOrigin(publicURL)) throw wrong("settings.public_url", "malformed", "must be http:// or https:// with a host, and without a path");
  if (!Number.isInteger(delayMS) || delayMS < 0 || delayMS > 60_000) throw wrong("settings.delay_ms", "out_of_range", "must be 0 to 60000");
  if (!Array.isArray(ordered) || !ordered.every((reference) => typeof reference === "string" && reference !== "")) throw wrong("settings.ordered", "wrong_type", "must be a list of references");
  if (!isObject(customers)) throw wrong("settings.customers", "wrong_type", "must be an object");
  for (const [customer, points] of Object.entries(customers)) {
    if (!Number.isInteger(points) || points < 0 || points > pointsMax) throw wrong(`settings.customers.${customer}`, "out_of_range", `must be 0 to ${pointsMax}`);
  }
  if (!isObject(faults)) throw wrong("settings.faults", "wrong_type", "must be an object");
  for (const [reference, kind] of Object.entries(faults)) {
    if (!Object.hasOwn(codes, kind)) throw wrong(`settings.faults.${reference}`, "unknown_kind", `must be one of ${Object.keys(codes).join(", ")}`);
  }
  return { host: listen.slice(0, colon), port, publicURL, delayMS, ordered, customers, faults: new Map(Object.entries(faults)) };
}

export function wrong(path, reason, detail) {
  return new Fault("invalid", "caller", "invalid_settings", `${path}: ${detail}`, { fields: [{ path, reason, detail }] });
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function isOrigin(text) {
  try {
    const url = new URL(text);
    return (url.protocol === "http:" || url.protocol === "https:") && url.origin === text;
  } catch {
    return false;
  }
}
