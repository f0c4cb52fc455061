"""EC2's calls about images that make, list and take away."""

import json
import re

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import AmiBackend
from moto.ec2.responses import EC2Response

from . import attributes, filters, image as one_image, keys, snapshots, tags, world
from .answers import refuse
from .image import Image

NAME = re.compile(r"[A-Za-z0-9()\[\] ./'@_-]{3,128}")


def apply():
    for method in (describe_images, register_image, copy_image, create_image, deregister_image):
        setattr(EC2Response, method.__name__, method)
    of_account = AmiBackend.describe_images

    def describe(self, ami_ids=None, filters=None, exec_users=None, owners=None):
        """What moto itself asks, when it runs an instance: images shared by others count too."""
        found = []
        for wanted in ami_ids or []:
            found.append(one_image.find(self.account_id, self.region_name, wanted))
        return found if found else of_account(self, ami_ids, filters, exec_users, owners)

    AmiBackend.describe_images = describe
    attributes.apply()


def visible(account, region):
    for owner in list(ec2_backends):
        backend = ec2_backends[owner].get(region)
        for image in list(backend.amis.values()) if backend else []:
            if owner == account or (image.shared_with(account) and not image.disabled):
                yield image


def describe_images(self):
    self.error_on_dryrun()
    account, ids = self.current_account, self._get_param("ImageIds", []) or []
    owners = [account if owner == "self" else owner for owner in self._get_param("Owners", []) or []]
    users, asked = self._get_param("ExecutableUsers", []) or [], self._get_param("Filters", []) or []
    named = [image for image in visible(account, self.region) if (not ids or image.id in ids) and image.unseen.look()]
    for wanted in set(ids) - {image.id for image in named}:
        raise one_image.missing(account, self.region, wanted)
    found = []
    for image in named:
        if owners and image.owner_id not in owners and image.owner_alias not in owners:
            continue
        if image.disabled and not self._get_param("IncludeDisabled"):
            continue
        if image.deprecated() and image.owner_id != account and not self._get_param("IncludeDeprecated"):
            continue
        if users and not any(executable(image, account, user) for user in users):
            continue
        seen = tags.of(image)
        if filters.holds(asked, one_image.filterable(image), seen):
            found.append((image, seen))
    found, token = filters.page(found, self)
    told = [one_image.look(image, seen) for image, seen in found]
    return ActionResult({"Images": told, **({"NextToken": token} if token else {})})


def executable(image, account, user):
    if user == "all":
        return image.is_public
    if user == "self":
        return image.owner_id != account and image.shared_with(account) and not image.is_public
    return {"UserId": user} in image.launch_permissions


def name_of(self, unique):
    """The name of an image to be. CopyImage does not hold that it is the only one of that name."""
    name = self._get_param("Name")
    if not name:
        raise refuse("MissingParameter", "The request must contain the parameter name")
    if not NAME.fullmatch(name):
        raise refuse("InvalidAMIName.Malformed",
                     "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', "
                     "'.', '-', '/' and '_'")
    if unique:
        for image in self.ec2_backend.amis.values():
            if image.name == name and image.owner_id == self.current_account:
                raise refuse("InvalidAMIName.Duplicate", f"AMI name {name} is already in use by AMI {image.id}")
    return name


def register_image(self):
    name, asked = name_of(self, unique=True), tags.specified(self, "image")["image"]
    devices = [registered(self, device) for device in self._get_param("BlockDeviceMappings", []) or []]
    root = self._get_param("RootDeviceName") or (devices[0]["DeviceName"] if devices else None)
    if not devices and not self._get_param("ImageLocation"):
        raise refuse("MissingParameter", "The request must contain the parameter blockDeviceMapping")
    if devices and root not in [device["DeviceName"] for device in devices]:
        raise refuse("InvalidBlockDeviceMapping", f"The root device '{root}' is not among the block devices")
    boot, tpm = self._get_param("BootMode"), self._get_param("TpmSupport")
    if boot not in (None, "legacy-bios", "uefi", "uefi-preferred"):
        raise refuse("InvalidParameterValue", f"Invalid value '{boot}' for boot mode")
    if tpm and (tpm != "v2.0" or boot != "uefi"):
        raise refuse("InvalidParameterCombination", "TPM support is v2.0, and needs the boot mode uefi")
    if self._get_param("ImdsSupport") not in (None, "v2.0"):
        raise refuse("InvalidParameterValue", "IMDS support is v2.0")
    self.error_on_dryrun()
    image = Image(
        self.ec2_backend, name, self._get_param("Description"), self._get_param("Architecture") or "i386", root, devices,
        virtualization_type=self._get_param("VirtualizationType") or "paravirtual", boot_mode=boot, tpm_support=tpm,
        imds_support=self._get_param("ImdsSupport"), ena_support=self._get_param("EnaSupport"),
        sriov=self._get_param("SriovNetSupport"), uefi_data=self._get_param("UefiData"),
    )
    image.add_tags(asked)
    return ActionResult({"ImageId": image.id})


def registered(self, device):
    """A device of a request, checked and made whole from its snapshot."""
    name, ebs = device.get("DeviceName"), device.get("Ebs")
    if not ebs:
        return {key: value for key, value in device.items() if value is not None}
    if not ebs.get("SnapshotId"):
        return {"DeviceName": name, "Ebs": dict(ebs)}
    snapshot = snapshots.find(self.current_account, self.region, ebs["SnapshotId"])
    if snapshots.state(snapshot) != "completed":
        raise refuse("IncorrectState", f"The snapshot {snapshot.id} is {snapshots.state(snapshot)}, not completed.")
    if ebs.get("KmsKeyId") or (ebs.get("Encrypted") is not None and bool(ebs["Encrypted"]) != snapshot.encrypted):
        raise refuse("InvalidBlockDeviceMapping",
                     "the encrypted flag and the key of a device cannot be given with a snapshot")
    if int(ebs.get("VolumeSize") or snapshot.volume.size) < snapshot.volume.size:
        raise refuse("InvalidBlockDeviceMapping",
                     f"Volume of size {ebs['VolumeSize']}GB is smaller than snapshot '{snapshot.id}', "
                     f"expect size >= {snapshot.volume.size}GB")
    return one_image.device_of(name, snapshot, ebs)


def copy_image(self):
    name, asked = name_of(self, unique=False), tags.specified(self, "image", "snapshot")
    parameters = ("Name", "SourceImageId", "SourceRegion", "Description", "Encrypted", "KmsKeyId", "CopyImageTags",
                  "TagSpecifications")
    fingerprint = json.dumps({one: self._get_param(one) for one in parameters}, sort_keys=True, default=str)
    token = self._get_param("ClientToken")
    token_key = ("CopyImage", self.current_account, self.region, token)
    known = world.current().tokens.get(token_key) if token else None
    if known:
        if known[0] != fingerprint:
            raise refuse("IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with "
                         "arguments used in previous request(s).")
        return ActionResult({"ImageId": known[1]})
    region = self._get_param("SourceRegion")
    source = one_image.find(self.current_account, region, self._get_param("SourceImageId"))
    if source.state != "available":
        raise refuse("InvalidAMIID.Unavailable", f"The image ID '{source.id}' is {source.state}")
    for snapshot in source.snapshots():
        if not snapshots.may_use(snapshot, self.current_account):
            raise refuse("InvalidRequest", "You do not have permission to access the storage of this ami")
    encrypted, key_id = self._get_param("Encrypted"), self._get_param("KmsKeyId")
    keys.chosen(self.ec2_backend, encrypted, key_id)
    self.error_on_dryrun()

    failure, devices, made = None, [], []
    description = f"Copied for DestinationAmi {{}} from SourceAmi {source.id} for SourceSnapshot {{}}."
    for device in source.devices:
        snapshot = source.ec2_backend.snapshots.get(device.get("Ebs", {}).get("SnapshotId"))
        if snapshot is None:
            devices.append(device)
            continue
        wanted = encrypted or snapshot.encrypted or self.ec2_backend.ebs_encryption_by_default
        key_arn, problem = keys.chosen(self.ec2_backend, wanted, key_id)
        failure = failure or problem or snapshots.unreadable(snapshot, self.current_account)
        copy = snapshots.make(self.ec2_backend, snapshot.volume.size, snapshot.id, key_arn, snapshot.blocks)
        made.append(copy)
        devices.append(one_image.device_of(device["DeviceName"], copy, device["Ebs"]))
    image = Image(
        self.ec2_backend, name, self._get_param("Description") or "", source.architecture, source.root_device_name, devices,
        virtualization_type=source.virtualization_type, boot_mode=source.boot_mode, tpm_support=source.tpm_support,
        imds_support=source.imds_support, ena_support=source.ena_support, sriov=source.sriov, uefi_data=source.uefi_data,
        source_image_id=source.id, source_image_region=region, failure=failure,
    )
    for copy in made:
        copy.description = description.format(image.id, copy.description)
        copy.failure = copy.failure or image.failure
        copy.add_tags(asked["snapshot"])
    copied = dict(source.ec2_backend.tags.get(source.id, {})) if self._get_param("CopyImageTags") else {}
    image.add_tags({**copied, **asked["image"]})
    if token:
        world.current().tokens[token_key] = (fingerprint, image.id)
    return ActionResult({"ImageId": image.id})


def create_image(self):
    name, asked = name_of(self, unique=True), tags.specified(self, "image", "snapshot")
    instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
    self.error_on_dryrun()
    given = {device.get("DeviceName"): device.get("Ebs") for device in self._get_param("BlockDeviceMappings", []) or []}
    origin = next((image for image in visible(self.current_account, self.region) if image.id == instance.image_id), None)
    devices, made, root = [], [], instance.root_device_name or "/dev/sda1"
    for path, block in instance.block_device_mapping.items():
        volume = self.ec2_backend.get_volume(block.volume_id)
        if root not in instance.block_device_mapping and path == "/dev/sda1":
            # moto's root volumes are all called this.
            path = root
        if origin and path == root and not volume.snapshot_id:
            continue_with(volume, origin, path)
        snapshot = snapshots.from_volume(self.ec2_backend, volume.id, "")
        made.append(snapshot)
        devices.append(one_image.device_of(path, snapshot, given.get(path)))
    image = Image(
        self.ec2_backend, name, self._get_param("Description"), instance.architecture,
        root, devices, instance_id=instance.id,
        **({"boot_mode": origin.boot_mode, "tpm_support": origin.tpm_support, "imds_support": origin.imds_support,
            "ena_support": origin.ena_support, "source_image_id": origin.id, "source_image_region": self.region}
           if origin else {}),
    )
    for snapshot in made:
        snapshot.description = f"Created by CreateImage({instance.id}) for {image.id}"
        snapshot.failure = snapshot.failure or image.failure
        snapshot.add_tags(asked["snapshot"])
    image.add_tags(asked["image"])
    return ActionResult({"ImageId": image.id})


def continue_with(volume, origin, path):
    """moto's root volumes come from nowhere: this one continues what its image began with, and is no smaller."""
    for device, snapshot in zip([one for one in origin.devices if "Ebs" in one], origin.snapshots()):
        if device["DeviceName"] == path and origin.owner_id == volume.ec2_backend.account_id:
            volume.snapshot_id, volume.size = snapshot.id, max(volume.size, snapshot.volume.size)
            volume.encrypted, volume.kms_key_id = snapshot.encrypted, snapshot.kms_key_id


def deregister_image(self):
    image = one_image.changeable(self, ("available", "disabled", "failed", "pending"))
    attributes.hold_protection(image)
    own = image.snapshots()
    del self.ec2_backend.amis[image.id]
    self.ec2_backend.deleted_amis.append(image.id)
    self.ec2_backend.tags.pop(image.id, None)
    told = {"Return": True}
    if self._get_param("DeleteAssociatedSnapshots"):
        told["DeleteSnapshotResults"] = []
        for snapshot in own:
            used = snapshots.used_by(self.ec2_backend, snapshot.id)
            if not used and snapshot.owner_id == self.current_account:
                snapshots.remove(self.ec2_backend, snapshot)
            told["DeleteSnapshotResults"].append({"SnapshotId": snapshot.id, "ReturnCode": "skipped" if used else "success"})
    return ActionResult(told)
