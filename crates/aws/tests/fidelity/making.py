"""`POST make`: images with given blocks, snapshots and keys, made at once and without a call of AWS."""

import base64

from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends

from . import image as images, keys, snapshots, world
from .blocks import SIZE
from .world import Unknown

COMMON = {"account", "region"}
IMAGE = COMMON | {"name", "description", "size_gib", "blocks", "kms_key", "encrypted", "tags", "snapshot_tags", "architecture",
                  "root_device_name", "boot_mode", "imds_support", "tpm_support", "ena_support", "launch_permissions",
                  "snapshot_users"}


def make(what):
    """`{"image": {…}}`, `{"snapshot": {…}}` or `{"key": {…}}`; a body without one of these is an image's."""
    kinds = {"image": make_image, "snapshot": make_snapshot, "key": make_key}
    kind = next(iter(what)) if len(what) == 1 and next(iter(what)) in kinds else None
    asked = dict(what[kind] if kind else what)
    asked.setdefault("account", "123456789012")
    asked.setdefault("region", "us-east-1")
    # What a test begins with is there from the beginning.
    settings = world.current().settings
    world.current().settings = {**settings, **{name: {"looks": 0, "ms": 0} for name in settings
                                               if isinstance(settings[name], dict) and "looks" in settings[name]}}
    try:
        return kinds[kind or "image"](asked)
    finally:
        world.current().settings = settings


def hold(asked, allowed):
    unknown = set(asked) - allowed
    if unknown:
        raise Unknown(f"what is to be made has no {sorted(unknown)}; it has {sorted(allowed)}")


def block(value):
    """A number is a byte to be repeated; a text is Base64, filled up with zeros."""
    data = bytes([value]) * SIZE if isinstance(value, int) else base64.b64decode(value, validate=True)
    if len(data) > SIZE:
        raise Unknown(f"a block is {SIZE} bytes, not {len(data)}")
    return data.ljust(SIZE, b"\0")


def make_image(asked):
    hold(asked, IMAGE)
    snapshot = make_snapshot({name: asked[name] for name in COMMON | {"size_gib", "blocks", "kms_key", "encrypted"} if name in asked}
                             | {"tags": asked.get("snapshot_tags", {}), "users": asked.get("snapshot_users", [])})
    backend = ec2_backends[asked["account"]][asked["region"]]
    root = asked.get("root_device_name", "/dev/xvda")
    image = images.Image(
        backend, asked["name"], asked.get("description", ""), asked.get("architecture", "x86_64"), root,
        [images.device_of(root, backend.snapshots[snapshot["snapshot"]])], boot_mode=asked.get("boot_mode"),
        imds_support=asked.get("imds_support"), tpm_support=asked.get("tpm_support"), ena_support=asked.get("ena_support", True),
    )
    image.add_tags(asked.get("tags", {}))
    image.launch_permissions = list(asked.get("launch_permissions", []))
    return {"image": image.id, **snapshot}


def make_snapshot(asked):
    hold(asked, COMMON | {"size_gib", "blocks", "kms_key", "encrypted", "tags", "users", "description"})
    backend = ec2_backends[asked["account"]][asked["region"]]
    encrypted = asked.get("encrypted", bool(asked.get("kms_key")))
    key_arn, failure = keys.chosen(backend, encrypted, asked.get("kms_key"))
    if failure:
        raise Unknown(f"{asked['kms_key']}: {failure}")
    blocks = {int(index): block(value) for index, value in asked.get("blocks", {}).items()}
    snapshot = snapshots.make(backend, asked.get("size_gib", 1), asked.get("description", ""), key_arn, blocks)
    snapshot.add_tags(asked.get("tags", {}))
    snapshot.create_volume_permission_userids.update(asked.get("users", []))
    return {"snapshot": snapshot.id, "kms_key": key_arn}


def make_key(asked):
    hold(asked, COMMON | {"alias", "description", "policy", "spec", "usage"})
    backend = kms_backends[asked["account"]][asked["region"]]
    key = backend.create_key(policy=asked.get("policy"), key_usage=asked.get("usage", "ENCRYPT_DECRYPT"),
                             key_spec=asked.get("spec", "SYMMETRIC_DEFAULT"), description=asked.get("description", ""), tags=None)
    if asked.get("alias"):
        backend.create_alias(key.id, asked["alias"])
    return {"key": key.id, "arn": key.arn}


def alter(what):
    """Another byte, repeated, in a block of an image's first snapshot, which on AWS nothing can do."""
    hold(what, COMMON | {"image", "index", "byte"})
    backend = ec2_backends[what.get("account", "123456789012")][what.get("region", "us-east-1")]
    snapshot = backend.amis[what["image"]].snapshots()[0]
    snapshot.blocks[what["index"]] = block(what["byte"])
    return {"snapshot": snapshot.id}
