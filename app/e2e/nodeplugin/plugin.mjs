#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// A plugin of Cartage that uses nothing of ours: Node, gRPC and the .proto file. It
// does what plugins/protocol/README.md asks for, in its order: the process here, the
// services in services.mjs, the shop behind them in shop.mjs.
import { join } from "node:path";
import { Socket } from "node:net";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { newCertificate } from "./certificate.mjs";
import { log } from "./log.mjs";
import { addServices, about } from "./services.mjs";

const versions = [1]; // of the protocol, that this program speaks
const messageMax = 4 << 20; // bytes, both ways
const shutdownMax = 1_500; // ms; the host kills after two seconds

const env = process.env;
if (env.CARTAGE_PLUGIN !== "6b0e9d52-3c7a-4f18-9a45-d2f1c08e7b63") {
  process.stderr.write(`${about.name} ${about.version} is a plugin of Cartage, which starts it.\nPut the path of this program under backends.NAME.plugin in Cartage's config.\n`);
  process.exit(1);
}

// The host lets calls finish before it ends us; a signal to the whole group would cut them off.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});

// A bug that no handler caught: nobody knows what state we are in, and a new process takes tens of ms.
process.on("uncaughtException", (err) => {
  log("error", "uncaught exception", { stack: err.stack });
  process.exit(2);
});

// The other end of this pipe is open for as long as the host lives, however it dies.
if (env.CARTAGE_LIFELINE_FD) {
  const lifeline = new Socket({ fd: Number(env.CARTAGE_LIFELINE_FD), readable: true, writable: false });
  lifeline.on("error", () => process.exit(1)).on("close", () => process.exit(1)).resume();
}

const server = new Server({ "grpc.max_receive_message_length": messageMax, "grpc.max_send_message_length": messageMax });
addServices(server, function shutdown() {
  server.tryShutdown(() => process.exit(0)); // takes no new call, lets the others finish
  setTimeout(() => process.exit(0), shutdownMax);
});

const certificate = newCertificate();
const credentials = ServerCredentials.createSsl(
  Buffer.from(env.PLUGIN_CLIENT_CERT), // trust the host, and nobody else
  [{ private_key: certificate.key, cert_chain: certificate.pem }],
  true,
);
const socket = join(env.PLUGIN_UNIX_SOCKET_DIR, "s"); // short: the whole path has 107 bytes, and the folder takes most
server.bindAsync(`unix:${socket}`, credentials, (err) => {
  if (err) throw err;
  const spoken = env.PLUGIN_PROTOCOL_VERSIONS.split(",").map(Number);
  const version = Math.max(...versions.filter((v) => spoken.includes(v)));
  const chosen = Number.isFinite(version) ? version : Math.max(...versions); // the host refuses that, in words
  process.stdout.write(`1|${chosen}|unix|${socket}|grpc|${certificate.der.toString("base64").replace(/=+$/, "")}\n`);
});
