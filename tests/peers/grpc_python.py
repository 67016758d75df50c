# SPDX-License-Identifier: Apache-2.0
# gRPC as grpcio speaks it, which is the C core that many languages share.
#
#     grpc_python.py SOCKET FOLDER
#
# FOLDER holds what protoc made of our .proto files and of health.proto.
import sys
import time

import grpc

SOCKET, FOLDER = sys.argv[1:]
sys.path.insert(0, FOLDER)

from slug.v1 import node_pb2  # noqa: E402 (made at run time)
import health_pb2  # noqa: E402

NODE = node_pb2.DESCRIPTOR.services_by_name["NodeService"]
HEALTH = health_pb2.DESCRIPTOR.services_by_name["Health"]
NO_SUCH_NODE = 4000000
FAR = 60  # seconds; only bounds a failure
n_checks = 0


def is_(got, expected, what):
    if got != expected:
        raise AssertionError(f"{what} is {got!r}, not {expected!r}")


def check(name, function):
    """Runs one check and says what became of it."""
    global n_checks
    n_checks += 1
    try:
        function()
        print(f"ok - {name}", flush=True)
    except Exception as error:  # whatever it is, it is a failure of this check alone
        why = " ".join(str(error).split()) or type(error).__name__
        print(f"not ok - {name}: {why}", flush=True)


def method(channel, service, name):
    """What calls a method, made from its descriptor."""
    described = service.methods_by_name[name]
    module = node_pb2 if service is NODE else health_pb2
    answer = getattr(module, described.output_type.name)
    kind = channel.unary_stream if name == "Watch" else channel.unary_unary
    return kind(
        f"/{service.full_name}/{name}",
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=answer.FromString,
    )


def empty(name):
    """An empty request of a method of the node service."""
    return getattr(node_pb2, NODE.methods_by_name[name].input_type.name)()


def raw(channel, path):
    return channel.unary_unary(path, request_serializer=bytes, response_deserializer=bytes)


def fails(call, code, needs_message=True):
    try:
        call()
    except grpc.RpcError as error:
        is_(error.code(), code, "the status")
        if needs_message and not error.details():
            raise AssertionError("the status has no message")
        return
    raise AssertionError("it was answered")


def describe_node(channel):
    answer = method(channel, NODE, "DescribeNode")(empty("DescribeNode"), timeout=FAR)
    if not answer.numa_nodes or not answer.capacity.total_bytes:
        raise AssertionError(f"no NUMA nodes or no capacity in {answer}")


def get_version(channel):
    answer = method(channel, NODE, "GetVersion")(empty("GetVersion"), timeout=FAR)
    if not answer.version:
        raise AssertionError("no version")


def each_unary(channel):
    for name in ("GetTopology", "GetConfig", "ListChanges"):
        method(channel, NODE, name)(empty(name), timeout=FAR)


def unknown_numa_node(channel):
    explain = method(channel, NODE, "Explain")
    request = node_pb2.ExplainRequest(numa_node=NO_SUCH_NODE)
    fails(lambda: explain(request, timeout=FAR), grpc.StatusCode.NOT_FOUND)


def unknown_method(channel):
    for path in ("/slug.v1.NodeService/NoSuchMethod", "/no.such.Service/Method"):
        fails(lambda: raw(channel, path)(b"", timeout=FAR), grpc.StatusCode.UNIMPLEMENTED, needs_message=False)


def not_a_message(channel):
    """A length that goes beyond the end of the message."""
    try:
        raw(channel, "/slug.v1.NodeService/Explain")(b"\x0a\x7f", timeout=FAR)
    except grpc.RpcError as error:
        if error.code() not in (grpc.StatusCode.INTERNAL, grpc.StatusCode.INVALID_ARGUMENT):
            raise
        return
    raise AssertionError("it was answered")


def too_large(channel):
    """5 MiB in a field that nobody knows: more than gRPC takes by default, and so than slugd takes."""
    size = 5 << 20
    length = bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14 & 0x7F | 0x80, size >> 21])
    message = b"\x7a" + length + bytes(size)
    call = raw(channel, "/slug.v1.NodeService/DescribeNode")
    fails(lambda: call(message, timeout=FAR), grpc.StatusCode.RESOURCE_EXHAUSTED)
    describe_node(channel)


def compressed(channel):
    """Understood, or refused in the one way that lets a client fall back."""
    call = method(channel, NODE, "ListChanges")
    request = node_pb2.ListChangesRequest(after_generation=1)
    try:
        call(request, timeout=FAR, compression=grpc.Compression.Gzip)
    except grpc.RpcError as error:
        is_(error.code(), grpc.StatusCode.UNIMPLEMENTED, "the status")


def metadata(channel):
    call = method(channel, NODE, "GetVersion")
    call(empty("GetVersion"), timeout=FAR, metadata=(("x-text", "a, b"), ("x-bytes-bin", b"\x00\xff"), ("x-empty", "")))


def first_message(channel):
    stream = method(channel, NODE, "Watch")(empty("Watch"), timeout=FAR)
    try:
        if not next(stream).ByteSize():
            raise AssertionError("the first message is empty")
    finally:
        stream.cancel()


def cancel(channel):
    stream = method(channel, NODE, "Watch")(empty("Watch"), timeout=FAR)
    next(stream)
    stream.cancel()
    is_(stream.code(), grpc.StatusCode.CANCELLED, "the status")
    describe_node(channel)


def deadline(channel):
    """Far away it changes nothing; near, it ends a stream that would not end by itself."""
    describe_node(channel)
    start = time.monotonic()
    stream = method(channel, NODE, "Watch")(empty("Watch"), timeout=1)
    try:
        for _ in stream:
            pass
    except grpc.RpcError as error:
        is_(error.code(), grpc.StatusCode.DEADLINE_EXCEEDED, "the status")
        took = time.monotonic() - start
        if not 0.9 < took < FAR / 2:
            raise AssertionError(f"a deadline of 1 s took {took:.2f} s")
        return
    raise AssertionError("the stream ended by itself")


def many(channel):
    """More at once than a server lets through a connection, which is for the channel to queue."""
    call = method(channel, NODE, "DescribeNode")
    waiting = [call.future(empty("DescribeNode"), timeout=FAR) for _ in range(200)]
    answers = [one.result() for one in waiting]
    is_(sum(bool(answer.numa_nodes) for answer in answers), 200, "the number of answers")


def many_streams(channel):
    """Each of 50 streams has its first message while all the others are open."""
    watch = method(channel, NODE, "Watch")
    streams = [watch(empty("Watch"), timeout=FAR) for _ in range(50)]
    try:
        for stream in streams:
            next(stream)
        describe_node(channel)
    finally:
        for stream in streams:
            stream.cancel()


def health(channel):
    check_ = method(channel, HEALTH, "Check")
    serving = health_pb2.HealthCheckResponse.SERVING
    is_(check_(health_pb2.HealthCheckRequest(), timeout=FAR).status, serving, "the server")
    fails(
        lambda: check_(health_pb2.HealthCheckRequest(service="no.such.Service"), timeout=FAR),
        grpc.StatusCode.NOT_FOUND,
        needs_message=False,
    )


def health_watch(channel):
    watch = method(channel, HEALTH, "Watch")
    response = health_pb2.HealthCheckResponse
    for service, status in (("", response.SERVING), ("no.such.Service", response.SERVICE_UNKNOWN)):
        stream = watch(health_pb2.HealthCheckRequest(service=service), timeout=FAR)
        is_(next(stream).status, status, f"the first of '{service}'")
        stream.cancel()


CHECKS = (
    ("DescribeNode", describe_node),
    ("GetVersion", get_version),
    ("the other methods", each_unary),
    ("an unknown NUMA node is NOT_FOUND, with a message", unknown_numa_node),
    ("an unknown method or service is UNIMPLEMENTED", unknown_method),
    ("what is no message is refused", not_a_message),
    ("a message that is too large is RESOURCE_EXHAUSTED", too_large),
    ("a compressed message is taken or UNIMPLEMENTED", compressed),
    ("metadata nobody asked for does no harm", metadata),
    ("Watch has a first message", first_message),
    ("a cancelled Watch leaves the channel alone", cancel),
    ("a deadline passes through", deadline),
    ("200 calls at once over one channel", many),
    ("50 streams at once over one channel", many_streams),
    ("health Check", health),
    ("health Watch has a first message", health_watch),
)

with grpc.insecure_channel(f"unix:{SOCKET}") as open_channel:
    for title, checked in CHECKS:
        check(title, lambda: checked(open_channel))
print(f"1..{n_checks}", flush=True)
