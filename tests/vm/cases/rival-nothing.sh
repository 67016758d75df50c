#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The scenarios without anybody who holds the split, for the table in README.md.
# shellcheck disable=SC2034 # enforce.sh's
holder=nothing
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/enforce.sh
. /run/slug-test/enforce.sh
# shellcheck source=tests/vm/guest/scenarios.sh
. /run/slug-test/scenarios.sh

# what is held up for good is seen as it is then
patience=30
every_scenario
done_testing
