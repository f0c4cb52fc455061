"""EBS direct: snapshots written and read by blocks of 512 KiB, with the checksums that EBS checks."""

import base64
import hashlib
import json
from datetime import timedelta

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ebs.responses import EBSResponse
from moto.ec2.models import ec2_backends

from . import snapshots, world
from .answers import refuse

SIZE = 524288


def apply():
    for method in (start_snapshot, put_snapshot_block, complete_snapshot, list_snapshot_blocks, list_changed_blocks,
                   get_snapshot_block):
        setattr(EBSResponse, method.__name__, method)


def invalid(message, reason="INVALID_PARAMETER_VALUE"):
    return refuse("ValidationException", message, Reason=reason)


def find(self, snapshot_id, owned=False):
    try:
        return snapshots.find(self.current_account, self.region, snapshot_id, owned)
    except Exception as error:
        if getattr(error, "code", "") == "AuthFailure":
            raise refuse("AccessDeniedException", f"The snapshot '{snapshot_id}' is another account's.",
                         Reason="UNAUTHORIZED_ACCOUNT") from error
        raise refuse("ResourceNotFoundException", f"The snapshot '{snapshot_id}' does not exist.",
                     Reason="SNAPSHOT_NOT_FOUND") from error


def digest(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def token(snapshot, index):
    """Differs with the snapshot, the block and what is in it."""
    if index not in snapshot.blocks:
        return None
    about = f"{snapshot.id}/{index}/".encode() + hashlib.sha256(snapshot.blocks[index]).digest()
    return "AAAB" + base64.b64encode(hashlib.sha256(about).digest()).decode()


def start_snapshot(self):
    names = ("VolumeSize", "ParentSnapshotId", "Tags", "Description", "Encrypted", "KmsKeyArn", "Timeout")
    asked = {name: self._get_param(name) for name in names}
    backend = ec2_backends[self.current_account][self.region]
    fingerprint = json.dumps(asked, sort_keys=True, default=str)
    known = world.current().tokens.get(("StartSnapshot", self.current_account, self.region, self._get_param("ClientToken")))
    if known and self._get_param("ClientToken"):
        if known[0] != fingerprint:
            raise refuse("ConflictException",
                         "The request uses the same client token as a previous, but non-identical request.")
        # As it was answered then, also of one that is gone by now.
        return ActionResult(known[1])
    size, parent = int(asked["VolumeSize"] or 0), None
    if not 1 <= size <= 65536:
        raise invalid(f"VolumeSize is between 1 and 65536 GiB, not {size}", "INVALID_VOLUME_SIZE")
    if asked["KmsKeyArn"] and not asked["Encrypted"]:
        raise invalid("KmsKeyArn cannot be given without Encrypted=true")
    if asked["ParentSnapshotId"]:
        if asked["Encrypted"] is not None or asked["KmsKeyArn"]:
            raise invalid("Encrypted and KmsKeyArn cannot be given with ParentSnapshotId")
        parent = find(self, asked["ParentSnapshotId"])
        if snapshots.state(parent) != "completed":
            raise invalid(f"the parent {parent.id} is not completed", "INVALID_DEPENDENCY_REQUEST")
        if size < parent.volume.size:
            raise invalid("VolumeSize is smaller than the parent's", "INVALID_VOLUME_SIZE")
    encrypted = asked["Encrypted"] or (parent.encrypted if parent else backend.ebs_encryption_by_default)
    key_arn, failure = snapshots.keys.chosen(backend, encrypted, asked["KmsKeyArn"] or (parent and parent.kms_key_id))
    if failure:
        raise invalid(failure, "INVALID_CUSTOMER_KEY")
    snapshot = snapshots.make(backend, size, asked["Description"] or "", key_arn, parent.blocks if parent else None)
    snapshot.parent, snapshot.open = parent and parent.id, True
    snapshot.add_tags({tag["Key"]: tag.get("Value", "") for tag in asked["Tags"] or []})
    if self._get_param("ClientToken"):
        key = ("StartSnapshot", self.current_account, self.region, self._get_param("ClientToken"))
        world.current().tokens[key] = (fingerprint, told(snapshot))
    return ActionResult(told(snapshot))


def told(snapshot):
    answer = {
        "SnapshotId": snapshot.id, "OwnerId": snapshot.owner_id, "Status": snapshots.state(snapshot),
        "StartTime": snapshot.start_time, "VolumeSize": snapshot.volume.size, "BlockSize": SIZE,
        "Description": snapshot.description, "ParentSnapshotId": snapshot.parent, "KmsKeyArn": snapshot.kms_key_id,
        "SseType": "sse-kms" if snapshot.encrypted else "none",
        "Tags": snapshots.tags.listed(snapshot.ec2_backend.tags.get(snapshot.id, {})),
    }
    return {name: value for name, value in answer.items() if value is not None}


def put_snapshot_block(self):
    snapshot = find(self, self._get_param("SnapshotId"), owned=True)
    index, data = int(self._get_param("BlockIndex")), self._get_param("BlockData")
    data = data if isinstance(data, bytes) else (data or "").encode()
    if not snapshot.open:
        raise invalid(f"The snapshot '{snapshot.id}' is not pending: nothing more is written to it", "INVALID_SNAPSHOT_ID")
    if not 0 <= index < snapshot.volume.size * 2048:
        raise invalid(f"the block {index} is outside of the volume", "INVALID_BLOCK")
    if len(data) != SIZE or int(self._get_param("DataLength") or SIZE) != SIZE:
        raise invalid(f"a block is {SIZE} bytes, not {len(data)}", "INVALID_BLOCK")
    if self._get_param("ChecksumAlgorithm") != "SHA256":
        raise invalid("ChecksumAlgorithm is SHA256")
    if self._get_param("Checksum") != digest(data):
        raise invalid("The checksum of the block is not the one that was given", "INVALID_BLOCK")
    snapshot.blocks[index] = data
    snapshot.written.add(index)
    return ActionResult({"Checksum": digest(data), "ChecksumAlgorithm": "SHA256"})


def complete_snapshot(self):
    snapshot = find(self, self._get_param("SnapshotId"), owned=True)
    count, checksum = int(self._get_param("ChangedBlocksCount")), self._get_param("Checksum")
    if not snapshot.open:
        # Asked once more, which a client does when it heard no answer.
        return ActionResult({"Status": snapshots.state(snapshot)})
    if count != len(snapshot.written):
        raise invalid(f"ChangedBlocksCount is {count}, and {len(snapshot.written)} blocks were written")
    if checksum:
        if (self._get_param("ChecksumAlgorithm"), self._get_param("ChecksumAggregationMethod")) != ("SHA256", "LINEAR"):
            raise invalid("a checksum comes with ChecksumAlgorithm SHA256 and ChecksumAggregationMethod LINEAR")
        whole = b"".join(hashlib.sha256(snapshot.blocks[index]).digest() for index in sorted(snapshot.written))
        if checksum != digest(whole):
            raise invalid("The checksum of the snapshot is not the one that was given")
    snapshot.open = False
    snapshot.waiting = world.current().wait("snapshot_pending")
    return ActionResult({"Status": "pending" if snapshots.state(snapshot) == "pending" else "completed"})


def readable(self, snapshot_id):
    snapshot = find(self, snapshot_id)
    if snapshots.state(snapshot) != "completed":
        raise invalid(f"The snapshot '{snapshot_id}' is not completed", "INVALID_SNAPSHOT_ID")
    if "all" in snapshot.create_volume_permission_groups and snapshot.owner_id != self.current_account:
        raise refuse("AccessDeniedException", "Public snapshots are not read by EBS direct.", Reason="UNAUTHORIZED_ACCOUNT")
    if snapshots.unreadable(snapshot, self.current_account):
        raise refuse("AccessDeniedException", "The key of the snapshot cannot be used.", Reason="DEPENDENCY_ACCESS_DENIED")
    return snapshot


def page(self, indexes):
    size, begin = int(self._get_param("MaxResults") or 10000), int(self._get_param("StartingBlockIndex") or 0)
    if not 100 <= size <= 10000:
        raise invalid("MaxResults is between 100 and 10000")
    if self._get_param("NextToken"):
        try:
            begin = int(base64.b64decode(self._get_param("NextToken")))
        except ValueError as error:
            raise invalid("the page token is not one", "INVALID_PAGE_TOKEN") from error
    rest = [index for index in sorted(indexes) if index >= begin]
    following = {"NextToken": base64.b64encode(str(rest[size]).encode()).decode()} if len(rest) > size else {}
    return rest[:size], following


def expiry():
    """When block tokens end."""
    return utcnow() + timedelta(days=7)


def list_snapshot_blocks(self):
    snapshot = readable(self, self._get_param("SnapshotId"))
    indexes, following = page(self, snapshot.blocks)
    return ActionResult({
        "Blocks": [{"BlockIndex": index, "BlockToken": token(snapshot, index)} for index in indexes],
        "VolumeSize": snapshot.volume.size, "BlockSize": SIZE, "ExpiryTime": expiry(), **following,
    })


def list_changed_blocks(self):
    second = readable(self, self._get_param("SecondSnapshotId"))
    first = self._get_param("FirstSnapshotId")
    first = readable(self, first) if first else None
    before = first.blocks if first else {}
    changed = {index for index in before.keys() | second.blocks.keys() if before.get(index) != second.blocks.get(index)}
    indexes, following = page(self, changed)
    told = []
    for index in indexes:
        tokens = {"FirstBlockToken": first and token(first, index), "SecondBlockToken": token(second, index)}
        told.append({"BlockIndex": index, **{name: value for name, value in tokens.items() if value}})
    return ActionResult({"ChangedBlocks": told, "VolumeSize": second.volume.size, "BlockSize": SIZE,
                         "ExpiryTime": expiry(), **following})


def get_snapshot_block(self):
    snapshot = readable(self, self._get_param("SnapshotId"))
    index = int(self._get_param("BlockIndex"))
    if index not in snapshot.blocks or self._get_param("BlockToken") != token(snapshot, index):
        raise invalid("The block token is not this block's", "INVALID_BLOCK_TOKEN")
    data = snapshot.blocks[index]
    return ActionResult({"DataLength": len(data), "BlockData": data, "Checksum": digest(data), "ChecksumAlgorithm": "SHA256"})
