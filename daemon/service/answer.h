/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * How calls end that could not be answered. Inside this folder only.
 */
#include "rpc/method.h"

void answer_fail_memory(RpcCall *call);
