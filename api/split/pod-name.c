/* SPDX-License-Identifier: Apache-2.0 */
#include "split/pod-name.h"

#include <stddef.h>
#include <string.h>

#include "split/pod.h"

#define DNS_LABEL_MAX     63u
#define DNS_SUBDOMAIN_MAX 253u

static bool is_lower_or_digit(char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_dns_label(const char *text, size_t n) {
        if (n == 0 || !is_lower_or_digit(text[0]) || !is_lower_or_digit(text[n - 1]))
                return false;
        for (size_t i = 0; i < n; ++i)
                if (!is_lower_or_digit(text[i]) && text[i] != '-')
                        return false;
        return true;
}

static bool is_short_dns_label(const char *text) {
        return strlen(text) <= DNS_LABEL_MAX && is_dns_label(text, strlen(text));
}

static bool is_dns_subdomain(const char *text) {
        if (strlen(text) > DNS_SUBDOMAIN_MAX)
                return false;
        for (;;) {
                const size_t n = strcspn(text, ".");

                if (!is_dns_label(text, n))
                        return false;
                if (text[n] == '\0')
                        return true;
                text += n + 1;
        }
}

bool pod_is_uid(const char *text) {
        const size_t n = strlen(text);

        for (size_t i = 0; i < n; ++i)
                if (!is_lower_or_digit(text[i]) && !(text[i] >= 'A' && text[i] <= 'Z') &&
                    text[i] != '-')
                        return false;
        return n > 0 && n < POD_UID_MAX;
}

bool pod_is_namespace(const char *text) {
        return is_short_dns_label(text);
}

bool pod_is_name(const char *text) {
        return is_dns_subdomain(text);
}

bool pod_is_container_name(const char *text) {
        return is_short_dns_label(text);
}
