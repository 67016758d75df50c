/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the conformance runner and the programs under test say to each other
 *
 * Messages on standard input and output, each behind its length in network order; headers as
 * messages; and the messages that the service's Any may hold.
 */
#include "connectrpc/conformance/v1/conformance.pb-c.h"
#include "rpc/method.h"

/* Shorter names for what every file here uses. */
typedef Connectrpc__Conformance__V1__Header Header;
typedef Connectrpc__Conformance__V1__Error Error;
typedef Connectrpc__Conformance__V1__ConformancePayload Payload;
typedef Connectrpc__Conformance__V1__ConformancePayload__RequestInfo RequestInfo;
typedef Connectrpc__Conformance__V1__UnaryResponseDefinition UnaryDefinition;
typedef Connectrpc__Conformance__V1__StreamResponseDefinition StreamDefinition;

extern const JsonTypes wire_types;

/* Return: NULL when standard input has ended. Ends the process on anything that is no message. */
ProtobufCMessage *wire_read(const ProtobufCMessageDescriptor *descriptor);
void wire_write(const ProtobufCMessage *message);

/* Ends the process: a test's counterpart that cannot go on is no counterpart. */
void wire_die(const char *format, ...) __attribute__((__noreturn__, __format__(__printf__, 1, 2)));
void *wire_alloc(size_t n, size_t size);

/* One header for each name, with all its values. @ret: on the heap, for as long as the process. */
size_t wire_group(const RpcMetadata *metadata, Header ***ret);
Google__Protobuf__Any *wire_pack_any(const ProtobufCMessage *message);
