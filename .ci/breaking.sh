#!/bin/sh
# Holds the plugin protocol to what the last release promised, and the check itself to
# planted breaches: a gate that lets everything through looks like one that has nothing to refuse.
#   breaking.sh TOOLS
set -eu
buf=$1/buf
cd "$(dirname "$0")/../plugins/protocol"
"$buf" breaking --against testdata/released

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
planted() { # what the gate must say, what is done, an edit for sed
	rm -rf "$copy/p" && mkdir -p "$copy/p" && cp -R buf.yaml v1 testdata "$copy/p"
	sed "$3" testdata/released/v1/backend.proto >"$copy/p/v1/backend.proto"
	if cmp -s testdata/released/v1/backend.proto "$copy/p/v1/backend.proto"; then
		echo "breaking.sh: the edit '$2' finds nothing to edit any more" >&2
		exit 1
	fi
	if (cd "$copy/p" && "$buf" breaking --against testdata/released) >"$copy/said" 2>&1; then said=allowed; else said=refused; fi
	[ "$said" = "$1" ] && return
	echo "breaking.sh: $2 is $said, and should be $1" >&2
	cat "$copy/said" >&2
	exit 1
}
planted refused "a field that is gone" '/^  string reference = 3;$/d'
planted refused "a field of another type" 's/^  bool demo = 5;$/  string demo = 5;/'
planted refused "a field of another number" 's/^  int64 got = 4;$/  int64 got = 5;/'
planted refused "a call that is gone" '/^  rpc Check(/d'
planted refused "a call of carts that is gone" '/^  rpc Change(/d'
planted refused "a field of delivery that is gone" '/^  repeated string options = 4;$/d'
planted refused "a service of another name" 's/^service Orders /service Purchases /'
planted allowed "a new field" 's/^  int64 got = 4;$/&\n  string note = 5;/'
planted allowed "a new call" 's/^  rpc Check(.*$/&\n  rpc Recheck(CheckRequest) returns (CheckResponse);/'
