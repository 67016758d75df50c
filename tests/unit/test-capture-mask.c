/* SPDX-License-Identifier: Apache-2.0 */
/* What a mask leaves of a text. */
#include <string.h>

#include "lib/test-main.h"
#include "slugctl/capture-mask.h"

static CaptureMask mask;
static Buffer buffer;

static void setup(void) {
        mask = (CaptureMask){};
        buffer = (Buffer){};
}

static void teardown(void) {
        capture_mask_deinit(&mask);
        buffer_deinit(&buffer);
}

static const struct {
        CaptureTransform *transform;
        const char *text, *masked;
} rows[] = {
        /* lines stay lines; comments and empty lines end no block */
        { mask_kubelet_file, "systemReserved:\n\n# secret\n  memory: 1Gi\n",
          "systemReserved:\n\n\n  memory: 1Gi\n" },
        { mask_kubelet_file, "systemReserved:\n  # secret\n  memory: 1Gi # secret\n",
          "systemReserved:\n\n  memory: 1Gi\n" },
        { mask_kubelet_file, "staticPodURL: secret\nkind: K\n", "\nkind: K\n" },
        { mask_kubelet_file, "clusterDNS:\n- secret\n\n- secret\nkind: K\n", "\n\n\n\nkind: K\n" },
        { mask_kubelet_file, "reservedMemory:\n- numaNode: 0\n  limits: {memory: 1Gi}\n",
          "reservedMemory:\n- numaNode: 0\n  limits: {memory: 1Gi}\n" },
        { mask_kubelet_file, "evictionHard: {memory.available: '5%'}\n",
          "evictionHard: {memory.available: '5%'}\n" },
        { mask_kubelet_file, "{\"kind\": \"K\",\n \"staticPodURL\": \"secret\"}\n", "\n\n" },
        { mask_kubelet_file, "kind: K", "kind: K\n" },
        { mask_kubelet_file, "", "" },
        { mask_slugd_file, "nodeName: secret\nsocket: /s\n", "\nsocket: /s\n" },
        { mask_slugd_file, "classify: [{cxlSerial: 0xabc0, locality: remote}]\n",
          "classify: [{cxlSerial: 0x1, locality: remote}]\n" },
        { mask_slugd_file, "- cxlSerial: '43968'\n- cxlSerial: 0xabc0\n- cxlSerial: 7\n",
          "- cxlSerial: 0x1\n- cxlSerial: 0x1\n- cxlSerial: 0x2\n" },
        { mask_slugd_file, "{nodeName: secret}\n", "\n" },
        { mask_serial, "0xabc0\n", "0x1\n" },
        { mask_host_name, "secret\n", "node\n" },
        { mask_nothing_left, "secret\n", "\n" },
        { mask_paths, "../pci0000:0c/0000:0d:00.0/mem0", "../pci0000:01/0000:02:00.0/mem0" },
        { mask_paths, "0000:0d:00.0 0000:0e:00.0 0000:0d:00.0",
          "0000:01:00.0 0000:02:00.0 0000:01:00.0" },
        { mask_paths, "sys/devices/system/node/node0", "sys/devices/system/node/node0" },
};

START_TEST(a_mask_hides_what_it_should_and_nothing_else) {
        rows[_i].transform(&mask, rows[_i].text, strlen(rows[_i].text), &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_str_eq(buffer.data, rows[_i].masked);
}
END_TEST

#define ARGUMENTS(text) text, sizeof(text)

static const struct {
        const char *text;
        size_t n_text;
        const char *masked;
        size_t n_masked;
} lines[] = {
        { ARGUMENTS("kubelet"), ARGUMENTS("kubelet") },
        { ARGUMENTS("kubelet\0--node-ip=10.0.0.1\0--config=/c"),
          ARGUMENTS("kubelet\0--config=/c") },
        { ARGUMENTS("kubelet\0--config\0/c\0--node-ip\00010.0.0.1"),
          ARGUMENTS("kubelet\0--config\0/c") },
        { ARGUMENTS("kubelet\0--config-dir-secret=x\0secret"), ARGUMENTS("kubelet") },
        { ARGUMENTS("kubelet\0--cgroups-per-qos\0--v=5"), ARGUMENTS("kubelet\0--cgroups-per-qos") },
};

START_TEST(of_a_command_line_only_the_flags_that_are_read_stay) {
        mask_command_line(&mask, lines[_i].text, lines[_i].n_text, &buffer);
        ck_assert_int_eq(buffer_finish(&buffer), 0);
        ck_assert_uint_eq(buffer.n_data, lines[_i].n_masked);
        ck_assert_mem_eq(buffer.data, lines[_i].masked, lines[_i].n_masked);
}
END_TEST

Suite *suite(void) {
        Suite *s = suite_create("capture-mask");
        TCase *t = tcase_create("mask");

        tcase_add_checked_fixture(t, setup, teardown);
        tcase_add_loop_test(t, a_mask_hides_what_it_should_and_nothing_else, 0, ELEMENTSOF(rows));
        tcase_add_loop_test(t, of_a_command_line_only_the_flags_that_are_read_stay, 0,
                            ELEMENTSOF(lines));
        suite_add_tcase(s, t);
        return s;
}
