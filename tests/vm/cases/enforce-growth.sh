#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Memory that grows to more than the 200 MiB that may be local: the rest is on slower NUMA nodes while it grows, and soon all of it.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/enforce.sh
. /run/slug-test/enforce.sh
# shellcheck source=tests/vm/guest/scenarios.sh
. /run/slug-test/scenarios.sh

start_holding
start_foreign
slow_growth
quick_growth
end_foreign
done_testing
