// SPDX-License-Identifier: Apache-2.0
// What went wrong, in the host's ten words, and how it crosses the wire: as a gRPC
// status with one detail, in the trailer grpc-status-details-bin.
import { Metadata, status } from "@grpc/grpc-js";
import { proto } from "./proto.mjs";

// codes is how each kind shows to a peer that reads only gRPC's own codes.
export const codes = {
  invalid: status.INVALID_ARGUMENT,
  not_found: status.NOT_FOUND,
  conflict: status.FAILED_PRECONDITION,
  denied: status.PERMISSION_DENIED,
  unauthenticated: status.UNAUTHENTICATED,
  unsupported: status.UNIMPLEMENTED,
  limited: status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE, // certainly not done
  unknown: status.DEADLINE_EXCEEDED, // perhaps done
  internal: status.INTERNAL,
};

// The host cuts what is longer, and so do we: it all travels in a trailer.
const messageMax = 512; // bytes
const fieldsMax = 128;

export class Fault extends Error {
  // source is caller, backend or plugin; more may hold fields [{path, reason, detail}] and retryAfterMs.
  constructor(kind, source, code, message, more = {}) {
    super(message);
    Object.assign(this, { kind, source, code, fields: more.fields ?? [], retryAfterMs: more.retryAfterMs ?? 0 });
  }
}

// toStatus is what a handler's error becomes. The text of an error that is no Fault
// stays here: nobody knows what it carries.
export function toStatus(err) {
  const f = err instanceof Fault ? err : new Fault("internal", "plugin", "unclassified", "the plugin met an error that it did not classify");
  const message = cut(f.message, messageMax);
  const detail = proto["cartage.plugin.v1.Fault"].serialize({
    kind: f.kind, source: f.source, code: f.code, message, fields: f.fields.slice(0, fieldsMax), retry_after_ms: f.retryAfterMs,
  });
  const whole = proto["google.rpc.Status"].serialize({
    code: codes[f.kind], message,
    details: [{ type_url: "type.googleapis.com/cartage.plugin.v1.Fault", value: detail }],
  });
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", whole); // a key in -bin takes bytes; gRPC does the base64
  return { code: codes[f.kind], details: message, metadata };
}

// cut is text in at most so many bytes, and whole characters.
function cut(text, max) {
  const bytes = Buffer.from(text);
  if (bytes.length <= max) return text;
  let end = max;
  while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
  return bytes.toString("utf8", 0, end);
}
