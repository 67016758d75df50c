#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All kinds of memory that a container can have, against a ceiling of 200 MiB; one of them shrinks.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/enforce.sh
. /run/slug-test/enforce.sh
# shellcheck source=tests/vm/guest/scenarios.sh
. /run/slug-test/scenarios.sh

start_holding
start_foreign
all_kinds_of_memory
end_foreign
done_testing
