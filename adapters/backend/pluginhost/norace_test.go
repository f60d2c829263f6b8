// SPDX-License-Identifier: Apache-2.0

//go:build !race

package pluginhost_test

const raced = 1
