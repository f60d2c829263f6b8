// SPDX-License-Identifier: Apache-2.0

//go:build race

package sqlite

// raced says that the race detector looks on, beside which everything takes ten times as long.
const raced = true
