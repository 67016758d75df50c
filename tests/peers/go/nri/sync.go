// SPDX-License-Identifier: Apache-2.0

//go:build !nri06

package main

// hasParts: a state that is larger than a message may be is told in several.
const hasParts = true

// started: it asks for its state once for no plugin.
func (r *runtime) started() { <-r.synced }

// settle waits for a plugin that is synchronized to be one of those that are called.
func (r *runtime) settle() { r.BlockPluginSync().Unblock() }
