#!/usr/bin/env bash
# Makes internal/bindings and internal/wit from wit/: run it when the contract or wit-bindgen changes.
#
#   cargo install --locked wit-bindgen-cli@0.63.0
#   internal/generate.sh
#
# The module that the bindings refer to comes inside wit-bindgen's crate; it is copied, so that a plugin's module has
# one `replace` and needs no module proxy. What async functions need is left out: it wants a patched Go.
set -euo pipefail
cd "$(dirname "$0")/.."
crate=$(ls -d "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/wit-bindgen-go-0.63.0 | head -1)
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
wit-bindgen go wit -w plugin --pkg-name pipefitter/internal/bindings --format=false --out-dir "$made" --quiet
rm -rf internal/bindings internal/wit
mkdir -p internal/bindings/handler internal/wit
cp -r "$made"/imports/* "$made/exports/wit_exports" internal/bindings
cp -r "$crate"/src/pkg/wit/{runtime,types} "$crate/src/pkg/LICENSE" internal/wit
rm -r internal/wit/types/{future,stream}.go internal/bindings/pipefitter_action_handler
find internal/bindings internal/wit -name '*.s' -delete
find internal/bindings internal/wit -name '*.go' -exec sed -i \
    -e 's#go.bytecodealliance.org/pkg/wit/#pipefitter/internal/wit/#' \
    -e 's#pipefitter/internal/bindings/imports/#pipefitter/internal/bindings/#' \
    -e 's#pipefitter/internal/bindings/exports/export_pipefitter_action_handler#pipefitter/internal/bindings/handler#' \
    -e 's#export_pipefitter_action_handler\.#handler.#' \
    -e '0,/^package /s/^package /\/\/go:build wasip1\n\npackage /' {} +
cat > internal/bindings/handler/handler.go <<'GO'
//go:build wasip1

// Package handler is where the generated export finds the plugin.
package handler

import (
	types "pipefitter/internal/bindings/pipefitter_action_types"
	wit "pipefitter/internal/wit/types"
)

// Run runs a job; package pipefitter sets it.
var Run func(types.Job) wit.Result[types.Outcome, types.Failure]
GO
gofmt -w internal
