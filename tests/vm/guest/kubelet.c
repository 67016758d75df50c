/* SPDX-License-Identifier: Apache-2.0 */
/* Stands in for a kubelet where only its name, its command line and its files matter: it waits. */
#include <unistd.h>

int main(void) {
        return pause();
}
