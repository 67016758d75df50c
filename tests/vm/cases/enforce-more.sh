#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Splits where it is not so easy: growth as fast as it goes, more that is hot than may be local, several who want the same, a node
# that is full and one that is free again, and swap.
# shellcheck source=tests/vm/guest/lib.sh
. /run/slug-test/lib.sh
# shellcheck source=tests/vm/guest/enforce.sh
. /run/slug-test/enforce.sh
# shellcheck source=tests/vm/guest/scenarios.sh
. /run/slug-test/scenarios.sh

start_holding
start_foreign
where_it_is_hard
done_testing
