# SPDX-License-Identifier: Apache-2.0
"""Where a test's bank lies: in memory where there is room, since each of its commits waits for the disk, and no test
asks anything that only a disk can answer. Whoever sets TMPDIR has it there."""
import os

ROOM = 1 << 29  # bytes; many banks at a time


def place(memory="/dev/shm"):
    """For tempfile; None: wherever it puts it."""
    if "TMPDIR" in os.environ or not os.access(memory, os.W_OK | os.X_OK):
        return None
    room = os.statvfs(memory)
    if room.f_flag & os.ST_NOEXEC:  # as in a container; some tests put a module beside the bank
        return None
    return memory if room.f_bavail * room.f_frsize >= ROOM else None
