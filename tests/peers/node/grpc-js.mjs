// SPDX-License-Identifier: Apache-2.0
// gRPC as @grpc/grpc-js speaks it, on messages that @grpc/proto-loader reads from the .proto files.
//
//     grpc-js.mjs SOCKET PROTOS...
//
// PROTOS: the folders below which slug/v1/node.proto and grpc/health/v1/health.proto are found.

import { once } from "node:events";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";
import { check, finish, holds, is } from "./check.mjs";

const [socket, ...includeDirs] = process.argv.slice(2);
const files = ["slug/v1/node.proto", "grpc/health/v1/health.proto"];
const packages = grpc.loadPackageDefinition(loader.loadSync(files, { includeDirs, longs: String, enums: String, oneofs: true }));
const target = `unix:${socket}`;
const node = new packages.slug.v1.NodeService(target, grpc.credentials.createInsecure());
const health = new packages.grpc.health.v1.Health(target, grpc.credentials.createInsecure());
const noSuchNode = 4000000;

// Only bounds a failure.
const far = () => ({ deadline: Date.now() + 60000 });

function call(client, method, request) {
  return new Promise((resolve, reject) => {
    client[method](request, new grpc.Metadata(), far(), (error, answer) => (error ? reject(error) : resolve(answer)));
  });
}

// Any path and any bytes: what the generated methods do not let through.
function callRaw(path, bytes) {
  const asIs = (value) => value;
  return new Promise((resolve, reject) => {
    const done = (error, answer) => (error ? reject(error) : resolve(answer));
    node.makeUnaryRequest(path, asIs, asIs, bytes, new grpc.Metadata(), far(), done);
  });
}

async function fails(promise, code) {
  const error = await promise.then(() => holds(false, "it was answered"), (reason) => reason);
  is(error.code, code, `the status of "${error.message}"`);
  return error;
}

// Resolves with the status of a stream. It is an error to the stream, too, which once() would throw.
function ended(stream) {
  stream.on("error", () => {});
  stream.on("data", () => {});
  return new Promise((resolve) => stream.on("status", resolve));
}

async function firstMessage(stream) {
  try {
    const [message] = await once(stream, "data");
    return message;
  } finally {
    stream.on("error", () => {});
    stream.cancel();
  }
}

// A message whose field 15, which nobody knows, is that long.
function padded(size) {
  const length = [size & 0x7f | 0x80, size >> 7 & 0x7f | 0x80, size >> 14 & 0x7f | 0x80, size >> 21];
  return Buffer.concat([Buffer.from([0x7a, ...length]), Buffer.alloc(size)]);
}

await check("DescribeNode", async () => {
  const answer = await call(node, "describeNode", {});
  holds(answer.numaNodes?.length > 0, "no NUMA nodes");
  holds(/^[1-9][0-9]*$/.test(answer.capacity?.totalBytes), `the capacity is ${answer.capacity?.totalBytes}`);
});
await check("GetVersion", async () => {
  const answer = await call(node, "getVersion", {});
  holds(answer.version, "no version");
});
await check("the other methods", async () => {
  for (const method of ["getTopology", "getConfig", "listChanges"]) {
    await call(node, method, {});
  }
});
await check("an unknown NUMA node is NOT_FOUND, with a message", async () => {
  const error = await fails(call(node, "explain", { numaNode: noSuchNode }), grpc.status.NOT_FOUND);
  holds(error.details, "no message");
});
await check("an unknown method or service is UNIMPLEMENTED", async () => {
  await fails(callRaw("/slug.v1.NodeService/NoSuchMethod", Buffer.alloc(0)), grpc.status.UNIMPLEMENTED);
  await fails(callRaw("/no.such.Service/Method", Buffer.alloc(0)), grpc.status.UNIMPLEMENTED);
});
await check("a message that is too large is RESOURCE_EXHAUSTED", async () => {
  await fails(callRaw("/slug.v1.NodeService/DescribeNode", padded(5 << 20)), grpc.status.RESOURCE_EXHAUSTED);
  await call(node, "describeNode", {});
});
await check("Watch has a first message", async () => {
  const message = await firstMessage(node.watch({}, far()));
  holds(Object.keys(message).length > 0, "the first message is empty");
});
await check("a cancelled Watch leaves the channel alone", async () => {
  const stream = node.watch({}, far());
  const status = ended(stream);
  await once(stream, "data");
  stream.cancel();
  is((await status).code, grpc.status.CANCELLED, "the status");
  await call(node, "describeNode", {});
});
await check("a deadline ends a stream", async () => {
  const status = await ended(node.watch({}, { deadline: Date.now() + 500 }));
  is(status.code, grpc.status.DEADLINE_EXCEEDED, `the status of "${status.details}"`);
});
await check("200 calls at once over one channel", async () => {
  const answers = await Promise.all(Array.from({ length: 200 }, () => call(node, "describeNode", {})));
  is(answers.filter((answer) => answer.numaNodes?.length > 0).length, 200, "the number of answers");
});
await check("50 streams at once over one channel", async () => {
  const streams = Array.from({ length: 50 }, () => node.watch({}, far()));
  const messages = await Promise.all(streams.map((stream) => once(stream, "data")));
  is(messages.length, 50, "the number of first messages");
  for (const stream of streams) {
    stream.on("error", () => {});
    stream.cancel();
  }
});
await check("health Check", async () => {
  is((await call(health, "check", {})).status, "SERVING", "the server");
  await fails(call(health, "check", { service: "no.such.Service" }), grpc.status.NOT_FOUND);
});
await check("health Watch has a first message", async () => {
  is((await firstMessage(health.watch({}, far()))).status, "SERVING", "the server");
  is((await firstMessage(health.watch({ service: "no.such.Service" }, far()))).status, "SERVICE_UNKNOWN", "no service");
});
node.close();
health.close();
await finish();
