// SPDX-License-Identifier: Apache-2.0

// Package settings holds what an operator wrote for a backend to the JSON Schema
// that its plugin gives.
//
// A schema is a stranger's text. It is bounded in size, depth and what it unfolds
// to, its regular expressions are RE2 and short, it refers to nothing outside
// itself, and nothing is ever loaded. So reading one costs a known amount at most.
//
// Settings and secrets are one object to the schema. A property with
// "writeOnly": true is a secret: it is text, it stands at the top level, and config
// lists it under secrets. Any other property belongs under settings.
//
// Invariant: no mistake repeats a value, whether it is a secret or not. The package
// knows nothing of processes, and never asks what a setting is for.
package settings
