"""Who runs a video, and whether they still live."""

import os
import platform
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "lustre", "gpfs", "beegfs", "ceph", "gluster", "fuse.sshfs", "davfs")
"""How file systems are called that several machines share."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, for others to find out about."""

    host: str
    """Machine, boot and process namespace: a pid means something in there only."""
    pid: int
    started: float
    """When it began, Unix seconds: pids are used again."""

    @classmethod
    def this_process(cls) -> "Owner":
        """The process that asks."""
        process = psutil.Process()
        return cls(_here(), process.pid, process.create_time())

    def may_live(self) -> bool:
        """False when it has certainly ended; True also when it runs, or ran, where that cannot be seen from here."""
        if self.host != _here():
            return True
        try:
            process = psutil.Process(self.pid)
            return abs(process.create_time() - self.started) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            return True


def _here() -> str:
    parts = [platform.node()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    if len(parts) == 1:
        parts += [f"{uuid.getnode():x}", f"{psutil.boot_time():.0f}"]
    return " ".join(parts)


def network_folder(folder: Path) -> bool:
    """Whether a folder lies on a file system that other machines may write to at the same time."""
    path = os.path.realpath(folder)
    best, kind = "", ""
    with suppress(OSError):
        for part in psutil.disk_partitions(all=True):
            inside = path == part.mountpoint or path.startswith(part.mountpoint.rstrip(os.sep) + os.sep)
            if inside and len(part.mountpoint) >= len(best):
                best, kind = part.mountpoint, part.fstype
    return kind.lower().startswith(_NETWORK)
