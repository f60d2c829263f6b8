#!/bin/sh
# Installs the pinned tools into the folder $1, once for each version.
set -eu
bin=$1
mkdir -p "$bin"
install() { # name, package@version
	[ "$(cat "$bin/.$1" 2>/dev/null)" = "$2" ] && [ -x "$bin/$1" ] && return
	echo "installing $2"
	GOBIN=$bin GOFLAGS= "${GO:-go}" install "$2"
	echo "$2" >"$bin/.$1"
}
install protoc-gen-go google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
install protoc-gen-go-grpc google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
install buf github.com/bufbuild/buf/cmd/buf@v1.75.0
install golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
