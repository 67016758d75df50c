// SPDX-License-Identifier: Apache-2.0
// Nothing: a package with a function that has no body needs a file in assembly.
