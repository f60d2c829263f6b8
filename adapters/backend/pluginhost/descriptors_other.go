// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package pluginhost

// keepToOurselves lets no program that we start inherit a descriptor by itself.
func keepToOurselves() error { return keepListed("/dev/fd") }
