// SPDX-License-Identifier: Apache-2.0
// The gRPC services: what the host asks for, on the way to the shop.
import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { Fault, toStatus } from "./fault.mjs";
import { log } from "./log.mjs";
import { openPage } from "./page.mjs";
import { Book } from "./points.mjs";
import { proto } from "./proto.mjs";
import { readSettings, schema, wrong } from "./settings.mjs";
import { Shop } from "./shop.mjs";

export const about = { name: "node-example", version: "1.0.0" };

let configured = null; // {shop, book, settings} once Configure has succeeded
let configuring = false;

const lifecycle = {
  // Describe comes before there are settings.
  Describe: () => ({
    ...about, demo: true, keyed_writes: true, read_back: true,
    services: ["cartage.plugin.v1.Carts", "cartage.plugin.v1.Checkout", "cartage.plugin.v1.Orders", "cartage.plugin.v1.Loyalty"],
    settings_schema: Buffer.from(JSON.stringify(schema)),
  }),
  // Configure comes once. An attempt that fails does not spoil the next.
  Configure: async (request) => {
    if (configured) throw new Fault("conflict", "caller", "already_configured", "a plugin is configured once in the life of its process");
    if (configuring) throw new Fault("conflict", "caller", "being_configured", "another Configure is at work");
    configuring = true;
    try {
      const settings = readSettings(request.settings);
      const shop = new Shop();
      shop.publicURL = await openPage(shop, settings).catch((err) => {
        throw wrong("settings.listen", "unusable", `nothing can listen there (${err.code})`);
      });
      settings.ordered.forEach((reference) => shop.sell(reference));
      configured = { shop, book: new Book(settings.customers), settings };
      log("info", "shop open", { backend: request.backend, url: shop.publicURL });
    } finally {
      configuring = false;
    }
    return {};
  },
  // Check says whether the commerce system can be reached; this one always can.
  Check: () => {
    ready();
    return {};
  },
};

const carts = {
  Put: async (request, call) => {
    const { shop } = await ready(call);
    const answer = shop.put(request);
    demonstrate(request.reference); // afterwards: an unknown is perhaps done, and this one is
    return answer;
  },
  Get: async (request, call) => (await ready(call)).shop.get(request),
  Change: async (request, call) => (await ready(call)).shop.change(request),
};

const checkout = {
  Deliver: async (request, call) => (await ready(call)).shop.deliver(request),
  HandOff: async (request, call) => (await ready(call)).shop.handOff(request),
};

const orders = {
  ByReference: async (request, call) => {
    const { shop } = await ready(call);
    demonstrate(request.reference);
    return shop.byReference(request);
  },
};

const loyalty = {
  Points: async (request, call) => (await ready(call)).book.points(request),
  Move: async (request, call) => (await ready(call)).book.move(request),
  Moved: async (request, call) => (await ready(call)).book.moved(request),
};

// ready is what serves, once it is configured and, for a call to it, after the configured delay.
function ready(call) {
  if (!configured) throw new Fault("unavailable", "caller", "not_configured", "the plugin has not been configured");
  if (!call || configured.settings.delayMS === 0) return configured;
  // A call that was given up while it waited has certainly not been done.
  return sleep(configured.settings.delayMS, configured, { signal: call.signal }).catch(() => {
    log("debug", "call given up", { request_id: call.requestID });
    throw new Fault("unavailable", "backend", "too_slow", "the demonstration delay used the time up");
  });
}

// demonstrate ends a call in the fault that settings.faults names for its reference.
function demonstrate(reference) {
  const kind = configured.settings.faults.get(reference);
  if (kind === undefined) return;
  const source = { invalid: "caller", not_found: "caller", conflict: "caller", internal: "plugin" }[kind] ?? "backend";
  const more = kind === "limited" ? { retryAfterMs: 1_500 } : {};
  throw new Fault(kind, source, "fault_switch", "this call fails for demonstration", more);
}

// serve makes a gRPC handler of a function that returns an answer or throws a Fault.
function serve(op, handle) {
  return (call, callback) => {
    const ended = new AbortController();
    call.on("cancelled", () => ended.abort()); // by the host, or by its deadline
    const requestID = call.metadata.get("cartage-request-id")[0];
    Promise.resolve()
      .then(() => handle(call.request, { signal: ended.signal, requestID }))
      .then((answer) => callback(null, answer))
      .catch((err) => {
        if (!(err instanceof Fault)) log("error", "handler failed", { op, request_id: requestID, stack: err.stack });
        callback(toStatus(err));
      });
  };
}

// addServices adds all that a plugin serves; shutdown ends the process.
export function addServices(server, shutdown) {
  const services = {
    "cartage.plugin.v1.Lifecycle": lifecycle, "cartage.plugin.v1.Carts": carts,
    "cartage.plugin.v1.Checkout": checkout, "cartage.plugin.v1.Orders": orders, "cartage.plugin.v1.Loyalty": loyalty,
  };
  for (const [name, methods] of Object.entries(services)) {
    const handlers = Object.entries(methods).map(([method, handle]) => [method, serve(`${name}/${method}`, handle)]);
    server.addService(proto[name], Object.fromEntries(handlers));
  }
  server.addService(proto["grpc.health.v1.Health"], {
    Check: (call, callback) => {
      if (["", "plugin"].includes(call.request.service)) callback(null, { status: "SERVING" });
      else callback({ code: status.NOT_FOUND, details: "no such service" });
    },
  });
  server.addService(proto["plugin.GRPCController"], {
    Shutdown: (call, callback) => {
      callback(null, {});
      shutdown();
    },
  });
}
