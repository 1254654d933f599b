"""A file system that can be full and have room again. It is mounted for this thread and what it starts
alone, so that it goes with the last of them, however that ends."""
import contextlib
import ctypes
import os
import subprocess

import pytest
from client import until

CLONE_NEWNS = 0x20000
libc = ctypes.CDLL(None, use_errno=True)


def mount(*how):
    """Why it failed, or nothing."""
    done = subprocess.run(["mount", *how], capture_output=True, text=True, check=False)
    return done.returncode and (done.stderr.strip() or "mount failed")


class Disk:
    def __init__(self, place, size):
        self.place, self.size = place, size

    def resize(self, size):
        return not mount("-o", f"remount,size={size}", self.place)

    def used(self):
        s = os.statvfs(self.place)
        return (s.f_blocks - s.f_bfree) * s.f_frsize

    def fill(self):
        """Nothing can be added from now on; what has its room can be written."""
        until(lambda: self.resize(self.used()), what="the disk is full")

    def make_room(self):
        assert self.resize(self.size)


@contextlib.contextmanager
def mounted(place, size):
    """A Disk of `size` bytes at `place`, which is made; the test is skipped where nobody may mount."""
    place.mkdir(parents=True)
    outside, root, back_to = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY), os.open("/", os.O_RDONLY), os.getcwd()
    if libc.unshare(CLONE_NEWNS) != 0:
        os.close(outside)
        os.close(root)
        pytest.skip(f"no mounts of one's own are permitted: {os.strerror(ctypes.get_errno())}")
    try:
        refused = mount("--make-rslave", "/") or mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", place)
        if refused:
            pytest.skip(f"mounting is not permitted: {refused}")
        yield Disk(place, size)
    finally:
        assert libc.setns(outside, CLONE_NEWNS) == 0, os.strerror(ctypes.get_errno())
        os.fchdir(root)  # that of the namespace is another one in a chroot
        os.chroot(".")
        os.close(outside)
        os.close(root)
        os.chdir(back_to)
