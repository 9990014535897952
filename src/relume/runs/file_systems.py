"""Which file systems several machines share."""

from __future__ import annotations

import os
from pathlib import Path

SHARED = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "lustre", "gpfs", "beegfs"}
    | {"glusterfs", "ocfs2", "gfs2", "9p", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs"}
    | {"fuse.rclone", "fuse.ceph", "fuse.juicefs"}
)
"""Names of file systems that lie on another machine, as Linux calls them."""
MOUNTS = Path("/proc/self/mounts")


def is_shared_by_machines(folder: Path, *, mounts: Path = MOUNTS) -> bool:
    """Tell whether a folder lies on a network file system; where no list tells, it does not."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return False
    place = os.path.realpath(folder)
    best, kind = "", ""
    for line in lines:
        _, point, name, *_ = line.split(" ")
        point = point.replace("\\040", " ").replace("\\134", "\\")
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, name
    return kind in SHARED
