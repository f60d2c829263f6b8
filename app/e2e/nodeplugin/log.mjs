// SPDX-License-Identifier: Apache-2.0
// One line of JSON on stderr for each record. The three keys with an @ are always
// strings; everything else is an attribute, and request_id ties a line to the host's own.
// stdout holds the handshake and nothing else.
process.stderr.on("error", () => {}); // the host, which reads it, is gone: the lifeline says so too

export function log(level, message, attributes = {}) {
  const line = JSON.stringify({ "@level": level, "@timestamp": new Date().toISOString(), "@message": message, ...attributes });
  process.stderr.write(`${line}\n`);
}
