/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/frames.h"

#include "fuzz/fuzz.h"

/*
 * Compiled in a fuzzing build only, for libFuzzer has the mutator that payloads are given to.
 *
 * Lines of a head are HPACK literals, names and values as they are: mutations of a compressed form
 * would be mutations of the library. Some enter the table, and some are references into it, so that
 * the table is used, too.
 */
#ifdef SLUG_FUZZING

#        include <stdbool.h>
#        include <string.h>

#        define HEAD_BYTES  9u
#        define FRAMES_MAX  64u
#        define PAYLOAD_MAX 1024u
#        define TYPES       10u

enum {
        DATA,
        HEADERS,
        PRIORITY,
        RST_STREAM,
        SETTINGS,
        PUSH_PROMISE,
        PING,
        GOAWAY,
        WINDOW_UPDATE,
        CONTINUATION
};
enum { END_STREAM = 1, END_HEADERS = 4, PADDED = 8, HAS_PRIORITY = 32 };

typedef struct Frame {
        uint8_t type, flags;
        uint32_t stream;
        size_t n_payload;
        uint8_t payload[PAYLOAD_MAX];
} Frame;

typedef struct Frames {
        const FrameWords *words;
        uint64_t state; /* of chance */
        size_t n_items;
        Frame items[FRAMES_MAX];
} Frames;

static unsigned pick(Frames *frames, unsigned n) {
        frames->state = frames->state * UINT64_C(6364136223846793005) + 1442695040888963407u;
        return (unsigned)(frames->state >> 33) % n;
}

/* From bytes, and to them */

static void parse(Frames *frames, const uint8_t *data, size_t size) {
        while (size >= HEAD_BYTES && frames->n_items < FRAMES_MAX) {
                Frame *frame = &frames->items[frames->n_items++];
                size_t n = (size_t)data[0] << 16 | (size_t)data[1] << 8 | data[2];

                frame->type = data[3];
                frame->flags = data[4];
                frame->stream = (uint32_t)data[5] << 24 | (uint32_t)data[6] << 16 |
                                (uint32_t)data[7] << 8 | data[8];
                data += HEAD_BYTES;
                size -= HEAD_BYTES;
                n = n < size ? n : size;
                frame->n_payload = n < PAYLOAD_MAX ? n : PAYLOAD_MAX;
                memcpy(frame->payload, data, frame->n_payload);
                data += n;
                size -= n;
        }
}

static size_t put_all(const Frames *frames, uint8_t *data, size_t max_size) {
        size_t n = 0;

        for (size_t i = 0; i < frames->n_items; ++i) {
                const Frame *frame = &frames->items[i];

                if (n + HEAD_BYTES + frame->n_payload > max_size)
                        break;
                data[n++] = (uint8_t)(frame->n_payload >> 16);
                data[n++] = (uint8_t)(frame->n_payload >> 8);
                data[n++] = (uint8_t)frame->n_payload;
                data[n++] = frame->type;
                data[n++] = frame->flags;
                for (unsigned shift = 0; shift < 32; shift += 8)
                        data[n++] = (uint8_t)(frame->stream >> (24 - shift));
                memcpy(data + n, frame->payload, frame->n_payload);
                n += frame->n_payload;
        }
        return n;
}

/* New frames */

static void put(Frame *frame, const void *data, size_t n) {
        if (n > PAYLOAD_MAX - frame->n_payload)
                return;
        memcpy(frame->payload + frame->n_payload, data, n);
        frame->n_payload += n;
}

static void put_byte(Frame *frame, unsigned byte) {
        const uint8_t value = (uint8_t)byte;

        put(frame, &value, 1);
}

static void put_number(Frame *frame, uint32_t number) {
        for (unsigned shift = 0; shift < 32; shift += 8)
                put_byte(frame, number >> (24 - shift) & 0xff);
}

/* Of fewer than 127 bytes, as all are here. */
static void put_string(Frame *frame, const char *text) {
        put_byte(frame, (unsigned)strlen(text));
        put(frame, text, strlen(text));
}

static void put_line(Frames *frames, Frame *frame, size_t index) {
        const FrameHeader *header = &frames->words->headers[index];

        put_byte(frame, pick(frames, 4) == 0 ? 0x40 : 0x00);
        put_string(frame, header->name);
        put_string(frame, header->value);
}

static void put_lines(Frames *frames, Frame *frame, unsigned n) {
        for (unsigned i = 0; i < n; ++i)
                if (pick(frames, 8) == 0)
                        put_byte(frame, 0x80 | (1 + pick(frames, 70)));
                else
                        put_line(frames, frame, pick(frames, (unsigned)frames->words->n_headers));
}

static void put_head(Frames *frames, Frame *frame) {
        const FrameHead *head =
                &frames->words->heads[pick(frames, (unsigned)frames->words->n_heads)];

        if (pick(frames, 4) == 0) {
                put_lines(frames, frame, 1 + pick(frames, 6));
                return;
        }
        for (size_t i = 0; i < FRAME_HEAD_LINES; ++i)
                put_line(frames, frame, head->lines[i]);
        if (pick(frames, 3) == 0)
                put_lines(frames, frame, 1 + pick(frames, 2));
}

static void put_body(Frames *frames, Frame *frame) {
        static const char *const messages[] = {
                "\x08\x07", "", "{}", "{\"id\":7}", "\x10\x02\x08\x01", "\x0a\x03 abc"
        };

        for (unsigned i = pick(frames, 4); i > 0; --i) {
                const char *message = messages[pick(frames, ELEMENTSOF(messages))];

                if (pick(frames, 6) > 0) {
                        put_byte(frame, pick(frames, 8) == 0 ? pick(frames, 256) : 0);
                        put_number(frame, pick(frames, 10) == 0 ? pick(frames, 200)
                                                                : (uint32_t)strlen(message));
                }
                put(frame, message, strlen(message));
        }
}

static void put_settings(Frames *frames, Frame *frame) {
        static const uint32_t values[] = { 0,     1,     10,         100,       16383,
                                           16384, 65535, 0x7fffffff, 0xffffffff };

        for (unsigned i = pick(frames, 4); i > 0; --i) {
                put_byte(frame, 0);
                put_byte(frame, 1 + pick(frames, 9));
                put_number(frame, values[pick(frames, ELEMENTSOF(values))]);
        }
}

static void fill(Frames *frames, Frame *frame) {
        static const uint32_t windows[] = { 0, 1, 5, 1000, 65535, 0x7fffffff, 0xffffffff };

        frame->n_payload = 0;
        switch (frame->type) {
        case DATA:
                put_body(frames, frame);
                break;
        case HEADERS:
                put_head(frames, frame);
                break;
        case CONTINUATION:
                put_lines(frames, frame, pick(frames, 4));
                break;
        case PRIORITY:
                put_number(frame, pick(frames, 16));
                put_byte(frame, pick(frames, 256));
                break;
        case RST_STREAM:
                put_number(frame, pick(frames, 15));
                break;
        case SETTINGS:
                if (!(frame->flags & 1))
                        put_settings(frames, frame);
                break;
        case PUSH_PROMISE:
                put_number(frame, 2 * (1 + pick(frames, 4)));
                put_head(frames, frame);
                break;
        case PING:
                put(frame, "12345678", 8);
                break;
        case GOAWAY:
                put_number(frame, pick(frames, 12));
                put_number(frame, pick(frames, 15));
                break;
        case WINDOW_UPDATE:
                put_number(frame, windows[pick(frames, ELEMENTSOF(windows))]);
                break;
        default:
                break;
        }
}

static uint32_t pick_stream(Frames *frames) {
        static const uint8_t streams[] = { 0, 1, 1, 1, 3, 3, 5, 7, 9, 2, 4, 255 };

        return streams[pick(frames, ELEMENTSOF(streams))];
}

static uint8_t pick_flags(Frames *frames) {
        static const uint8_t flags[] = { 0,
                                         END_STREAM,
                                         END_HEADERS,
                                         END_HEADERS,
                                         END_STREAM | END_HEADERS,
                                         PADDED,
                                         PADDED | END_HEADERS,
                                         HAS_PRIORITY | END_HEADERS };

        return flags[pick(frames, ELEMENTSOF(flags))];
}

static void make(Frames *frames, Frame *frame) {
        static const uint8_t types[] = { HEADERS, HEADERS, HEADERS, DATA, DATA, DATA };

        *frame = (Frame){ .flags = pick_flags(frames), .stream = pick_stream(frames) };
        frame->type = (uint8_t)(pick(frames, 2) ? types[pick(frames, ELEMENTSOF(types))]
                                                : pick(frames, TYPES));
        if (frame->type == SETTINGS || frame->type == PING || frame->type == GOAWAY)
                frame->stream = 0;
        /* most padding is a lie, and a lie about padding ends the connection */
        if (frame->flags & PADDED && pick(frames, 4) > 0)
                frame->flags &= (uint8_t)~PADDED;
        if (frame->flags & HAS_PRIORITY)
                frame->flags &= (uint8_t)~HAS_PRIORITY;
        fill(frames, frame);
}

/* Changes */

static void insert(Frames *frames) {
        const size_t at = pick(frames, (unsigned)frames->n_items + 1);

        if (frames->n_items == FRAMES_MAX)
                return;
        memmove(&frames->items[at + 1], &frames->items[at], (frames->n_items - at) * sizeof(Frame));
        ++frames->n_items;
        if (frames->n_items > 1 && pick(frames, 3) == 0)
                frames->items[at] = frames->items[pick(frames, (unsigned)frames->n_items)];
        else
                make(frames, &frames->items[at]);
}

static void erase(Frames *frames) {
        const size_t at = pick(frames, (unsigned)frames->n_items);

        --frames->n_items;
        memmove(&frames->items[at], &frames->items[at + 1], (frames->n_items - at) * sizeof(Frame));
}

static void swap(Frames *frames) {
        Frame *a = &frames->items[pick(frames, (unsigned)frames->n_items)],
              *b = &frames->items[pick(frames, (unsigned)frames->n_items)];
        const Frame kept = *a;

        *a = *b;
        *b = kept;
}

/* One frame becomes two of its kind; the head of a request, one and a CONTINUATION. */
static void split(Frames *frames) {
        const size_t at = pick(frames, (unsigned)frames->n_items);
        Frame *first = &frames->items[at], *second = first + 1;
        const size_t n_first = pick(frames, (unsigned)first->n_payload + 1);

        if (frames->n_items == FRAMES_MAX)
                return;
        memmove(second + 1, second, (frames->n_items - at - 1) * sizeof(Frame));
        ++frames->n_items;
        *second = *first;
        second->n_payload -= n_first;
        memmove(second->payload, first->payload + n_first, second->n_payload);
        first->n_payload = n_first;
        if (first->type == HEADERS) {
                second->type = CONTINUATION;
                second->flags &= END_HEADERS;
                first->flags &= (uint8_t)~END_HEADERS;
        } else {
                first->flags &= (uint8_t)~END_STREAM;
        }
}

static void change(Frames *frames) {
        Frame *frame = &frames->items[pick(frames, (unsigned)frames->n_items)];

        switch (pick(frames, 5)) {
        case 0:
                frame->flags = pick_flags(frames);
                break;
        case 1:
                frame->stream = pick_stream(frames);
                break;
        case 2:
                fill(frames, frame);
                break;
        case 3:
                frame->flags ^= (uint8_t)(pick(frames, 2) ? END_STREAM : END_HEADERS);
                break;
        default:
                frame->n_payload = LLVMFuzzerMutate(frame->payload, frame->n_payload, PAYLOAD_MAX);
                break;
        }
}

static void mutate(Frames *frames) {
        const unsigned which = pick(frames, 8);

        if (frames->n_items == 0 || which < 2)
                insert(frames);
        else if (which == 2)
                erase(frames);
        else if (which == 3)
                swap(frames);
        else if (which == 4)
                split(frames);
        else
                change(frames);
}

size_t frames_mutate(const FrameWords *words,
                     uint8_t *data,
                     size_t size,
                     size_t max_size,
                     unsigned seed,
                     size_t n_front) {
        static Frames frames;

        frames.words = words;
        frames.state = seed;
        frames.n_items = 0;
        if (size < n_front || max_size <= n_front || pick(&frames, 10) == 0)
                return LLVMFuzzerMutate(data, size, max_size);
        if (pick(&frames, 10) == 0) {
                (void)LLVMFuzzerMutate(data, n_front, n_front);
                return size;
        }
        parse(&frames, data + n_front, size - n_front);
        for (unsigned i = 1 + pick(&frames, 3); i > 0; --i)
                mutate(&frames);
        return n_front + put_all(&frames, data + n_front, max_size - n_front);
}

#endif
