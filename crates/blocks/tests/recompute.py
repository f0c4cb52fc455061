"""Recomputes hallmarkBlocks1 from FORMAT.md alone, with nothing but the standard library.

usage: recompute.py DISK...      prints one digest a line
"""

import hashlib
import os
import struct
import sys

BLOCK = 524288
GIB = 1 << 30
ZEROS = bytes(BLOCK)


def data(file, offset):
    """Where the next stored byte is; holes need not be read to be known to be zero."""
    try:
        return os.lseek(file.fileno(), offset, os.SEEK_DATA)
    except OSError:
        return None


def digest(path):
    size = os.path.getsize(path)
    whole = -(-size // GIB) * GIB
    disk = hashlib.sha256(b"hallmarkBlocks1\n" + struct.pack("<IQ", BLOCK, whole))
    with open(path, "rb", buffering=0) as file:
        index = 0
        while (offset := data(file, index * BLOCK)) is not None:
            index = offset // BLOCK
            block = os.pread(file.fileno(), BLOCK, index * BLOCK).ljust(BLOCK, b"\0")
            if block != ZEROS:
                disk.update(struct.pack("<Q", index) + hashlib.sha256(block).digest())
            index += 1
    return disk.hexdigest()


for path in sys.argv[1:]:
    print(digest(path))
