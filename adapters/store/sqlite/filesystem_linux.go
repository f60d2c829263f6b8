// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// remote are the file systems whose locks and shared memory do not hold between
// machines (SQLite, "Write-Ahead Logging", section 1: all processes must be on the same host).
var remote = map[int64]string{
	unix.NFS_SUPER_MAGIC:  "NFS",
	unix.SMB_SUPER_MAGIC:  "SMB",
	unix.SMB2_SUPER_MAGIC: "SMB",
	unix.CIFS_SUPER_MAGIC: "CIFS",
	unix.AFS_SUPER_MAGIC:  "AFS",
	unix.CEPH_SUPER_MAGIC: "Ceph",
	unix.V9FS_MAGIC:       "9P",
}

func checkFileSystem(dir string) error {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return fmt.Errorf("look at the file system: %w", err)
	}
	return refuseRemote(int64(s.Type)) //nolint:unconvert // an int32 on some processors
}

func refuseRemote(kind int64) error {
	if name, is := remote[kind]; is {
		return fmt.Errorf("it is on a network file system (%s); SQLite needs a local disk", name)
	}
	return nil
}
