"""Everything that is mended in moto, in one list."""

from . import blocks, grants, images, key_pairs, keys, objects, parameters, sessions, snapshots, tags

ALL = (sessions, tags, keys, key_pairs, snapshots, images, blocks, parameters, grants, objects)


def apply():
    for part in ALL:
        part.apply()
