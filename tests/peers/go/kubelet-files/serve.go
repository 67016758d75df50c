// SPDX-License-Identifier: Apache-2.0

package main

func serve(o *options)   {}
func burn(socket string) {}
