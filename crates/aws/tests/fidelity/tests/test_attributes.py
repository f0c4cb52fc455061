"""What an image is allowed to: launch permissions, deprecation, disabling, protection."""

from datetime import datetime, timedelta, timezone
from unittest import mock

from .base import Case, client

OTHER = "222222222222"
ORGANIZATION = "arn:aws:organizations::111111111111:organization/o-abcdefghij"
UNIT = "arn:aws:organizations::111111111111:ou/o-abcdefghij/ou-abcd-12345678"


class LaunchPermissions(Case):
    def permissions(self, image):
        return client("ec2").describe_image_attribute(ImageId=image, Attribute="launchPermission")["LaunchPermissions"]

    def test_accounts_organisations_and_units(self):
        image, modify = self.make(name="base")["image"], client("ec2").modify_image_attribute
        modify(ImageId=image, LaunchPermission={"Add": [{"UserId": OTHER}, {"OrganizationArn": ORGANIZATION}]})
        modify(ImageId=image, OperationType="add", Attribute="launchPermission", OrganizationalUnitArns=[UNIT])
        modify(ImageId=image, UserIds=[OTHER], LaunchPermission={"Add": [{"UserId": OTHER}]})
        self.refused("MissingParameter", modify, ImageId=image, UserIds=[OTHER])
        self.assertEqual(self.permissions(image), [
            {"UserId": OTHER}, {"OrganizationArn": ORGANIZATION}, {"OrganizationalUnitArn": UNIT}])
        modify(ImageId=image, LaunchPermission={"Remove": [{"OrganizationArn": ORGANIZATION}, {"UserId": OTHER}]})
        self.assertEqual(self.permissions(image), [{"OrganizationalUnitArn": UNIT}])
        for bad in ({"UserId": "12"}, {"Group": "some"}, {"OrganizationArn": UNIT}, {"OrganizationalUnitArn": ORGANIZATION}):
            self.refused("InvalidAMIAttributeItemValue", modify, ImageId=image, LaunchPermission={"Add": [bad]})

    def test_who_is_named_sees_the_image_and_cannot_change_it(self):
        image = self.make(name="base")["image"]
        other = client("ec2", OTHER)
        self.refused("InvalidAMIID.NotFound", other.describe_images, ImageIds=[image])
        client("ec2").modify_image_attribute(ImageId=image, LaunchPermission={"Add": [{"OrganizationArn": ORGANIZATION}]})
        self.refused("InvalidAMIID.NotFound", other.describe_images, ImageIds=[image])
        self.settings(organizations={OTHER: [ORGANIZATION]})
        self.assertEqual(other.describe_images(ImageIds=[image])["Images"][0]["OwnerId"], "123456789012")
        self.assertEqual(len(other.describe_images(ExecutableUsers=["self"])["Images"]), 1)
        self.refused("AuthFailure", other.deregister_image, ImageId=image)
        self.refused("AuthFailure", other.describe_image_attribute, ImageId=image, Attribute="launchPermission")

    def test_what_the_managed_key_encrypts_is_not_shared(self):
        key = self.key()
        managed, own = self.make(name="managed", encrypted=True), self.make(name="own", kms_key=key)
        ec2 = client("ec2")
        add = {"Add": [{"UserId": OTHER}]}
        self.refused("InvalidParameter", ec2.modify_image_attribute, ImageId=managed["image"], LaunchPermission=add)
        self.refused("OperationNotPermitted", ec2.modify_snapshot_attribute, SnapshotId=managed["snapshot"],
                     CreateVolumePermission=add)
        ec2.modify_image_attribute(ImageId=own["image"], LaunchPermission=add)
        ec2.modify_snapshot_attribute(SnapshotId=own["snapshot"], CreateVolumePermission=add)

    def test_other_attributes(self):
        image, ec2 = self.make(name="base", boot_mode="uefi")["image"], client("ec2")
        ec2.modify_image_attribute(ImageId=image, Description={"Value": "said"})
        ec2.modify_image_attribute(ImageId=image, ImdsSupport={"Value": "v2.0"})
        for attribute, name, value in (("description", "Description", "said"), ("imdsSupport", "ImdsSupport", "v2.0"),
                                       ("bootMode", "BootMode", "uefi")):
            said = ec2.describe_image_attribute(ImageId=image, Attribute=attribute)
            self.assertEqual(said[name]["Value"], value)


class Deprecation(Case):
    def test_it_is_shown_and_hides_from_others_only(self):
        image = self.make(name="base", launch_permissions=[{"UserId": OTHER}])["image"]
        ec2, now = client("ec2"), datetime.now(timezone.utc)
        when = (now + timedelta(days=30)).replace(second=0, microsecond=0)
        self.assertTrue(ec2.enable_image_deprecation(ImageId=image, DeprecateAt=when)["Return"])
        self.assertEqual(self.image(image)["DeprecationTime"], when.strftime("%Y-%m-%dT%H:%M:%S.000Z"))
        self.assertIsNotNone(self.image(image, OTHER))
        with mock.patch("fidelity.image.datetime") as clock:
            clock.now.return_value = when + timedelta(minutes=1)
            self.assertIsNotNone(self.image(image))
            self.assertIsNone(self.image(image, OTHER))
            self.assertIsNotNone(self.image(image, OTHER, IncludeDeprecated=True))
        ec2.disable_image_deprecation(ImageId=image)
        self.assertNotIn("DeprecationTime", self.image(image))

    def test_dates_that_cannot_be(self):
        enable, image = client("ec2").enable_image_deprecation, self.make(name="base")["image"]
        public = self.make(name="public", launch_permissions=[{"Group": "all"}])["image"]
        now = datetime.now(timezone.utc)
        self.refused("InvalidParameterValue", enable, ImageId=image, DeprecateAt=now - timedelta(days=1))
        self.refused("InvalidParameterValue", enable, ImageId=image, DeprecateAt=now + timedelta(days=3700))
        self.refused("InvalidParameterValue", enable, ImageId=public, DeprecateAt=now + timedelta(days=1000))
        self.refused("InvalidAMIID.NotFound", enable, ImageId="ami-00000000", DeprecateAt=now + timedelta(days=1))


class Disabled(Case):
    def test_hidden_and_shared_with_nobody_until_enabled(self):
        image, ec2 = self.make(name="base", launch_permissions=[{"UserId": OTHER}])["image"], client("ec2")
        self.assertTrue(ec2.disable_image(ImageId=image)["Return"])
        self.assertIsNone(self.image(image))
        self.assertEqual(self.image(image, IncludeDisabled=True)["State"], "disabled")
        self.refused("InvalidAMIID.Unavailable", ec2.modify_image_attribute, ImageId=image,
                     LaunchPermission={"Add": [{"UserId": OTHER}]})
        self.refused("InvalidAMIID.NotFound", client("ec2", OTHER).describe_images, ImageIds=[image])
        self.assertTrue(ec2.enable_image(ImageId=image)["Return"])
        self.assertEqual(self.image(image)["State"], "available")
        self.assertEqual(self.state("images")[0]["launch_permissions"], [])


class Protection(Case):
    def test_a_protected_image_is_not_deregistered(self):
        image, ec2 = self.make(name="base")["image"], client("ec2")
        ec2.enable_image_deregistration_protection(ImageId=image)
        self.assertEqual(self.image(image)["DeregistrationProtection"], "enabled-without-cooldown")
        self.refused("OperationNotPermitted", ec2.deregister_image, ImageId=image)
        ec2.disable_image_deregistration_protection(ImageId=image)
        ec2.deregister_image(ImageId=image)

    def test_a_cooldown_goes_on_when_protection_ends(self):
        self.settings(protection_cooldown_s=3600)
        image, ec2 = self.make(name="base")["image"], client("ec2")
        ec2.enable_image_deregistration_protection(ImageId=image, WithCooldown=True)
        self.assertEqual(self.image(image)["DeregistrationProtection"], "enabled-with-cooldown")
        ec2.disable_image_deregistration_protection(ImageId=image)
        self.assertEqual(self.image(image)["DeregistrationProtection"], "disabled")
        self.refused("OperationNotPermitted", ec2.deregister_image, ImageId=image)
        self.settings(protection_cooldown_s=0)
        ec2.enable_image_deregistration_protection(ImageId=image, WithCooldown=True)
        ec2.disable_image_deregistration_protection(ImageId=image)
        ec2.deregister_image(ImageId=image)
