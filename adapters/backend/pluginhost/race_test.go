// SPDX-License-Identifier: Apache-2.0

//go:build race

package pluginhost_test

// raced is how many times the memory the race detector may cost.
const raced = 2
