"""EC2's calls that change what an image is allowed to: launch permissions, deprecation, disabling, protection."""

import re
from datetime import datetime, timedelta, timezone

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.responses import EC2Response

from . import keys, world
from .answers import refuse
from .image import changeable, find

ORGANIZATION = re.compile(r"arn:aws[\w-]*:organizations::\d{12}:organization/o-[a-z0-9]{10,32}")
UNIT = re.compile(r"arn:aws[\w-]*:organizations::\d{12}:ou/o-[a-z0-9]{10,32}/ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}")


def apply():
    for method in (modify_image_attribute, describe_image_attribute, reset_image_attribute, enable_image_deprecation,
                   disable_image_deprecation, enable_image, disable_image, enable_image_deregistration_protection,
                   disable_image_deregistration_protection):
        setattr(EC2Response, method.__name__, method)


def modify_image_attribute(self):
    image = changeable(self)
    change = self._get_param("LaunchPermission", {}) or {}
    add, gone = list(change.get("Add", [])), list(change.get("Remove", []))
    flat = [{"UserId": one} for one in self._get_param("UserIds", []) or []]
    flat += [{"Group": one} for one in self._get_param("UserGroups", []) or []]
    flat += [{"OrganizationArn": one} for one in self._get_param("OrganizationArns", []) or []]
    flat += [{"OrganizationalUnitArn": one} for one in self._get_param("OrganizationalUnitArns", []) or []]
    operation = self._get_param("OperationType")
    # Packer names an account both ways, and says what to do in one of them.
    if flat and operation not in ("add", "remove") and not change:
        raise refuse("MissingParameter", "The request must contain the parameter OperationType")
    if operation in ("add", "remove"):
        (add if operation == "add" else gone).extend(flat)
    for one in add + gone:
        check_target(one)
    if add:
        for snapshot in image.snapshots():
            if snapshot.encrypted and keys.managed_by_aws(self.current_account, self.region, snapshot.kms_key_id):
                raise refuse("InvalidParameter",
                             "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot.")
            if snapshot.encrypted and {"Group": "all"} in add:
                raise refuse("InvalidParameter", "An image with encrypted snapshots cannot be made public.")
    attribute = self._get_param("Attribute")
    description = self._get_param("Description") or ({"Value": self._get_param("Value")} if attribute == "description" else None)
    imds = self._get_param("ImdsSupport") or ({"Value": self._get_param("Value")} if attribute == "imdsSupport" else None)
    if not add and not gone and description is None and imds is None:
        raise refuse("InvalidParameterCombination", "No attributes specified.")
    for one in add:
        if one not in image.launch_permissions:
            image.launch_permissions.append(dict(one))
    image.launch_permissions = [one for one in image.launch_permissions if one not in gone]
    if description is not None:
        image.description = description.get("Value")
    if imds is not None:
        if imds.get("Value") != "v2.0":
            raise refuse("InvalidParameterValue", "IMDS support is v2.0")
        image.imds_support = "v2.0"
    return EmptyResult()


def check_target(one):
    user, group = one.get("UserId"), one.get("Group")
    organization, unit = one.get("OrganizationArn"), one.get("OrganizationalUnitArn")
    code, named = "InvalidAMIAttributeItemValue", user or group or organization or unit
    if len(one) != 1 or named is None:
        raise refuse("InvalidParameterCombination", "A launch permission names one of an account, a group, an ARN")
    if user is not None and not (user.isdigit() and len(user) == 12):
        raise refuse(code, f'Invalid attribute item value "{user}" for userId item type.')
    if group is not None and group != "all":
        raise refuse(code, f'Invalid attribute item value "{group}" for userGroup item type.')
    if organization is not None and not ORGANIZATION.fullmatch(organization):
        raise refuse(code, f'Invalid attribute item value "{organization}" for organizationArn item type.')
    if unit is not None and not UNIT.fullmatch(unit):
        raise refuse(code, f'Invalid attribute item value "{unit}" for organizationalUnitArn item type.')


def describe_image_attribute(self):
    image = find(self.current_account, self.region, self._get_param("ImageId"), owned=True)
    self.error_on_dryrun()
    attribute = self._get_param("Attribute")
    values = {
        "description": ("Description", image.description), "kernel": ("KernelId", image.kernel_id),
        "ramdisk": ("RamdiskId", image.ramdisk_id), "sriovNetSupport": ("SriovNetSupport", image.sriov),
        "bootMode": ("BootMode", image.boot_mode), "tpmSupport": ("TpmSupport", image.tpm_support),
        "uefiData": ("UefiData", image.uefi_data), "imdsSupport": ("ImdsSupport", image.imds_support),
        "deregistrationProtection": ("DeregistrationProtection", image.protection), "lastLaunchedTime": ("LastLaunchedTime", None),
    }
    told = {"ImageId": image.id}
    if attribute == "launchPermission":
        told["LaunchPermissions"] = image.launch_permissions
    elif attribute == "productCodes":
        told["ProductCodes"] = []
    elif attribute == "blockDeviceMapping":
        raise refuse("AuthFailure", "Unauthorized attempt to access restricted resource")
    elif attribute in values:
        name, value = values[attribute]
        told[name] = {"Value": value} if value is not None else {}
    else:
        raise refuse("InvalidParameterValue", f"Invalid attribute '{attribute}'")
    return ActionResult(told)


def reset_image_attribute(self):
    image = changeable(self)
    image.launch_permissions = []
    return EmptyResult()


def enable_image_deprecation(self):
    image = changeable(self, ("available", "pending", "disabled"))
    when, now = self._get_param("DeprecateAt"), datetime.now(timezone.utc)
    if isinstance(when, str):
        when = datetime.fromisoformat(when.replace("Z", "+00:00"))
    if when.tzinfo is None:
        when = when.replace(tzinfo=timezone.utc)
    if when <= now:
        raise refuse("InvalidParameterValue", "The date and time to deprecate the image must be in the future.")
    years = 2 if image.is_public else 10
    if when > now + timedelta(days=366 * years):
        raise refuse("InvalidParameterValue", f"The image cannot be deprecated more than {years} years from now.")
    # To the nearest minute.
    image.deprecation = (when + timedelta(seconds=30)).replace(second=0, microsecond=0)
    return ActionResult({"Return": True})


def disable_image_deprecation(self):
    changeable(self, ("available", "pending", "disabled")).deprecation = None
    return ActionResult({"Return": True})


def disable_image(self):
    image = changeable(self, ("available", "failed", "disabled"))
    image.disabled, image.launch_permissions = True, []
    return ActionResult({"Return": True})


def enable_image(self):
    changeable(self, ("disabled", "available")).disabled = False
    return ActionResult({"Return": True})


def enable_image_deregistration_protection(self):
    image = changeable(self, ("available", "disabled"))
    image.protection = "enabled-with-cooldown" if self._get_param("WithCooldown") else "enabled-without-cooldown"
    image.cooldown_until = None
    return ActionResult({"Return": "true"})


def disable_image_deregistration_protection(self):
    image = changeable(self, ("available", "disabled"))
    if image.protection == "enabled-with-cooldown":
        seconds = world.current().settings["protection_cooldown_s"]
        image.cooldown_until = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    image.protection = "disabled"
    return ActionResult({"Return": "true"})


def hold_protection(image):
    if image.protection != "disabled":
        raise refuse("OperationNotPermitted", f"The image {image.id} is protected from deregistration ({image.protection}).")
    if image.cooldown_until and datetime.now(timezone.utc) < image.cooldown_until:
        raise refuse("OperationNotPermitted", f"The image {image.id} is protected from deregistration until "
                     f"{image.cooldown_until:%Y-%m-%dT%H:%M:%SZ}, the end of its cooldown.")
