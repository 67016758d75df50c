/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Callers of a slugd, each on a connection of its own, one call at a time each
 *
 * Times are from the call to its end. A call that fails ends the program.
 */
#include <stddef.h>

#define CALLERS_MAX 64u

/* Where times are kept; those beyond @max are not. */
typedef struct Times {
        double *seconds;
        size_t n, max;
} Times;

void times_init(Times *times, size_t max);
void times_deinit(Times *times);

typedef struct Callers Callers;

/* Connected, and answered once. */
Callers *callers_new(const char *socket_path, size_t n_callers);
Callers *callers_free(Callers *callers);

/* Every one of them makes claims and gives each back, @n_claims times. */
void callers_claim(Callers *callers, size_t n_claims, Times *allocate, Times *release);
/* One of them makes claims that stay. */
void callers_keep_claims(Callers *callers, size_t n_claims);
/* Every one of them asks for hints, in mode slug. */
void callers_ask_hints(Callers *callers, size_t n_calls, Times *times);
