/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/test-main.h"

#include <stdlib.h>

int main(void) {
        SRunner *runner = srunner_create(suite());
        int n_failed;

        srunner_set_tap(runner, "-");
        srunner_run_all(runner, CK_SILENT);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
