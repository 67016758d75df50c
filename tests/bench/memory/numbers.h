/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Numbers of a benchmark
 */
#include <stddef.h>

double numbers_now(void); /* seconds */
double
numbers_get(double *values, size_t n, double part); /* 0.5: the median; sorts them; 0 of none */
