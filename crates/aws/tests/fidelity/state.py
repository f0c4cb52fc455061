"""The whole state: to be read, reset, kept and put back."""

import copy
from datetime import datetime

from moto.core.base_backend import BackendDict
from moto.ec2.models import ec2_backends
from moto.kms.models import kms_backends
from moto.moto_api._internal.models import moto_api_backend
from moto.s3.models import FakeDeleteMarker, FakeKey, s3_backends
from moto.ssm.models import ParameterDict, ssm_backends

from . import image as images, parameters, snapshots, world
from .calls import log
from .faults import faults


def _copy_of_parameters(self, memo):
    made = ParameterDict(self.account_id, self.region_name)
    memo[id(self)] = made
    made.__dict__.update(self.__dict__)
    for name, versions in self.items():
        dict.__setitem__(made, name, copy.deepcopy(versions, memo))
    return made


# A reset closes the contents of every object that there ever was, the kept ones too.
FakeKey.dispose = lambda self, garbage=False: None
# As every defaultdict it would be made with its one argument, and it takes two.
ParameterDict.__deepcopy__ = _copy_of_parameters


def reset():
    moto_api_backend.reset()
    world.replace(world.World())
    log.reset()
    faults.set([])


def _backends():
    """Every backend in use: its service, its account, its region, it itself."""
    for services in list(BackendDict._instances):
        for account, regions in list(services.items()):
            for region, backend in list(regions.items()):
                yield services, account, region, backend


_kept = {}


def keep(name):
    """Keeps a copy of everything; the containers of backends stay the ones they are."""
    memo = {}
    for services in BackendDict._instances:
        memo[id(services)] = services
        for regions in services.values():
            memo[id(regions)] = regions
    found = list(_backends())
    copies = copy.deepcopy([one[-1] for one in found], memo)
    kept = [(*one[:-1], made) for one, made in zip(found, copies)]
    # In the same memo: what waits for a parameter waits for the copy of it.
    _kept[name] = (kept, copy.deepcopy(world.current(), memo))
    return {"kept": name, "backends": len(kept)}


def put_back(name):
    if name not in _kept:
        raise world.Unknown(f"nothing was kept as {name!r}")
    kept, kept_world = _kept[name]
    moto_api_backend.reset()
    for _, _, _, backend in list(_backends()):
        backend.reset()
    for services, account, region, backend in kept:
        dict.__setitem__(services[account], region, backend)
    world.replace(kept_world)
    # What was put back is used from now on: another copy is kept in its place.
    return keep(name)


def _of(backends):
    for account in list(backends):
        for region, backend in list(backends[account].items()):
            yield {"account": account, "region": region}, backend


def whole():
    """Everything of every account and region, for tests to look at. It is no look: nothing comes nearer by it."""
    told = {"images": [], "snapshots": [], "parameters": [], "grants": [], "keys": [], "objects": [],
            "encryption_by_default": []}
    for place, backend in _of(ec2_backends):
        for image in backend.amis.values():
            if isinstance(image, images.Image):
                told["images"].append({**place, **_image(image)})
        for snapshot in backend.snapshots.values():
            told["snapshots"].append({**place, **_snapshot(snapshot)})
        if backend.ebs_encryption_by_default or backend.default_kms_key_id:
            told["encryption_by_default"].append({**place, "enabled": backend.ebs_encryption_by_default,
                                                  "kms_key": backend.default_kms_key_id or None})
    for place, backend in _of(ssm_backends):
        parameters.settle(backend)
        waiting = [one["parameter"] for one in world.current().undecided.get((place["account"], place["region"]), [])]
        names = {versions[-1].name for versions in backend._parameters.values() if versions} | {one.name for one in waiting}
        for name in sorted(name for name in names if not name.startswith("/aws/service/")):
            told["parameters"].append({**place, **_parameter(backend, name, [one for one in waiting if one.name == name])})
    for place, backend in _of(kms_backends):
        for key in backend.keys.values():
            told["keys"].append({**place, "id": key.id, "arn": key.arn, "state": key.key_state, "manager": key.key_manager})
            told["grants"] += [{**place, "key": key.arn, "id": grant.id, "name": grant.name,
                                "grantee": grant.grantee_principal, "operations": grant.operations,
                                "constraints": grant.constraints, "retiring": grant.retiring_principal}
                               for grant in key.grants.values()]
    for place, backend in _of(s3_backends):
        for bucket in backend.buckets.values():
            told["objects"] += [{"account": place["account"], "bucket": bucket.name, "key": name, "etag": key.etag,
                                 "size": key.size, "version": key.version_id, "metadata": dict(key.metadata)}
                                for name, key in bucket.keys.items() if not isinstance(key, FakeDeleteMarker)]
    return told


def _image(image):
    return {
        "id": image.id, "name": image.name, "description": image.description, "state": image.state,
        "failure": image.failure, "owner": image.owner_id, "tags": dict(image.ec2_backend.tags.get(image.id, {})),
        "launch_permissions": list(image.launch_permissions), "architecture": image.architecture,
        "boot_mode": image.boot_mode, "imds_support": image.imds_support, "tpm_support": image.tpm_support,
        "deprecation": images.stamp(image.deprecation) if image.deprecation else None, "protection": image.protection,
        "encrypted": bool(image.snapshots()) and all(one.encrypted for one in image.snapshots()),
        "snapshots": image.snapshot_ids, "devices": image.devices, "source": image.source_image_id,
        "source_region": image.source_image_region,
    }


def _snapshot(snapshot):
    return {
        "id": snapshot.id, "state": snapshots.state(snapshot), "failure": snapshot.failure, "owner": snapshot.owner_id,
        "size_gib": snapshot.volume.size, "description": snapshot.description, "encrypted": snapshot.encrypted,
        "kms_key": snapshot.kms_key_id, "tags": dict(snapshot.ec2_backend.tags.get(snapshot.id, {})),
        "permissions": snapshots.permissions(snapshot), "blocks": sorted(snapshot.blocks), "parent": snapshot.parent,
    }


def _parameter(backend, name, waiting):
    def told(one):
        return {"version": one.version, "value": one.value, "data_type": one.data_type, "type": one.parameter_type,
                "labels": list(one.labels)}

    versions = [told(one) for one in parameters.versions_of(backend, name)]
    return {"name": name, "value": versions[-1]["value"] if versions else None,
            "version": versions[-1]["version"] if versions else None, "versions": versions,
            "undecided": [told(one) for one in waiting], "tags": dict(backend._resource_tags["Parameter"].get(name, {}))}


def plain(value):
    """For JSON, what is not of it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, set):
        return sorted(value)
    return str(value)
