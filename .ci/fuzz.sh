#!/bin/sh
# Runs every fuzz target of the module for the time $1 each, one after another.
set -eu
for pkg in $("${GO:-go}" list ./...); do
	for target in $("${GO:-go}" test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true); do
		echo "fuzz $pkg $target"
		"${GO:-go}" test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "$pkg"
	done
done
