/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Reserved quantities
 *
 * All return 0, CONFIG_E_INVALID with the diag set, or -ENOMEM.
 */
#include "base/quantity.h"
#include "config/bind.h"
#include "config/config.h"

/* A quantity that is not negative, of at most CONFIG_SETTING_MAX - 1 characters. */
_must_check_ int reserved_parse_quantity(const BindFile *file,
                                         const YamlNode *key,
                                         const YamlNode *value,
                                         Quantity *ret);
/* The same as bytes, and the same above zero. */
_must_check_ int reserved_parse_bytes(const BindFile *file,
                                      const YamlNode *key,
                                      const YamlNode *value,
                                      uint64_t *ret);
_must_check_ int reserved_parse_positive(const BindFile *file,
                                         const YamlNode *key,
                                         const YamlNode *value,
                                         uint64_t *ret);

/* reservedMemory; @ret is owned by the caller, NULL when there are no entries. */
_must_check_ int reserved_parse_memory(const BindFile *file,
                                       const YamlNode *key,
                                       const YamlNode *value,
                                       ConfigReservedMemory **ret,
                                       size_t *ret_n);
