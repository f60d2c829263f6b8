// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package protocoltest

func family(int, string, []member) (members []member, ok bool) { return nil, false }

func (member) kill() {}

func resident(int) (n int64, ok bool) { return 0, false }
