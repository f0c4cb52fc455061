"""An image as EC2 keeps it: its devices and snapshots, who may see it, what state it is in."""

from datetime import datetime, timezone

from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.ec2.models.amis import Ami
from moto.ec2.utils import random_ami_id

from . import tags, world
from .answers import refuse


class Image(Ami):
    """moto's image, without the volume and snapshot of 15 GiB that moto gives every image."""

    def __init__(self, backend, name, description="", architecture="x86_64", root="/dev/sda1", devices=(), **more):
        self.ec2_backend = backend
        self.id = random_ami_id()
        self.name, self.description, self.architecture = name, description, architecture
        self.owner_id, self.owner_alias = backend.account_id, None
        self.creation_date = utcnow()
        self.root_device_name, self.root_device_type = root, "ebs"
        # As EC2 shows them: DeviceName with Ebs, VirtualName or NoDevice.
        self.devices = [dict(device) for device in devices]
        self.virtualization_type = more.get("virtualization_type") or "hvm"
        self.boot_mode, self.tpm_support = more.get("boot_mode"), more.get("tpm_support")
        self.imds_support, self.uefi_data = more.get("imds_support"), more.get("uefi_data")
        self.ena_support, self.sriov = more.get("ena_support"), more.get("sriov")
        self.source_image_id, self.source_image_region = more.get("source_image_id"), more.get("source_image_region")
        self.instance_id = more.get("instance_id")
        self.kernel_id = self.ramdisk_id = self.platform = None
        self.image_type, self.hypervisor, self.product_codes = "machine", "xen", set()
        self.image_location = f"{self.owner_id}/{name}"
        self.launch_permissions = []
        self.deprecation, self.protection, self.cooldown_until = None, "disabled", None
        self.disabled = False
        self.unseen, self.waiting = world.current().wait("image_unseen"), world.current().wait("image_pending")
        outcome = world.current().outcome
        self.failure = more.get("failure") or (outcome and outcome.get("reason", "as a fault asked"))
        backend.amis[self.id] = self

    @property
    def snapshot_ids(self):
        return [device["Ebs"]["SnapshotId"] for device in self.devices if device.get("Ebs", {}).get("SnapshotId")]

    @property
    def block_device_mappings(self):
        return self.devices

    @property
    def state(self):
        if self.disabled:
            return "disabled"
        if not self.waiting.over():
            return "pending"
        return "failed" if self.failure else "available"

    def snapshots(self):
        known = self.ec2_backend.snapshots
        return [known[one] for one in self.snapshot_ids if one in known]

    def shared_with(self, account):
        """Whether a launch permission names the account, everybody, or an organisation or unit that it is in."""
        member = world.current().settings["organizations"].get(account, [])
        for one in self.launch_permissions:
            if one.get("Group") == "all" or one.get("UserId") == account:
                return True
            if one.get("OrganizationArn") in member or one.get("OrganizationalUnitArn") in member:
                return True
        return False

    def deprecated(self):
        return self.deprecation is not None and datetime.now(timezone.utc) >= self.deprecation


def find(account, region, image_id, owned=False):
    """An image that this account may see. `owned`: that it may change, in whatever state. It counts as a look."""
    for owner in list(ec2_backends):
        backend = ec2_backends[owner].get(region)
        image = backend and backend.amis.get(image_id)
        if image is None or not image.unseen.look():
            continue
        if owner == account:
            return image
        if image.shared_with(account) and not image.disabled:
            if owned:
                raise refuse("AuthFailure", f"Not authorized for image:{image_id}")
            return image
    raise missing(account, region, image_id)


def missing(account, region, image_id):
    """What is said of an image that is not there for this account."""
    if not str(image_id).startswith("ami-"):
        return refuse("InvalidAMIID.Malformed", f'Invalid id: "{image_id}" (expecting "ami-...")')
    backend = ec2_backends[account].get(region)
    if backend and image_id in backend.deleted_amis:
        return refuse("InvalidAMIID.Unavailable", f"The image ID '{image_id}' is no longer available")
    return refuse("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")


def changeable(response, states=("available",)):
    """The image of a request that changes it."""
    image_id = response._get_param("ImageId")
    image = find(response.current_account, response.region, image_id, owned=True)
    if image.state not in states:
        raise refuse("InvalidAMIID.Unavailable",
                     f"The image ID '{image_id}' is {image.state}, which it may not be for this operation")
    response.error_on_dryrun()
    return image


def stamp(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def devices(image, state):
    """The devices as Describe shows them. A pending image has no ids of snapshots yet, and a failed one never has."""
    told = []
    for device in image.devices:
        device = {**device, "Ebs": dict(device["Ebs"])} if "Ebs" in device else dict(device)
        if "Ebs" in device and state in ("pending", "failed"):
            device["Ebs"].pop("SnapshotId", None)
        told.append(device)
    return told


def look(image, seen):
    """What DescribeImages shows, with the tags that it sees; it counts as a look."""
    state = image.state
    image.waiting.look()
    shown = {
        "ImageId": image.id, "Name": image.name, "Description": image.description or None, "State": state,
        "OwnerId": image.owner_id, "ImageOwnerAlias": image.owner_alias, "CreationDate": image.creation_date,
        "Public": image.is_public, "Architecture": image.architecture, "ImageType": image.image_type,
        "ImageLocation": image.image_location, "KernelId": image.kernel_id, "RamdiskId": image.ramdisk_id,
        "Platform": image.platform, "PlatformDetails": "Linux/UNIX", "UsageOperation": "RunInstances",
        "RootDeviceName": image.root_device_name, "RootDeviceType": image.root_device_type,
        "VirtualizationType": image.virtualization_type, "Hypervisor": image.hypervisor,
        "EnaSupport": image.ena_support, "SriovNetSupport": image.sriov, "BootMode": image.boot_mode,
        "TpmSupport": image.tpm_support, "ImdsSupport": image.imds_support,
        "SourceInstanceId": image.instance_id, "SourceImageId": image.source_image_id,
        "SourceImageRegion": image.source_image_region,
        "DeprecationTime": stamp(image.deprecation) if image.deprecation else None,
        "DeregistrationProtection": image.protection,
        "StateReason": {"Code": "Client.InternalError", "Message": image.failure} if state == "failed" else None,
        "BlockDeviceMappings": devices(image, state), "Tags": tags.listed(seen),
    }
    return {name: value for name, value in shown.items() if value is not None}


def filterable(image):
    ebs = [device["Ebs"] for device in image.devices if "Ebs" in device]
    return {
        "architecture": image.architecture, "creation-date": stamp(image.creation_date), "description": image.description,
        "ena-support": image.ena_support, "hypervisor": image.hypervisor, "image-id": image.id,
        "image-type": image.image_type, "is-public": image.is_public, "kernel-id": image.kernel_id,
        "manifest-location": image.image_location, "name": image.name, "owner-alias": image.owner_alias,
        "owner-id": image.owner_id, "platform": image.platform, "ramdisk-id": image.ramdisk_id,
        "root-device-name": image.root_device_name, "root-device-type": image.root_device_type,
        "source-image-id": image.source_image_id, "source-image-region": image.source_image_region,
        "source-instance-id": image.instance_id, "state": image.state, "virtualization-type": image.virtualization_type,
        "boot-mode": image.boot_mode, "imds-support": image.imds_support, "tpm-support": image.tpm_support,
        "block-device-mapping.device-name": [device["DeviceName"] for device in image.devices],
        "block-device-mapping.snapshot-id": [] if image.state == "pending" else image.snapshot_ids,
        "block-device-mapping.volume-size": [one.get("VolumeSize") for one in ebs],
        "block-device-mapping.volume-type": [one.get("VolumeType") for one in ebs],
        "block-device-mapping.encrypted": [one.get("Encrypted", False) for one in ebs],
        "block-device-mapping.delete-on-termination": [one.get("DeleteOnTermination", True) for one in ebs],
    }


def device_of(name, snapshot, given=None):
    """A device that begins with what is in a snapshot."""
    given = given or {}
    ebs = {
        "SnapshotId": snapshot.id,
        "VolumeSize": int(given.get("VolumeSize") or snapshot.volume.size),
        "VolumeType": given.get("VolumeType") or "gp3",
        "DeleteOnTermination": given.get("DeleteOnTermination", True),
        "Encrypted": snapshot.encrypted,
        "Iops": given.get("Iops"),
        "Throughput": given.get("Throughput"),
    }
    return {"DeviceName": name, "Ebs": {key: value for key, value in ebs.items() if value is not None}}
