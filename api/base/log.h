/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Structured logging
 *
 * An entry is a level, a message id, fields from the dictionary in log.c, and a text that reads
 * alone. It goes to the journal when standard error is the journal's, and otherwise to standard
 * error: as text for a person, as one JSON object a line for a machine. The log and main's
 * arguments are the only globals of the project.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <syslog.h>

#include "base/cleanup.h"
#include "base/messages.h"

typedef enum LogTarget {
        LOG_TARGET_AUTO, /* the journal if standard error leads there, else text on a terminal, else
                            JSON */
        LOG_TARGET_JOURNAL,
        LOG_TARGET_TEXT,
        LOG_TARGET_JSON,
        _LOG_TARGET_N,
} LogTarget;

typedef struct LogField {
        const char *name; /* from the dictionary */
        const char *text; /* used when not NULL */
        uint64_t number;  /* used otherwise */
} LogField;

#define LOG_FIELDS_MAX 12u

void log_init(const char *identifier, LogTarget target, int max_level);
LogTarget log_get_target(void);
bool log_parse_level(const char *text, int *ret);

void log_entry(int level,
               const char *message_id,
               const char *file,
               int line,
               const char *function,
               const LogField *fields,
               size_t n_fields,
               const char *format,
               ...) _printf_(8, 9);

/* log_event(LOG_NOTICE, SLUG_MESSAGE_STARTED, LOG_WITH({ "SLUG_NODE", .number = 3 }), "text %d", 1)
 */
#define LOG_WITH(...)                                                                              \
        (const LogField[]){ __VA_ARGS__ }, ELEMENTSOF(((const LogField[]){ __VA_ARGS__ }))
#define LOG_PLAIN NULL, 0

#define log_event(level, message_id, fields, ...)                                                  \
        log_entry_with(level, message_id, fields, __VA_ARGS__)
#define log_entry_with(level, message_id, fields, n_fields, ...)                                   \
        log_entry(level, message_id, __FILE__, __LINE__, __func__, fields, n_fields, __VA_ARGS__)
#define log_debug(...)                                                                             \
        log_entry(LOG_DEBUG, NULL, __FILE__, __LINE__, __func__, NULL, 0, __VA_ARGS__)
