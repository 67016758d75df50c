/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

Suite *suite(void) {
        return suite_create("pods-inventory");
}
