// SPDX-License-Identifier: Apache-2.0
// The messages and services, loaded from their .proto files. A plugin of your own
// keeps a copy of backend.proto beside the other three.
import { fileURLToPath } from "node:url";
import { loadSync } from "@grpc/proto-loader";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// int64 becomes a JavaScript number: exact up to 2^53, and accept.mjs refuses quantities
// long before. A shop with larger amounts takes longs: String, and BigInt for its sums.
export const proto = loadSync(
  [
    here("../../../plugins/protocol/v1/backend.proto"),
    here("proto/controller.proto"),
    here("proto/health.proto"),
    here("proto/status.proto"),
  ],
  { keepCase: true, longs: Number, enums: String, defaults: true },
);
