/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What the kubelet was told
 *
 * Its file, its drop-ins and its flags, found, read and merged as the kubelet does it.
 */
#include "base/root.h"
#include "config/config.h"

/*
 * @config: has the places that slugd.yaml names; everything else in it is filled, or left as it is.
 * @files: every file that was looked at is noted.
 *
 * Return: 0, CONFIG_E_* with @reterr set and the defaults in @config, or -ENOMEM.
 */
_must_check_ int
told_load(const Root *root, KubeletConfig *config, ConfigFiles *files, Diag *reterr);
