#include "lib/test-main.h"
Suite *suite(void) {
        return suite_create("x");
}
