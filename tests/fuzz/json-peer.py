# SPDX-License-Identifier: Apache-2.0
# Our JSON codec against that of Python's protobuf, which is another reading of the same mapping.
#
#     json-peer.py PIPE DESCRIPTORS [COUNT [SEED]]
#
# PIPE is the program json-pipe, DESCRIPTORS what protoc made of the .proto files. COUNT messages of every kind are made up; both
# codecs must tell the same message by their texts. Then a table of inputs, each with what becomes of it on either side.
import random
import subprocess
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor as Field

PIPE, DESCRIPTORS = sys.argv[1:3]
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 100
SEED = int(sys.argv[4]) if len(sys.argv) > 4 else 1
MESSAGES = [
    "slug.v1.Topology",
    "slug.v1.NumaNode",
    "slug.v1.DescribeNodeResponse",
    "slug.v1.ExplainResponse",
    "slug.v1.GetConfigResponse",
    "slug.v1.ListChangesResponse",
    "slug.v1.GetVersionResponse",
    "slug.v1.WatchRequest",
    "slug.v1.WatchResponse",
]
REFUSED = object()
n_tests = 0


def tell(name, failures):
    """One line of TAP, and why it failed."""
    global n_tests
    n_tests += 1
    print(f"{'not ok' if failures else 'ok'} {n_tests} - {name}")
    for failure in failures[:10]:
        print(f"# {failure}"[:400])


# The two codecs


def load_types():
    files = descriptor_pb2.FileDescriptorSet()
    with open(DESCRIPTORS, "rb") as file:
        files.ParseFromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.AddSerializedFile(file.SerializeToString())
    return {name: get_class(pool.FindMessageTypeByName(name)) for name in MESSAGES}


def get_class(descriptor):
    # newer ones have a function for it and drop the method, older ones have the method alone
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory().GetPrototype(descriptor)


class Ours:
    """json-pipe, fed with texts and asked for one answer each."""

    def __init__(self, name):
        self.process = subprocess.Popen([PIPE, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, text):
        """The text that we make of it, or None and why it is refused."""
        self.process.stdin.write(b"%d\n%s" % (len(text), text))
        self.process.stdin.flush()
        line = self.process.stdout.readline().decode("utf-8")
        word, _, rest = line.rstrip("\n").partition(" ")
        if word not in ("ok", "no") or not line.endswith("\n"):
            raise RuntimeError(f"json-pipe says {line!r} to {text[:200]!r}")
        return (rest, None) if word == "ok" else (None, rest)

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise RuntimeError(f"json-pipe ends with status {self.process.returncode}")


def parse(text, type_):
    """Python's reading, unknown fields skipped as we do; None: refused."""
    try:
        return json_format.Parse(text, type_(), ignore_unknown_fields=True)
    except (json_format.ParseError, UnicodeError):
        return None
    except (TypeError, AttributeError, ValueError, RecursionError):
        # not what it means to say, but a refusal
        return None


# Messages that are made up

TEXTS = ["", "x", "NUMA node 0", '"\\/\b\f\n\r\t', "\u007f\u0080\u07ff\u0800\uffff", "\U0001f9e0 \U0010ffff", "\u2028\u2029",
         "<&>", "\u0001\u001f", "e\u0301", "\ufeff"]
UINT32 = [0, 1, 9, 2**31 - 1, 2**31, 2**32 - 1]
UINT64 = UINT32 + [2**32, 2**53 - 1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1]


def make_text(chance):
    if chance.random() < 0.5:
        return chance.choice(TEXTS)
    letters = (chance.choice((chance.randrange(1, 0x80), chance.randrange(1, 0xD800), chance.randrange(0xE000, 0x110000)))
               for _ in range(chance.randrange(8)))
    return "".join(map(chr, letters))


def make_value(chance, field):
    if field.type == Field.TYPE_STRING:
        return make_text(chance)
    if field.type == Field.TYPE_BOOL:
        return chance.random() < 0.5
    if field.type == Field.TYPE_ENUM:
        # also numbers that have no name yet: a newer peer has more of them
        return chance.choice([value.number for value in field.enum_type.values] + [77, -1, 2**31 - 1, -(2**31)])
    if field.type == Field.TYPE_UINT32:
        return chance.choice(UINT32 + [chance.randrange(2**32)])
    if field.type == Field.TYPE_UINT64:
        return chance.choice(UINT64 + [chance.randrange(2**64)])
    raise NotImplementedError(f"{field.full_name}: this test makes up no values of type {field.type}")


def is_list(field):
    # newer ones have the property and frown at the label, older ones have the label alone
    return field.is_repeated if hasattr(field, "is_repeated") else field.label == Field.LABEL_REPEATED


def fill(chance, message):
    for field in message.DESCRIPTOR.fields:
        if chance.random() < 0.4:
            continue
        if is_list(field):
            for _ in range(chance.randrange(4)):
                if field.type == Field.TYPE_MESSAGE:
                    fill(chance, getattr(message, field.name).add())
                else:
                    getattr(message, field.name).append(make_value(chance, field))
        elif field.type == Field.TYPE_MESSAGE:
            getattr(message, field.name).SetInParent()
            fill(chance, getattr(message, field.name))
        else:
            setattr(message, field.name, make_value(chance, field))


def write_texts(message):
    """The same message in the forms that Python can give it."""
    yield json_format.MessageToJson(message)
    yield json_format.MessageToJson(message, indent=None, ensure_ascii=False)
    yield json_format.MessageToJson(message, preserving_proto_field_name=True, sort_keys=True)
    yield json_format.MessageToJson(message, use_integers_for_enums=True)
    # all fields, also those that are not set; the option was renamed
    try:
        yield json_format.MessageToJson(message, including_default_value_fields=True)
    except TypeError:
        yield json_format.MessageToJson(message, always_print_fields_with_no_presence=True)


def compare(name, type_, message, text, ours):
    """What is wrong, or None."""
    again, why = ours.ask(text.encode("utf-8"))
    if again is None:
        return f"{name}: refused: {why}: {text!r}"
    theirs = parse(again, type_)
    if theirs is None:
        return f"{name}: what we write cannot be read: {again!r}"
    if theirs != message:
        return f"{name}: {text!r} became {again!r}"
    # and our text, through us once more, is the same text: there is one form
    once_more, _ = ours.ask(again.encode("utf-8"))
    if once_more != again:
        return f"{name}: {again!r} became {once_more!r}"
    return None


def compare_made_up(name, type_):
    chance = random.Random(f"{SEED} {name}")
    ours = Ours(name)
    failures = []
    for _ in range(COUNT):
        message = type_()
        fill(chance, message)
        for text in write_texts(message):
            failure = compare(name, type_, message, text, ours)
            if failure:
                failures.append(failure)
    ours.close()
    tell(f"{name}: {COUNT} messages, each in five forms, are the same to both", failures)


# Inputs that are written by hand: what the text is, and what both must do with it. A dict: taken, as the fields of a NumaNode.

SAME = [
    ("nothing set", b"{}", {}),
    ("space around", b" \t\r\n{ \"id\" :\n7 } \n", {"id": 7}),
    ("camel case", b'{"cpuCount":3}', {"cpu_count": 3}),
    ("the field's own name", b'{"cpu_count":3}', {"cpu_count": 3}),
    ("null for a number", b'{"id":null}', {}),
    ("null for a text", b'{"cpus":null}', {}),
    ("null for a message", b'{"memoryBlocks":null}', {}),
    ("null for a list", b'{"hugepages":null}', {}),
    ("null for an optional", b'{"tier":null}', {}),
    ("null in a list", b'{"hugepages":[null]}', REFUSED),
    ("uint32 in quotes", b'{"id":"7"}', {"id": 7}),
    ("uint32 with a point", b'{"id":7.0}', {"id": 7}),
    ("uint32 with an exponent", b'{"id":7e2}', {"id": 700}),
    ("uint32 with an exponent below", b'{"id":700e-2}', {"id": 7}),
    ("uint32 with a fraction", b'{"id":7.5}', REFUSED),
    ("uint32 below 0", b'{"id":-1}', REFUSED),
    ("uint32 largest", b'{"id":4294967295}', {"id": 2**32 - 1}),
    ("uint32 too large", b'{"id":4294967296}', REFUSED),
    ("uint32 with a plus", b'{"id":+7}', REFUSED),
    ("uint32 with a leading zero", b'{"id":07}', REFUSED),
    ("uint32 in hexadecimal", b'{"id":0x7}', REFUSED),
    ("uint32 as a bool", b'{"id":true}', REFUSED),
    ("uint32 as a list", b'{"id":[7]}', REFUSED),
    ("uint32 as no number", b'{"id":"seven"}', REFUSED),
    ("uint32 in empty quotes", b'{"id":""}', REFUSED),
    ("uint32 with a space in quotes", b'{"id":" 7"}', REFUSED),
    ("uint32 as NaN", b'{"id":NaN}', REFUSED),
    ("uint32 as Infinity", b'{"id":Infinity}', REFUSED),
    ("uint64 as a number", b'{"tier":9007199254740993}', {"tier": 2**53 + 1}),
    ("uint64 in quotes", b'{"tier":"18446744073709551615"}', {"tier": 2**64 - 1}),
    ("uint64 largest without quotes", b'{"tier":18446744073709551615}', {"tier": 2**64 - 1}),
    ("uint64 too large", b'{"tier":"18446744073709551616"}', REFUSED),
    ("uint64 too large without quotes", b'{"tier":18446744073709551616}', REFUSED),
    ("uint64 below 0", b'{"tier":"-1"}', REFUSED),
    ("an optional that is 0", b'{"tier":"0"}', {"tier": 0}),
    ("bool", b'{"movableOnly":true}', {"movable_only": True}),
    ("bool in quotes", b'{"movableOnly":"true"}', REFUSED),
    ("bool as a number", b'{"movableOnly":1}', REFUSED),
    ("enum by name", b'{"kind":"MEMORY_KIND_HBM"}', {"kind": 2}),
    ("enum by number", b'{"kind":2}', {"kind": 2}),
    ("enum by a number without a name", b'{"kind":77}', {"kind": 77}),
    ("enum too large", b'{"kind":2147483648}', REFUSED),
    ("text with escapes", b'{"cpus":"\\u0041\\n\\/\\ud83e\\udde0"}', {"cpus": "A\n/\U0001f9e0"}),
    ("text with a bad escape", b'{"cpus":"\\x41"}', REFUSED),
    ("text with half an escape", b'{"cpus":"\\u004"}', REFUSED),
    ("text with a raw control character", b'{"cpus":"\n"}', REFUSED),
    ("text that does not end", b'{"cpus":"x}', REFUSED),
    ("text that is no UTF-8", b'{"cpus":"\xff"}', REFUSED),
    ("text as an overlong form", b'{"cpus":"\xc0\x80"}', REFUSED),
    ("text as a surrogate's bytes", b'{"cpus":"\xed\xa0\x80"}', REFUSED),
    ("text as a number", b'{"cpus":7}', REFUSED),
    ("text in single quotes", b"{'cpus':'x'}", REFUSED),
    ("a name with escapes", b'{"\\u0069d":7}', {"id": 7}),
    ("a name without quotes", b"{id:7}", REFUSED),
    ("a name of a number", b"{7:7}", REFUSED),
    ("a field twice", b'{"id":7,"id":8}', REFUSED),
    ("an unknown field", b'{"what":{"ever":[1,"x",null,true,-1.5e3]},"id":7}', {"id": 7}),
    ("an unknown field that is broken", b'{"what":[1,],"id":7}', REFUSED),
    ("a message in a message", b'{"memoryBlocks":{"online":3}}', {"memory_blocks": {"online": 3}}),
    ("an empty message", b'{"memoryBlocks":{}}', {"memory_blocks": {}}),
    ("a list", b'{"distances":[{"numaNode":1},{}]}', {"distances": [{"numa_node": 1}, {}]}),
    ("an empty list", b'{"distances":[]}', {}),
    ("a list as a message", b'{"distances":{}}', REFUSED),
    ("a list with a comma at its end", b'{"distances":[{},]}', REFUSED),
    ("an object with a comma at its end", b'{"id":7,}', REFUSED),
    ("an object without a comma", b'{"id":7 "cpuCount":3}', REFUSED),
    ("an object that does not end", b'{"id":7', REFUSED),
    ("a comment", b'{"id":7/*!*/}', REFUSED),
    ("something behind", b"{} {}", REFUSED),
    ("no text at all", b"", REFUSED),
    ("space alone", b" ", REFUSED),
    ("null for the whole", b"null", REFUSED),
    ("a number for the whole", b"7", REFUSED),
    ("-0 for a uint32", b'{"id":-0}', {}),
    ("uint64 with an exponent", b'{"tier":1e3}', {"tier": 1000}),
    ("uint64 with a fraction", b'{"tier":1.5}', REFUSED),
    ("a number beyond any double", b'{"id":1e400}', REFUSED),
    ("a number beyond any double in an unknown field", b'{"what":1e400}', {}),
    ("a number without digits behind the point", b'{"id":7.}', REFUSED),
    ("a number without digits before the point", b'{"id":.7e1}', REFUSED),
    ("a number without an exponent", b'{"id":7e}', REFUSED),
    ("a lone surrogate", b'{"cpus":"\\ud83e"}', REFUSED),
    ("surrogates the wrong way round", b'{"cpus":"\\udde0\\ud83e"}', REFUSED),
    ("a byte order mark", b"\xef\xbb\xbf{}", REFUSED),
    ("a no-break space between", b'{"id":\xc2\xa07}', REFUSED),
    ("a form feed between", b'{"id":\x0c7}', REFUSED),
    ("lists, 60 deep, in an unknown field", b'{"what":' + b"[" * 60 + b"]" * 60 + b"}", {}),
    ("an enum as null", b'{"kind":null}', {}),
    ("a name that differs in case", b'{"CPUCOUNT":3}', {}),
    ("a name with a space", b'{" id":3}', {}),
    ("an empty name", b'{"":3}', {}),
    ("a field that is null twice", b'{"id":null,"id":null}', REFUSED),
    ("a NUL behind", b"{}\0", REFUSED),
    ("UTF-16", '{"id":7}'.encode("utf-16"), REFUSED),
]

# Where we are another way on purpose: the text, what we do, and why. Unknown fields are one, too: we skip them, so that an older
# server takes what a newer client sends, and Python does so only when it is asked, as parse() does.
DIFFERENT = [
    ("enum by an unknown name", b'{"kind":"MEMORY_KIND_NEW"}', REFUSED,
     "the field is known, and what was meant for it is not; newer Pythons skip it like an unknown field"),
    ("enum with a fraction", b'{"kind":2.5}', REFUSED,
     "2.5 is no number of an enum; Python cuts it off"),
    ("a field twice, by both names", b'{"cpuCount":7,"cpu_count":8}', REFUSED,
     "it would be anybody's guess which of them is meant"),
    ("a message as a list", b'{"memoryBlocks":[]}', REFUSED,
     "a list is no message; Python takes whatever is empty"),
    ("a message as a text", b'{"memoryBlocks":""}', REFUSED,
     "a text is no message; Python takes whatever is empty"),
    ("a list for the whole", b"[]", REFUSED,
     "a list is no message; Python takes whatever is empty"),
    ("uint64 with an exponent in quotes", b'{"tier":"1e3"}', {"tier": 1000},
     "quotes change nothing about a number"),
    ("a number below any double", b'{"id":1e-400}', REFUSED,
     "it is not whole; Python has rounded it to 0 before it looks"),
    ("NaN in an unknown field", b'{"what":NaN}', REFUSED,
     "it is not JSON, wherever it stands"),
    ("a text with a NUL", b'{"cpus":"a\\u0000b"}', REFUSED,
     "in a C string all behind it would be lost"),
    ("a lone surrogate in an unknown field", b'{"what":"\\ud83e"}', REFUSED,
     "it is not Unicode, wherever it stands"),
    ("an unknown field twice", b'{"what":1,"what":2}', {},
     "nobody reads it, so the names are not kept to be compared"),
    ("lists, 100 deep, in an unknown field", b'{"what":' + b"[" * 100 + b"]" * 100 + b"}", REFUSED,
     "64 levels bound the stack, whoever reads them"),
    ("an enum by its number in quotes", b'{"kind":"2"}', REFUSED,
     "a text is a name, and no enum has this one"),
    ("a field that is null first", b'{"cpuCount":null,"cpu_count":3}', REFUSED,
     "given twice is given twice, whatever it says"),
]


def make_node(type_, fields):
    return REFUSED if fields is REFUSED else json_format.ParseDict(fields, type_())


def describe(message):
    if message is None or message is REFUSED:
        return "refused"
    return f"taken as {json_format.MessageToDict(message) or 'nothing set'}"


def read_ours(ours, type_, text):
    again, _ = ours.ask(text)
    return REFUSED if again is None else parse(again, type_)


def read_theirs(type_, text):
    message = parse(text, type_)
    return REFUSED if message is None else message


def compare_by_hand(type_):
    ours = Ours("slug.v1.NumaNode")
    for name, text, fields in SAME:
        wanted = make_node(type_, fields)
        failures = [f"{who}: {describe(got)}, not {describe(wanted)}" for who, got in
                    (("ours", read_ours(ours, type_, text)), ("Python's", read_theirs(type_, text))) if got != wanted]
        tell(f"both: {name}: {describe(wanted)}", failures)
    for name, text, fields, why in DIFFERENT:
        wanted = make_node(type_, fields)
        got = read_ours(ours, type_, text)
        tell(f"ours alone: {name}: {describe(wanted)}: {why}", [f"ours: {describe(got)}"] if got != wanted else [])
        # of a newer version; the older ones stay as they are
        if read_theirs(type_, text) == wanted:
            print("# this Python does the same")
    ours.close()


def main():
    types = load_types()
    for name, type_ in types.items():
        compare_made_up(name, type_)
    compare_by_hand(types["slug.v1.NumaNode"])
    print(f"1..{n_tests}")


main()
