/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waits. It stands in for a kubelet where only its name, its command line and its files matter, and
 * is the first process of every pod.
 */
#include <unistd.h>

int main(void) {
        return pause();
}
