"""EC2's snapshots: states, blocks, encryption, permissions."""

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_block_store import Snapshot, Volume
from moto.ec2.responses import EC2Response
from moto.ec2.utils import random_snapshot_id

from . import filters, keys, tags, world
from .answers import refuse

# What EC2 says of snapshots that came from no volume.
NO_VOLUME = "vol-ffffffff"


def apply():
    made = Snapshot.__init__

    def __init__(self, *arguments, **named):
        made(self, *arguments, **named)
        # Block index → bytes, as EBS direct reads and writes them.
        self.blocks = {}
        # Whether blocks can still be written, by EBS direct.
        self.open = False
        self.written = set()
        self.parent = None
        self.unseen = world.current().wait("snapshot_unseen")
        self.waiting = world.current().wait("snapshot_pending")
        self.failure = None

    Snapshot.__init__ = __init__
    for method in (describe_snapshots, delete_snapshot, modify_snapshot_attribute, describe_snapshot_attribute,
                   copy_snapshot, create_snapshot, get_ebs_default_kms_key_id, reset_ebs_default_kms_key_id):
        setattr(EC2Response, method.__name__, method)


def make(backend, size, description, key_arn=None, blocks=None, failure=None):
    """A snapshot that came from no volume. `size` in GiB."""
    volume = Volume(backend, NO_VOLUME, size=size, zone=None, encrypted=key_arn is not None, kms_key_id=key_arn)
    snapshot = Snapshot(backend, random_snapshot_id(), volume, description, encrypted=key_arn is not None, kms_key_id=key_arn)
    snapshot.blocks = dict(blocks or {})
    snapshot.failure = failure
    outcome = world.current().outcome
    if failure is None and outcome is not None:
        snapshot.failure = outcome.get("reason", "as a fault asked")
    backend.snapshots[snapshot.id] = snapshot
    return snapshot


def state(snapshot, look=False):
    if snapshot.open:
        return "pending"
    over = snapshot.waiting.look() if look else snapshot.waiting.over()
    if not over:
        return "pending"
    return "error" if snapshot.failure else "completed"


def may_use(snapshot, account):
    return (account == snapshot.owner_id or account in snapshot.create_volume_permission_userids
            or "all" in snapshot.create_volume_permission_groups)


def missing(snapshot_id):
    return refuse("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")


def find(account, region, snapshot_id, owned=False):
    """A snapshot that this account may see, of its own or another's. It counts as a look."""
    if not str(snapshot_id).startswith("snap-"):
        raise refuse("InvalidParameterValue", f"Value ({snapshot_id}) for parameter snapshotId is invalid. Expected: 'snap-...'.")
    for owner in list(ec2_backends):
        backend = ec2_backends[owner].get(region)
        snapshot = backend and backend.snapshots.get(snapshot_id)
        if snapshot is None or not may_use(snapshot, account) or not snapshot.unseen.look():
            continue
        if owned and owner != account:
            raise refuse("AuthFailure", f"Not authorized for snapshot:{snapshot_id}")
        return snapshot
    raise missing(snapshot_id)


def described(snapshot, seen):
    """What DescribeSnapshots shows, with the tags that it sees; it counts as a look."""
    now = state(snapshot, look=True)
    told = {
        "SnapshotId": snapshot.id,
        "VolumeId": snapshot.volume.id,
        "VolumeSize": snapshot.volume.size,
        "State": now,
        "StateMessage": snapshot.failure if now == "error" else None,
        "StartTime": snapshot.start_time,
        "Progress": "100%" if now == "completed" else "0%",
        "OwnerId": snapshot.owner_id,
        "Description": snapshot.description or "",
        "Encrypted": snapshot.encrypted,
        "KmsKeyId": snapshot.kms_key_id,
        "StorageTier": snapshot.storage_tier,
        "CompletionTime": snapshot.start_time if now == "completed" else None,
        "Tags": tags.listed(seen),
    }
    return {name: value for name, value in told.items() if value is not None}


def describe_snapshots(self):
    self.error_on_dryrun()
    ids, account = self._get_param("SnapshotIds", []) or [], self.current_account
    owners = [account if owner == "self" else owner for owner in self._get_param("OwnerIds", []) or []]
    restorable = self._get_param("RestorableByUserIds", []) or []
    visible = []
    for owner in list(ec2_backends):
        backend = ec2_backends[owner].get(self.region)
        for snapshot in list(backend.snapshots.values()) if backend else []:
            if (not ids or snapshot.id in ids) and may_use(snapshot, account) and snapshot.unseen.look():
                visible.append(snapshot)
    for wanted in set(ids) - {snapshot.id for snapshot in visible}:
        raise missing(wanted)
    found = []
    for snapshot in visible:
        if owners and snapshot.owner_id not in owners:
            continue
        if restorable and not any(may_use(snapshot, account if user == "self" else user) for user in restorable):
            continue
        values = {
            "snapshot-id": snapshot.id, "volume-id": snapshot.volume.id, "volume-size": snapshot.volume.size,
            "status": state(snapshot), "owner-id": snapshot.owner_id, "description": snapshot.description,
            "encrypted": snapshot.encrypted, "start-time": snapshot.start_time.isoformat(), "progress": "100%",
            "storage-tier": snapshot.storage_tier, "kms-key-id": snapshot.kms_key_id,
        }
        seen = tags.of(snapshot)
        if filters.holds(self._get_param("Filters", []), values, seen):
            found.append((snapshot, seen))
    found, token = filters.page(found, self)
    told = [described(snapshot, seen) for snapshot, seen in found]
    return ActionResult({"Snapshots": told, **({"NextToken": token} if token else {})})


def used_by(backend, snapshot_id):
    """The images that are registered with a snapshot."""
    return [image.id for image in backend.amis.values() if snapshot_id in getattr(image, "snapshot_ids", [])]


def delete_snapshot(self):
    snapshot_id = self._get_param("SnapshotId")
    snapshot = find(self.current_account, self.region, snapshot_id, owned=True)
    self.error_on_dryrun()
    users = used_by(self.ec2_backend, snapshot_id)
    if users:
        raise refuse("InvalidSnapshot.InUse", f"The snapshot {snapshot_id} is currently in use by {users[0]}")
    remove(self.ec2_backend, snapshot)
    return EmptyResult()


def remove(backend, snapshot):
    del backend.snapshots[snapshot.id]
    backend.tags.pop(snapshot.id, None)


def modify_snapshot_attribute(self):
    snapshot = find(self.current_account, self.region, self._get_param("SnapshotId"), owned=True)
    change = self._get_param("CreateVolumePermission", {}) or {}
    add, gone = list(change.get("Add", [])), list(change.get("Remove", []))
    flat = [{"UserId": user} for user in self._get_param("UserIds", []) or []]
    flat += [{"Group": group} for group in self._get_param("GroupNames", []) or []]
    operation = self._get_param("OperationType")
    # Packer names an account both ways, and says what to do in one of them.
    if flat and operation not in ("add", "remove") and not change:
        raise refuse("MissingParameter", "The request must contain the parameter OperationType")
    if operation in ("add", "remove"):
        (add if operation == "add" else gone).extend(flat)
    if not add and not gone:
        raise refuse("InvalidParameterCombination", "No attributes specified.")
    # AWS documents both limits, and not its words for them.
    if add and gone:
        raise refuse("InvalidParameterCombination", "Permissions cannot be added and removed in one request.")
    if len(add + gone) > 500:
        raise refuse("InvalidParameterValue", "A request cannot change more than 500 permissions.")
    for one in add + gone:
        if "UserId" in one and not (one["UserId"].isdigit() and len(one["UserId"]) == 12):
            raise refuse("InvalidUserID.Malformed", f"Invalid user id: \"{one['UserId']}\"")
        if "Group" in one and one["Group"] != "all":
            raise refuse("InvalidParameterValue", f"Invalid group name: {one['Group']}")
    if add and snapshot.encrypted:
        if keys.managed_by_aws(self.current_account, self.region, snapshot.kms_key_id):
            raise refuse("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")
        if {"Group": "all"} in add:
            raise refuse("OperationNotPermitted", "Encrypted snapshots cannot be shared publicly")
    self.error_on_dryrun()
    for one in add:
        if "UserId" in one:
            snapshot.create_volume_permission_userids.add(one["UserId"])
        else:
            snapshot.create_volume_permission_groups.add("all")
    for one in gone:
        snapshot.create_volume_permission_userids.discard(one.get("UserId"))
        snapshot.create_volume_permission_groups.discard(one.get("Group"))
    return EmptyResult()


def permissions(snapshot):
    return ([{"UserId": user} for user in sorted(snapshot.create_volume_permission_userids)]
            + [{"Group": group} for group in sorted(snapshot.create_volume_permission_groups)])


def describe_snapshot_attribute(self):
    snapshot = find(self.current_account, self.region, self._get_param("SnapshotId"), owned=True)
    self.error_on_dryrun()
    told = {"SnapshotId": snapshot.id}
    if self._get_param("Attribute") == "productCodes":
        told["ProductCodes"] = []
    else:
        told["CreateVolumePermissions"] = permissions(snapshot)
    return ActionResult(told)


def copy_snapshot(self):
    asked = tags.specified(self, "snapshot")["snapshot"]
    source = find(self.current_account, self._get_param("SourceRegion"), self._get_param("SourceSnapshotId"))
    encrypted = self._get_param("Encrypted") or source.encrypted or self.ec2_backend.ebs_encryption_by_default
    key_arn, failure = keys.chosen(self.ec2_backend, encrypted, self._get_param("KmsKeyId"))
    if state(source) != "completed":
        raise refuse("IncorrectState", f"Snapshot {source.id} is not in the completed state.")
    self.error_on_dryrun()
    copy = make(self.ec2_backend, source.volume.size, self._get_param("Description") or "", key_arn, source.blocks,
                failure or unreadable(source, self.current_account))
    copy.add_tags(asked)
    return ActionResult({"SnapshotId": copy.id, "Tags": tags.listed(asked)})


def unreadable(snapshot, account):
    """Why the account cannot read what is in the snapshot, which is told only when it tries; None where it can."""
    if not snapshot.encrypted or snapshot.owner_id == account:
        return None
    key = keys.of(snapshot.owner_id, snapshot.ec2_backend.region_name, snapshot.kms_key_id)
    return None if key is not None and keys.usable(key, account) else "Given key ID is not accessible"


def create_snapshot(self):
    asked = tags.specified(self, "snapshot")["snapshot"]
    volume_id = self._get_param("VolumeId")
    self.error_on_dryrun()
    snapshot = from_volume(self.ec2_backend, volume_id, self._get_param("Description") or "")
    snapshot.add_tags(asked)
    return ActionResult(described(snapshot, asked))


def from_volume(backend, volume_id, description):
    """A snapshot of a volume: with the blocks and the encryption of the snapshot that the volume was made from."""
    volume = backend.get_volume(volume_id)
    source = backend.snapshots.get(volume.snapshot_id) if volume.snapshot_id else None
    key_arn = volume.kms_key_id or (source.kms_key_id if source else None)
    if key_arn is None and (volume.encrypted or backend.ebs_encryption_by_default):
        key_arn = keys.default(backend)
    snapshot = make(backend, volume.size, description, key_arn, source.blocks if source else None)
    snapshot.volume.id = volume_id
    return snapshot


def get_ebs_default_kms_key_id(self):
    self.error_on_dryrun()
    set_by_user = self.ec2_backend.default_kms_key_id
    managed = not set_by_user or keys.managed_by_aws(self.current_account, self.region, set_by_user)
    return ActionResult({"KmsKeyId": "alias/aws/ebs" if managed else set_by_user})


def reset_ebs_default_kms_key_id(self):
    self.error_on_dryrun()
    self.ec2_backend.default_kms_key_id = ""
    keys.default(self.ec2_backend)
    return ActionResult({"KmsKeyId": "alias/aws/ebs"})
