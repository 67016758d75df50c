/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything as slugd.yaml, as the kubelet's file, or as the command line of a kubelet: the first
 * byte says which. Either there is a configuration, or a diagnostic that says why not.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "config/config.h"
#include "lib/folder.h"

static Folder folder;

static void remove_folder(void) {
        folder_remove(&folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char *const files[] = { "etc/slug/slugd.yaml", "var/lib/kubelet/config.yaml",
                                             "proc/7/cmdline" };
        _cleanup_(root_deinitp) Root root = ROOT_NULL;
        _cleanup_(config_freep) Config *config = NULL;
        const char *file;
        Diag diag = {};
        int r;

        if (size < 1)
                return 0;
        if (!folder.path[0]) {
                folder = folder_new();
                folder_write(&folder, "proc/7/comm", "kubelet\n");
                folder_write(&folder, "proc/7/stat",
                             "7 (kubelet) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0\n");
                (void)atexit(remove_folder);
        }
        file = files[data[0] % ELEMENTSOF(files)];
        folder_write_bytes(&folder, file, data + 1, size - 1);
        if (root_init(&root, folder.path))
                abort();
        r = config_load(&root, NULL, &config, &diag);
        if (r == 0 ? config == NULL : (r != CONFIG_E_INVALID || !diag.text[0]))
                abort();
        folder_delete(&folder, file);
        return 0;
}
