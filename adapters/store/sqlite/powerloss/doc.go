// SPDX-License-Identifier: Apache-2.0

// Package powerloss watches what SQLite does to its files, makes operations fail, and says what a
// disk may have of the files after a loss of power. Tests of the store use it; a host does not.
//
// The Recorder is a layer below SQLite (a VFS) that hands everything on to SQLite's own for Unix
// and writes down, in order, whatever changes a file or a folder or makes a change durable.
// A Disk follows that log, and keeps apart what was synced and what was not.
//
// What it believes of disks: what was synced stays; of the rest each write, each change of a
// file's length and each name in the folder is there or not, whatever the order; a write may be there for
// some of its sectors of 512 bytes alone; bytes outside a write are never touched by it. A sync
// that failed makes nothing durable, and a later one does not make up for it.
package powerloss
