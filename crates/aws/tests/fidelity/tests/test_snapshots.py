"""Snapshots of EC2, and their blocks by EBS direct."""

import base64
import hashlib

from .base import BLOCK, Case, client

OTHER = "222222222222"


def sha(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


class Permissions(Case):
    def test_of_volumes(self):
        snapshot, ec2 = self.make(name="base")["snapshot"], client("ec2")
        other = client("ec2", OTHER)
        self.refused("InvalidSnapshot.NotFound", other.describe_snapshots, SnapshotIds=[snapshot])
        ec2.modify_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add",
                                      UserIds=[OTHER, "333333333333"])
        ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Remove": [{"UserId": "333333333333"}]})
        said = ec2.describe_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
        self.assertEqual(said["CreateVolumePermissions"], [{"UserId": OTHER}])
        self.assertEqual(len(other.describe_snapshots(RestorableByUserIds=["self"])["Snapshots"]), 1)
        self.assertEqual(len(other.describe_snapshots(OwnerIds=["self"])["Snapshots"]), 0)
        self.refused("AuthFailure", other.delete_snapshot, SnapshotId=snapshot)

    def test_one_call_adds_or_removes_and_not_too_many(self):
        snapshot, ec2 = self.make(name="base")["snapshot"], client("ec2")
        users = [{"UserId": f"{number:012}"} for number in range(501)]
        for refused, change in (("InvalidParameterCombination", {"Add": users[:1], "Remove": users[1:2]}),
                                ("InvalidParameterValue", {"Add": users}), ("InvalidParameterValue", {"Remove": users})):
            self.refused(refused, ec2.modify_snapshot_attribute, SnapshotId=snapshot, CreateVolumePermission=change)
        ec2.modify_snapshot_attribute(SnapshotId=snapshot, CreateVolumePermission={"Add": users[:500]})

    def test_filters(self):
        snapshot = self.make(name="base", snapshot_tags={"release": "1"})["snapshot"]
        self.make(name="other")
        found = client("ec2").describe_snapshots(Filters=[{"Name": "tag:release", "Values": ["1"]},
                                                          {"Name": "status", "Values": ["completed"]}])["Snapshots"]
        self.assertEqual([one["SnapshotId"] for one in found], [snapshot])


class Copies(Case):
    def test_blocks_encryption_and_tags_are_in_the_copy(self):
        snapshot, key = self.make(name="base", size_gib=2, blocks={"3": 9})["snapshot"], self.key(region="eu-west-1")
        made = client("ec2", region="eu-west-1").copy_snapshot(
            SourceSnapshotId=snapshot, SourceRegion="us-east-1", Encrypted=True, KmsKeyId=key,
            TagSpecifications=[{"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "b"}]}])["SnapshotId"]
        [copy] = [one for one in self.state("snapshots") if one["id"] == made]
        self.assertEqual((copy["blocks"], copy["kms_key"], copy["tags"], copy["size_gib"]), ([3], key, {"a": "b"}, 2))


class Direct(Case):
    def setUp(self):
        super().setUp()
        self.ebs = client("ebs")

    def put(self, snapshot, index, data, checksum=None):
        return self.ebs.put_snapshot_block(SnapshotId=snapshot, BlockIndex=index, BlockData=data, DataLength=len(data),
                                           Checksum=checksum or sha(data), ChecksumAlgorithm="SHA256")

    def test_written_completed_and_read(self):
        started = self.ebs.start_snapshot(VolumeSize=1, Tags=[{"Key": "a", "Value": "b"}], Description="said")
        snapshot = started["SnapshotId"]
        self.assertEqual((started["Status"], started["BlockSize"]), ("pending", BLOCK))
        self.assertEqual(client("ec2").describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["State"], "pending")
        blocks = {5: b"\x05" * BLOCK, 2: b"\x02" * BLOCK}
        for index, data in blocks.items():
            self.assertEqual(self.put(snapshot, index, data)["Checksum"], sha(data))
        whole = sha(b"".join(hashlib.sha256(blocks[index]).digest() for index in sorted(blocks)))
        complete = self.ebs.complete_snapshot
        checked = {"ChecksumAlgorithm": "SHA256", "ChecksumAggregationMethod": "LINEAR"}
        self.refused("ValidationException", complete, 400, SnapshotId=snapshot, ChangedBlocksCount=1)
        self.refused("ValidationException", complete, SnapshotId=snapshot, ChangedBlocksCount=2, Checksum=sha(b""), **checked)
        said = complete(SnapshotId=snapshot, ChangedBlocksCount=2, Checksum=whole, **checked)
        self.assertEqual(said["Status"], "completed")
        self.refused("ValidationException", self.put, snapshot=snapshot, index=1, data=blocks[2])
        listed = self.ebs.list_snapshot_blocks(SnapshotId=snapshot)
        self.assertEqual([one["BlockIndex"] for one in listed["Blocks"]], [2, 5])
        read = self.ebs.get_snapshot_block(SnapshotId=snapshot, BlockIndex=5, BlockToken=listed["Blocks"][1]["BlockToken"])
        self.assertEqual((read["BlockData"].read(), read["Checksum"]), (blocks[5], sha(blocks[5])))
        self.refused("ValidationException", self.ebs.get_snapshot_block, SnapshotId=snapshot, BlockIndex=2,
                     BlockToken=listed["Blocks"][1]["BlockToken"])
        [described] = client("ec2").describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
        self.assertEqual((described["State"], described["Tags"]), ("completed", [{"Key": "a", "Value": "b"}]))

    def test_a_block_that_is_not_what_its_checksum_says_is_refused(self):
        snapshot = self.ebs.start_snapshot(VolumeSize=1)["SnapshotId"]
        data = b"\x01" * BLOCK
        self.refused("ValidationException", self.put, 400, snapshot=snapshot, index=0, data=data, checksum=sha(b"another"))
        self.refused("ValidationException", self.put, snapshot=snapshot, index=2048, data=data)
        self.refused("ValidationException", self.put, snapshot=snapshot, index=0, data=b"short")
        self.refused("ResourceNotFoundException", self.put, 404, snapshot="snap-0123456789abcdef0", index=0, data=data)
        self.assertEqual(self.state("snapshots")[0]["blocks"], [])

    def test_a_token_makes_one_snapshot(self):
        first = self.ebs.start_snapshot(VolumeSize=1, ClientToken="t")["SnapshotId"]
        self.assertEqual(self.ebs.start_snapshot(VolumeSize=1, ClientToken="t")["SnapshotId"], first)
        self.refused("ConflictException", self.ebs.start_snapshot, VolumeSize=2, ClientToken="t")

    def test_encryption_and_parents(self):
        key = self.key()
        parent = self.make(name="base", kms_key=key, blocks={"0": 1, "1": 2})["snapshot"]
        child = self.ebs.start_snapshot(VolumeSize=1, ParentSnapshotId=parent)
        self.assertEqual((child["KmsKeyArn"], child["ParentSnapshotId"]), (key, parent))
        self.put(child["SnapshotId"], 1, b"\x03" * BLOCK)
        self.ebs.complete_snapshot(SnapshotId=child["SnapshotId"], ChangedBlocksCount=1)
        changed = self.ebs.list_changed_blocks(FirstSnapshotId=parent, SecondSnapshotId=child["SnapshotId"])
        self.assertEqual([one["BlockIndex"] for one in changed["ChangedBlocks"]], [1])
        self.assertEqual(self.state("snapshots")[1]["blocks"], [0, 1])
        self.refused("ValidationException", self.ebs.start_snapshot, VolumeSize=1, ParentSnapshotId=parent, Encrypted=True)
        self.refused("ValidationException", self.ebs.start_snapshot, VolumeSize=1, KmsKeyArn=key)
        self.assertEqual(self.ebs.start_snapshot(VolumeSize=1, Encrypted=True, KmsKeyArn=key)["KmsKeyArn"], key)

    def test_pages_and_the_block_to_begin_with(self):
        snapshot = self.make(name="base", blocks={str(i): 1 for i in range(250)})["snapshot"]
        first = self.ebs.list_snapshot_blocks(SnapshotId=snapshot, MaxResults=100, StartingBlockIndex=100)
        self.assertEqual((first["Blocks"][0]["BlockIndex"], len(first["Blocks"])), (100, 100))
        rest = self.ebs.list_snapshot_blocks(SnapshotId=snapshot, MaxResults=100, NextToken=first["NextToken"])
        self.assertEqual((rest["Blocks"][0]["BlockIndex"], len(rest["Blocks"])), (200, 50))
        self.assertNotIn("NextToken", rest)

    def test_whom_a_snapshot_is_shared_with_reads_it_with_the_key(self):
        key = self.key()
        snapshot = self.make(name="base", kms_key=key, blocks={"0": 1}, snapshot_users=[OTHER])["snapshot"]
        other = client("ebs", OTHER)
        self.refused("AccessDeniedException", other.list_snapshot_blocks, 403, SnapshotId=snapshot)
        client("kms").create_grant(KeyId=key, GranteePrincipal=f"arn:aws:iam::{OTHER}:root", Operations=["Decrypt"])
        [block] = other.list_snapshot_blocks(SnapshotId=snapshot)["Blocks"]
        read = other.get_snapshot_block(SnapshotId=snapshot, **block)
        self.assertEqual(read["BlockData"].read(), b"\1" * BLOCK)
        self.refused("ResourceNotFoundException", client("ebs", "333333333333").list_snapshot_blocks, SnapshotId=snapshot)
