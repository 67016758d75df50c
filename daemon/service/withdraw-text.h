/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What slugd --withdraw prints: a line for each knob and each setting of the machine. */
#include "base/buffer.h"
#include "service/qos-view.h"

/* Failure is the buffer's. Return: how many could not be put back. */
size_t withdraw_text_append(const QosWithdrawal *withdrawal, Buffer *buffer);
