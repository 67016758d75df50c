/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A unit test is one file that defines suite(); test-main.c owns main() and speaks TAP. */
#include <check.h>

Suite *suite(void);
