"""Images: registering, creating, copying, listing, deregistering."""

import unittest

from .base import Case, client

OTHER = "222222222222"


class Register(Case):
    def test_devices_and_properties_of_the_request_are_kept(self):
        snapshot = self.make(name="base", size_gib=3)["snapshot"]
        ec2 = client("ec2")
        made = ec2.register_image(
            Name="registered", RootDeviceName="/dev/xvda", Architecture="arm64", VirtualizationType="hvm", BootMode="uefi",
            TpmSupport="v2.0", ImdsSupport="v2.0", EnaSupport=True,
            BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot, "VolumeSize": 9}}],
            TagSpecifications=[{"ResourceType": "image", "Tags": [{"Key": "a", "Value": "b"}]}],
        )["ImageId"]
        image = self.image(made)
        self.assertEqual(image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"], snapshot)
        self.assertEqual(image["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"], 9)
        self.assertEqual((image["BootMode"], image["TpmSupport"], image["ImdsSupport"]), ("uefi", "v2.0", "v2.0"))
        self.assertEqual((image["Architecture"], image["Tags"]), ("arm64", [{"Key": "a", "Value": "b"}]))

    def test_a_name_that_is_taken_is_refused(self):
        snapshot = self.make(name="taken")["snapshot"]
        devices = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}]
        self.refused("InvalidAMIName.Duplicate", client("ec2").register_image, Name="taken", BlockDeviceMappings=devices)
        # Another account has names of its own; but the snapshot is not its.
        other = client("ec2", OTHER)
        self.refused("InvalidSnapshot.NotFound", other.register_image, Name="taken", BlockDeviceMappings=devices)

    def test_what_cannot_be_is_refused(self):
        snapshot = self.make(name="base", size_gib=3)["snapshot"]
        register = client("ec2").register_image

        def devices(**ebs):
            return [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot, **ebs}}]

        self.refused("InvalidAMIName.Malformed", register, Name="a*c", BlockDeviceMappings=devices())
        self.refused("InvalidBlockDeviceMapping", register, Name="abc", BlockDeviceMappings=devices(VolumeSize=2))
        self.refused("InvalidBlockDeviceMapping", register, Name="abc", RootDeviceName="/dev/sda1",
                     BlockDeviceMappings=devices())
        self.refused("InvalidParameterCombination", register, Name="abc", TpmSupport="v2.0", BlockDeviceMappings=devices())
        self.refused("InvalidParameterValue", register, Name="abc", BlockDeviceMappings=devices(),
                     TagSpecifications=[{"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "b"}]}])
        self.refused("DryRunOperation", register, Name="abc", BlockDeviceMappings=devices(), DryRun=True)
        self.assertEqual(len(self.state("images")), 1)


class Create(Case):
    def test_an_instance_becomes_an_image_with_tags_for_both(self):
        key = self.key()
        base = self.make(name="base", size_gib=3, blocks={"1": 7}, kms_key=key, boot_mode="uefi")
        ec2 = client("ec2")
        instance = ec2.run_instances(ImageId=base["image"], MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
        made = ec2.create_image(InstanceId=instance, Name="created", TagSpecifications=[
            {"ResourceType": kind, "Tags": [{"Key": "kind", "Value": kind}]} for kind in ("image", "snapshot")])["ImageId"]
        image = self.image(made)
        self.assertEqual(image["Tags"], [{"Key": "kind", "Value": "image"}])
        self.assertEqual((image["SourceInstanceId"], image["BootMode"]), (instance, "uefi"))
        self.assertEqual(image["BlockDeviceMappings"][0]["DeviceName"], image["RootDeviceName"])
        [snapshot] = [one for one in self.state("snapshots") if one["id"] == image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]]
        self.assertEqual((snapshot["tags"], snapshot["blocks"], snapshot["kms_key"]), ({"kind": "snapshot"}, [1], key))

    def test_a_name_that_is_taken_is_refused(self):
        base = self.make(name="base")["image"]
        ec2 = client("ec2")
        instance = ec2.run_instances(ImageId=base, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
        self.refused("InvalidAMIName.Duplicate", ec2.create_image, InstanceId=instance, Name="base")


class Copy(Case):
    def copy(self, source, region="eu-central-1", account="123456789012", **more):
        return client("ec2", account, region).copy_image(
            SourceImageId=source, SourceRegion="us-east-1", **{"Name": "copy", **more})["ImageId"]

    def test_everything_of_the_source_is_in_the_copy(self):
        base = self.make(name="base", size_gib=3, blocks={"0": 1, "9": "aGFsbG8="}, boot_mode="uefi", tpm_support="v2.0",
                         imds_support="v2.0", architecture="arm64", tags={"not": "copied"})
        made = self.copy(base["image"], TagSpecifications=[
            {"ResourceType": kind, "Tags": [{"Key": "kind", "Value": kind}]} for kind in ("image", "snapshot")])
        image = self.image(made, region="eu-central-1")
        self.assertEqual((image["BootMode"], image["TpmSupport"], image["ImdsSupport"]), ("uefi", "v2.0", "v2.0"))
        self.assertEqual((image["SourceImageId"], image["SourceImageRegion"]), (base["image"], "us-east-1"))
        self.assertEqual(image["Tags"], [{"Key": "kind", "Value": "image"}])
        ebs = image["BlockDeviceMappings"][0]["Ebs"]
        self.assertEqual((ebs["VolumeSize"], ebs["Encrypted"]), (3, False))
        [snapshot] = client("ec2", region="eu-central-1").describe_snapshots(SnapshotIds=[ebs["SnapshotId"]])["Snapshots"]
        self.assertEqual(snapshot["Tags"], [{"Key": "kind", "Value": "snapshot"}])
        direct = client("ebs", region="eu-central-1")
        listed = direct.list_snapshot_blocks(SnapshotId=ebs["SnapshotId"])["Blocks"]
        self.assertEqual([block["BlockIndex"] for block in listed], [0, 9])
        data = direct.get_snapshot_block(SnapshotId=ebs["SnapshotId"], BlockIndex=9, BlockToken=listed[1]["BlockToken"])
        self.assertEqual(data["BlockData"].read()[:6], b"hallo\0")

    def test_encryption_is_as_asked(self):
        base, key = self.make(name="base"), self.key(region="eu-central-1", alias="alias/images")
        for name, asked, expected in (
            ("named", {"Encrypted": True, "KmsKeyId": key}, key),
            ("alias", {"Encrypted": True, "KmsKeyId": "alias/images"}, key),
            ("default", {"Encrypted": True}, None),
        ):
            made = self.copy(base["image"], Name=name, **asked)
            [image] = [one for one in self.state("images") if one["id"] == made]
            [snapshot] = [one for one in self.state("snapshots") if one["id"] == image["snapshots"][0]]
            self.assertTrue(image["encrypted"])
            if expected:
                self.assertEqual(snapshot["kms_key"], expected)
            else:
                [managed] = [one for one in self.state("keys") if one["manager"] == "AWS"]
                self.assertEqual(snapshot["kms_key"], managed["arn"])
        copy = client("ec2", region="eu-central-1").copy_image
        self.refused("InvalidParameterDependency", copy, SourceImageId=base["image"], SourceRegion="us-east-1", Name="abc",
                     KmsKeyId=key)
        # A key of elsewhere is taken, and fails later.
        made = self.copy(base["image"], Name="later", Encrypted=True, KmsKeyId=self.key())
        image = self.image(made, region="eu-central-1")
        self.assertEqual((image["State"], image["StateReason"]["Message"]), ("failed", "Given key ID is not accessible"))

    def test_encryption_by_default_holds_for_copies(self):
        base = self.make(name="base")
        ec2 = client("ec2", region="eu-central-1")
        self.assertFalse(ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"])
        self.assertEqual(ec2.get_ebs_default_kms_key_id()["KmsKeyId"], "alias/aws/ebs")
        ec2.enable_ebs_encryption_by_default()
        key = self.key(region="eu-central-1")
        ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
        self.assertEqual(ec2.get_ebs_default_kms_key_id()["KmsKeyId"], key)
        made = self.copy(base["image"])
        [image] = [one for one in self.state("images") if one["id"] == made]
        self.assertTrue(image["encrypted"])

    def test_a_client_token_makes_one_image(self):
        base = self.make(name="base")["image"]
        first = self.copy(base, ClientToken="t")
        self.assertEqual(self.copy(base, ClientToken="t"), first)
        self.assertNotEqual(self.copy(base, ClientToken="u"), first)
        copy = client("ec2", region="eu-central-1").copy_image
        self.refused("IdempotentParameterMismatch", copy, SourceImageId=base, SourceRegion="us-east-1", Name="another",
                     ClientToken="t")
        # A token is of one region.
        self.assertNotEqual(self.copy(base, region="us-west-2", ClientToken="t"), first)

    def test_names_need_not_differ_but_the_source_has_to_be_there(self):
        base = self.make(name="base")["image"]
        self.assertNotEqual(self.copy(base), self.copy(base))
        copy = client("ec2").copy_image
        self.refused("InvalidAMIID.NotFound", copy, SourceImageId="ami-00000000", SourceRegion="us-east-1", Name="abc")

    def test_another_account_copies_what_is_shared_with_it(self):
        key = self.key()
        shared = self.make(name="shared", kms_key=key, launch_permissions=[{"UserId": OTHER}], snapshot_users=[OTHER])
        bare = self.make(name="bare", launch_permissions=[{"UserId": OTHER}])
        copy = client("ec2", OTHER).copy_image
        self.refused("InvalidRequest", copy, SourceImageId=bare["image"], SourceRegion="us-east-1", Name="abc")
        # Without a grant for the key nobody says no at once.
        made = self.copy(shared["image"], account=OTHER)
        self.assertEqual(self.image(made, OTHER, "eu-central-1")["State"], "failed")
        client("kms").create_grant(KeyId=key, GranteePrincipal=f"arn:aws:iam::{OTHER}:root", Operations=["Decrypt"])
        made = self.copy(shared["image"], account=OTHER, Name="again")
        image = self.image(made, OTHER, "eu-central-1")
        self.assertEqual((image["State"], image["OwnerId"]), ("available", OTHER))


class Describe(Case):
    def test_owners_filters_and_ids(self):
        one, two = self.make(name="app-1", tags={"release": "1"})["image"], self.make(name="app-2", tags={"release": "2"})["image"]
        foreign = self.make(name="app-3", account=OTHER, launch_permissions=[{"Group": "all"}])["image"]
        self.make(name="hidden", account=OTHER)
        ec2 = client("ec2")

        def ids(*filters, **more):
            return {image["ImageId"] for image in ec2.describe_images(
                Filters=[{"Name": name, "Values": values} for name, values in filters], **more)["Images"]}

        self.assertEqual(ids(), {one, two, foreign})
        self.assertEqual(ids(Owners=["self"]), {one, two})
        self.assertEqual(ids(Owners=[OTHER]), {foreign})
        self.assertEqual(ids(("tag:release", ["2"])), {two})
        self.assertEqual(ids(("tag-key", ["release"]), ("name", ["app-?"])), {one, two})
        self.assertEqual(ids(("name", ["app-1", "app-3"])), {one, foreign})
        self.assertEqual(ids(("is-public", ["true"])), {foreign})
        self.refused("InvalidParameterValue", ec2.describe_images, Filters=[{"Name": "no-such", "Values": ["x"]}])
        self.refused("InvalidAMIID.NotFound", ec2.describe_images, 400, ImageIds=["ami-00000000"])
        self.refused("InvalidAMIID.Malformed", ec2.describe_images, ImageIds=["image"])
        ec2.deregister_image(ImageId=one)
        self.refused("InvalidAMIID.Unavailable", ec2.describe_images, ImageIds=[one])
        self.refused("InvalidAMIID.Unavailable", ec2.deregister_image, ImageId=one)

    def test_pages(self):
        for i in range(7):
            self.make(name=f"app-{i}")
        pages = list(client("ec2").get_paginator("describe_images").paginate(PaginationConfig={"PageSize": 5}))
        self.assertEqual([len(page["Images"]) for page in pages], [5, 2])

    def test_a_first_page_may_be_empty(self):
        one = self.make(name="app")
        self.settings(empty_first_page=True)
        ec2 = client("ec2")
        for call, listed, ids in (("describe_images", "Images", {"ImageIds": [one["image"]]}),
                                  ("describe_snapshots", "Snapshots", {"SnapshotIds": [one["snapshot"]]})):
            pages = list(ec2.get_paginator(call).paginate(**({"Owners": ["self"]} if listed == "Images" else {"OwnerIds": ["self"]})))
            self.assertEqual([len(page[listed]) for page in pages], [0, 1], call)
            self.assertEqual(len(getattr(ec2, call)(**ids)[listed]), 1, call)


class Deregister(Case):
    def test_snapshots_stay_unless_asked_for(self):
        ec2, kept, gone = client("ec2"), self.make(name="kept"), self.make(name="gone")
        ec2.deregister_image(ImageId=kept["image"])
        said = ec2.deregister_image(ImageId=gone["image"], DeleteAssociatedSnapshots=True)
        self.assertEqual(said["DeleteSnapshotResults"], [{"SnapshotId": gone["snapshot"], "ReturnCode": "success"}])
        self.assertEqual([one["id"] for one in self.state("snapshots")], [kept["snapshot"]])

    def test_a_snapshot_in_use_is_not_deleted(self):
        ec2, base = client("ec2"), self.make(name="base")
        ec2.register_image(Name="second", BlockDeviceMappings=[
            {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": base["snapshot"]}}])
        self.refused("InvalidSnapshot.InUse", ec2.delete_snapshot, SnapshotId=base["snapshot"])
        said = ec2.deregister_image(ImageId=base["image"], DeleteAssociatedSnapshots=True)
        self.assertEqual(said["DeleteSnapshotResults"][0]["ReturnCode"], "skipped")
        [second] = self.state("images")
        ec2.deregister_image(ImageId=second["id"])
        ec2.delete_snapshot(SnapshotId=base["snapshot"])
        self.refused("InvalidSnapshot.NotFound", ec2.delete_snapshot, SnapshotId=base["snapshot"])


if __name__ == "__main__":
    unittest.main()
