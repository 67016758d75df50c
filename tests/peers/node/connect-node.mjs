// SPDX-License-Identifier: Apache-2.0
// Connect and gRPC as @connectrpc/connect-node speaks them: both protocols, both formats, both versions of HTTP, with messages
// made at run time from a descriptor set.
//
//     connect-node.mjs SOCKET DESCRIPTOR-SET

import diagnostics from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { create, createFileRegistry, fromBinary, toJsonString } from "@bufbuild/protobuf";
import { FieldDescriptorProtoSchema, FileDescriptorSetSchema, MethodDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { check, finish, holds, is } from "./check.mjs";

const [socketPath, setFile] = process.argv.slice(2);
const baseUrl = "http://localhost";
const noSuchNode = 4000000;
const far = 60000; // ms; only bounds a failure
const sessions = [];

// What the .proto files say, and two things that they do not: a method that slugd does not have, and a field that it does not
// know.
function readServices() {
  const set = fromBinary(FileDescriptorSetSchema, readFileSync(setFile));
  const file = set.file.find((one) => one.name === "slug/v1/node.proto");
  const service = file.service.find((one) => one.name === "NodeService");
  const request = file.messageType.find((one) => one.name === "DescribeNodeRequest");
  const padding = { name: "padding", jsonName: "padding", number: 15, label: 1, type: 9 }; // optional string
  service.method.push(create(MethodDescriptorProtoSchema, {
    name: "NoSuchMethod",
    inputType: ".slug.v1.DescribeNodeRequest",
    outputType: ".slug.v1.DescribeNodeResponse",
  }));
  request.field.push(create(FieldDescriptorProtoSchema, padding));
  const registry = createFileRegistry(set);
  return { node: registry.getService("slug.v1.NodeService"), health: registry.getService("grpc.health.v1.Health") };
}

// Verb and path of every request as it leaves: those who make the calls are not told.
let sent = [];

diagnostics.subscribe("http.client.request.start", ({ request }) => sent.push(`${request.method} ${request.path}`));

class Session extends Http2SessionManager {
  constructor() {
    super(baseUrl, {}, { createConnection: () => connect(socketPath) });
    sessions.push(this);
  }

  request(method, path, headers, options) {
    sent.push(`${method} ${path}`);
    return super.request(method, path, headers, options);
  }
}

const overHttp1 = (options) => createConnectTransport({ baseUrl, httpVersion: "1.1", nodeOptions: { socketPath }, ...options });
const overHttp2 = (options) => createConnectTransport({ baseUrl, httpVersion: "2", sessionManager: new Session(), ...options });
const overGrpc = (options) => createGrpcTransport({ baseUrl, sessionManager: new Session(), ...options });

// nAtOnce: over HTTP/1.1 each call of them has a connection of its own. tooLarge: more than slugd takes; over HTTP/1.1 not more
// than a server may be asked to read for the sake of a refusal, because Node.js loses an answer that comes while it still writes.
const transports = [
  { name: "Connect over HTTP/1.1", make: overHttp1, get: true, nAtOnce: 16, tooLarge: 512 << 10 },
  { name: "Connect over HTTP/2", make: overHttp2, get: true, nAtOnce: 200, tooLarge: 5 << 20 },
  { name: "gRPC", make: overGrpc, get: false, nAtOnce: 200, tooLarge: 5 << 20 },
];

async function fails(promise, code) {
  const reason = await promise.then(() => holds(false, "it was answered"), (error) => error);
  const error = ConnectError.from(reason);
  is(Code[error.code], Code[code], `the code of "${error.message}"`);
  return error;
}

// Leaving the loop is what cancels the stream.
async function firstMessage(stream) {
  for await (const message of stream) {
    return message;
  }
  throw new Error("the stream ended without a message");
}

async function drain(stream) {
  for await (const message of stream) {
    void message;
  }
}

const services = readServices();
const jsonOf = (method, message) => toJsonString(services.node.method[method].output, message);
let described; // DescribeNode's answer as the first transport got it

async function checkUnary(name, client) {
  await check(`${name}, DescribeNode`, async () => {
    const answer = await client.node.describeNode({}, { timeoutMs: far });
    holds(answer.numaNodes.length > 0, "no NUMA nodes");
    holds(answer.capacity.totalBytes > 0n, "no capacity");
    described ??= jsonOf("describeNode", answer);
    is(jsonOf("describeNode", answer), described, "what others were told");
  });
  await check(`${name}, the other methods`, async () => {
    holds((await client.node.getVersion({}, { timeoutMs: far })).version, "no version");
    for (const method of ["getTopology", "getConfig", "listChanges"]) {
      await client.node[method]({}, { timeoutMs: far });
    }
  });
  await check(`${name}, an unknown NUMA node is not_found, with a message`, async () => {
    const error = await fails(client.node.explain({ numaNode: noSuchNode }, { timeoutMs: far }), Code.NotFound);
    holds(error.rawMessage, "no message");
  });
  await check(`${name}, an unknown method is unimplemented`, async () => {
    await fails(client.node.noSuchMethod({}, { timeoutMs: far }), Code.Unimplemented);
  });
  await check(`${name}, health Check`, async () => {
    is((await client.health.check({}, { timeoutMs: far })).status, 1, "the server");
    await fails(client.health.check({ service: "no.such.Service" }, { timeoutMs: far }), Code.NotFound);
  });
}

async function checkLoad(name, client, { nAtOnce, tooLarge }) {
  await check(`${name}, ${nAtOnce} calls at once`, async () => {
    const calls = Array.from({ length: nAtOnce }, () => client.node.describeNode({}, { timeoutMs: far }));
    const answers = await Promise.all(calls);
    is(answers.filter((answer) => answer.numaNodes.length > 0).length, nAtOnce, "the number of answers");
  });
  await check(`${name}, a message that is too large is resource_exhausted`, async () => {
    const request = { padding: " ".repeat(tooLarge) };
    await fails(client.node.describeNode(request, { timeoutMs: far }), Code.ResourceExhausted);
    await client.node.describeNode({ padding: "a little" }, { timeoutMs: far });
  });
}

async function checkStreams(name, client) {
  await check(`${name}, Watch has a first message`, async () => {
    const message = await firstMessage(client.node.watch({}, { timeoutMs: far }));
    holds(jsonOf("watch", message) !== "{}", "the first message is empty");
  });
  await check(`${name}, a cancelled Watch leaves the rest alone`, async () => {
    const abort = new AbortController();
    const stream = client.node.watch({}, { signal: abort.signal })[Symbol.asyncIterator]();
    is((await stream.next()).done, false, "the end");
    abort.abort();
    await fails(stream.next(), Code.Canceled);
    await client.node.describeNode({}, { timeoutMs: far });
  });
  await check(`${name}, a deadline ends a stream`, async () => {
    await fails(drain(client.node.watch({}, { timeoutMs: 500 })), Code.DeadlineExceeded);
  });
  await check(`${name}, health Watch has a first message`, async () => {
    is((await firstMessage(client.health.watch({}, { timeoutMs: far }))).status, 1, "the server");
    is((await firstMessage(client.health.watch({ service: "no.such.Service" }, { timeoutMs: far }))).status, 3, "no service");
  });
}

function clientOf(transport) {
  return { node: createClient(services.node, transport), health: createClient(services.health, transport) };
}

// Methods without side effects, asked with HTTP's GET.
async function checkGet(name, make, useBinaryFormat) {
  sent = [];
  await checkUnary(name, clientOf(make({ useBinaryFormat, useHttpGet: true })));
  await check(`${name}, it was GET indeed`, async () => {
    for (const method of ["DescribeNode", "Explain"]) {
      holds(sent.some((line) => line.startsWith(`GET /slug.v1.NodeService/${method}?`)), sent.join(", "));
    }
  });
}

for (const transport of transports) {
  const { name, make, get } = transport;
  for (const useBinaryFormat of [true, false]) {
    const format = useBinaryFormat ? "protobuf" : "JSON";
    const client = clientOf(make({ useBinaryFormat }));
    await checkUnary(`${name}, ${format}`, client);
    await checkStreams(`${name}, ${format}`, client);
    await checkLoad(`${name}, ${format}`, client, transport);
    if (get) {
      await checkGet(`${name}, ${format} by GET`, make, useBinaryFormat);
    }
  }
}
for (const one of sessions) {
  one.abort();
}
await finish();
