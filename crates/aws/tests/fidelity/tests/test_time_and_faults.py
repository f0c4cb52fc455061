"""States that take time, answers that lag behind, latency, faults by number, and the control calls."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from fidelity.faults import process_of

from .base import ENDPOINT, Case, client, control

COPY = {"SourceRegion": "us-east-1", "Name": "copy"}


class Pending(Case):
    def test_by_looks_without_ids_of_snapshots(self):
        base = self.make(name="base")["image"]
        self.settings(image_pending={"looks": 2}, snapshot_pending={"looks": 1})
        ec2 = client("ec2")
        made = ec2.copy_image(SourceImageId=base, **COPY)["ImageId"]
        for state in ("pending", "pending", "available"):
            self.assertEqual(self.state("images")[1]["state"], state)
            image = self.image(made)
            self.assertEqual(image["State"], state)
            self.assertEqual("SnapshotId" in image["BlockDeviceMappings"][0]["Ebs"], state == "available")
        snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
        states = [ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["State"] for _ in range(2)]
        self.assertEqual(states, ["pending", "completed"])

    def test_by_milliseconds(self):
        base = self.make(name="base")["image"]
        self.settings(image_pending={"ms": 300})
        made = client("ec2").copy_image(SourceImageId=base, **COPY)["ImageId"]
        self.assertEqual(self.image(made)["State"], "pending")
        self.refused("InvalidAMIID.Unavailable", client("ec2").disable_image, ImageId=made)
        self.clock.sleep(0.35)
        self.assertEqual(self.image(made)["State"], "available")

    def test_it_may_fail_in_the_end(self):
        base, ec2 = self.make(name="base")["image"], client("ec2")
        self.settings(image_pending={"looks": 1})
        self.faults({"kind": "failed", "operation": "ec2:CopyImage", "nth": 2, "reason": "Client.Why: so"})
        good, bad = (ec2.copy_image(SourceImageId=base, **COPY)["ImageId"] for _ in range(2))
        for image in (good, bad):
            self.assertEqual(self.image(image)["State"], "pending")
        self.assertEqual(self.image(good)["State"], "available")
        failed = self.image(bad)
        self.assertEqual((failed["State"], failed["StateReason"]["Message"]), ("failed", "Client.Why: so"))
        self.faults({"kind": "failed", "operation": "ebs:StartSnapshot", "reason": "so"})
        snapshot = client("ebs").start_snapshot(VolumeSize=1)["SnapshotId"]
        client("ebs").complete_snapshot(SnapshotId=snapshot, ChangedBlocksCount=0)
        [told] = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
        self.assertEqual((told["State"], told["StateMessage"]), ("error", "so"))
        self.faults({"kind": "failed", "operation": "ssm:PutParameter"})
        ssm = client("ssm")
        ssm.put_parameter(Name="/a", Value=base, Type="String", DataType="aws:ec2:image")
        self.refused("ParameterNotFound", ssm.get_parameter, Name="/a")


class Unseen(Case):
    def test_images_snapshots_and_tags(self):
        snapshot, ec2 = self.make(name="base")["snapshot"], client("ec2")
        self.settings(image_unseen={"looks": 1}, tag_unseen={"looks": 1}, snapshot_unseen={"looks": 1})
        image = ec2.register_image(Name="new", RootDeviceName="/dev/xvda", TagSpecifications=[
            {"ResourceType": "image", "Tags": [{"Key": "a", "Value": "b"}]}],
            BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}])["ImageId"]
        self.refused("InvalidAMIID.NotFound", ec2.describe_images, ImageIds=[image])
        self.assertEqual(self.image(image)["Tags"], [])
        self.assertEqual(self.image(image)["Tags"], [{"Key": "a", "Value": "b"}])
        ebs = client("ebs")
        made = [ebs.start_snapshot(VolumeSize=1)["SnapshotId"] for _ in range(2)]
        self.refused("InvalidSnapshot.NotFound", ec2.describe_snapshots, SnapshotIds=[made[0]])
        ec2.describe_snapshots(SnapshotIds=[made[0]])
        self.refused("ResourceNotFoundException", ebs.complete_snapshot, SnapshotId=made[1], ChangedBlocksCount=0)
        ebs.complete_snapshot(SnapshotId=made[1], ChangedBlocksCount=0)

    def test_a_tag_is_as_it_was_for_a_while(self):
        image, ec2 = self.make(name="base", tags={"a": "old"})["image"], client("ec2")
        self.settings(tag_unseen={"looks": 1})
        ec2.create_tags(Resources=[image], Tags=[{"Key": "a", "Value": "new"}])
        self.assertEqual([self.image(image)["Tags"][0]["Value"] for _ in range(2)], ["old", "new"])

    def test_parameters(self):
        ssm = client("ssm")
        self.settings(parameter_unseen={"looks": 1})
        ssm.put_parameter(Name="/a", Value="1", Type="String")
        self.refused("ParameterNotFound", ssm.get_parameter, Name="/a")
        self.assertEqual(ssm.get_parameters(Names=["/a"])["Parameters"][0]["Value"], "1")
        ssm.put_parameter(Name="/a", Value="2", Type="String", Overwrite=True)
        self.assertEqual([ssm.get_parameter(Name="/a")["Parameter"]["Value"] for _ in range(2)], ["1", "2"])


class Latency(Case):
    def test_calls_wait_beside_each_other(self):
        self.settings(latency_ms={"ec2:DescribeImages": 3000, "ssm": 1})
        began = time.monotonic()
        clients = [client("ec2") for _ in range(5)]
        prepared = time.monotonic()
        threads = [threading.Thread(target=one.describe_images) for one in clients]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - prepared
        # One after the other they would take fifteen.
        self.assertTrue(3 <= took < 14.5, f"{took} s, {prepared - began} s to prepare")


class Faults(Case):
    def test_throttling_in_each_services_words(self):
        self.faults({"kind": "throttle", "count": None})
        for service, code, status, call, arguments in (
            ("ec2", "RequestLimitExceeded", 503, "describe_images", {}),
            ("ssm", "ThrottlingException", 400, "get_parameter", {"Name": "/a"}),
            ("kms", "ThrottlingException", 400, "list_keys", {}),
            ("s3", "SlowDown", 503, "list_buckets", {}),
            ("ebs", "RequestThrottledException", 400, "start_snapshot", {"VolumeSize": 1}),
            ("sts", "Throttling", 400, "get_caller_identity", {}),
        ):
            self.refused(code, getattr(client(service), call), status, **arguments)

    def test_every_third_and_named_calls(self):
        ec2 = client("ec2")
        self.faults({"kind": "http-500", "every": 3}, {"kind": "http-503", "operation": "GetCallerIdentity", "nth": 2})
        outcomes = []
        for _ in range(6):
            try:
                ec2.describe_images()
                outcomes.append(200)
            except ec2.exceptions.ClientError as error:
                outcomes.append(error.response["ResponseMetadata"]["HTTPStatusCode"])
        self.assertEqual(outcomes, [200, 200, 500, 200, 200, 500])
        self.faults({"kind": "http-503", "operation": "sts:GetCallerIdentity", "nth": 2})
        client("sts").get_caller_identity()
        ec2.describe_images()
        self.refused("ServiceUnavailable", client("sts").get_caller_identity, 503)
        self.faults({"kind": "error", "operation": "ec2", "code": "UnauthorizedOperation", "status": 403})
        self.refused("UnauthorizedOperation", ec2.describe_images, 403)

    def test_cut_before_and_after_the_effect_of_a_mutating_call(self):
        base, ec2 = self.make(name="base")["image"], client("ec2")
        for kind, images in (("cut-before", 1), ("cut-after", 2)):
            self.faults({"kind": kind, "mutating": True, "nth": 2})
            ec2.describe_images()
            ec2.create_tags(Resources=[base], Tags=[{"Key": "a", "Value": "b"}])
            with self.assertRaises(ConnectionClosedError):
                ec2.copy_image(SourceImageId=base, **COPY)
            self.assertEqual(len(self.state("images")), images, kind)
            self.assertEqual((self.calls()[-1]["outcome"], self.calls()[-1]["fault"]), ("cut", kind))

    def test_a_reply_that_never_comes(self):
        base, ec2 = self.make(name="base")["image"], client("ec2", read_timeout=2)
        for kind, images in (("hang-before", 1), ("hang-after", 2)):
            self.faults({"kind": kind, "operation": "CopyImage"})
            with self.assertRaises(ReadTimeoutError):
                ec2.copy_image(SourceImageId=base, **COPY)
            # On a busy machine whoever asks may have had enough before it hangs.
            for _ in range(600):
                if self.calls()[-1]["outcome"] == "hung":
                    break
                time.sleep(0.1)
            self.assertEqual((len(self.state("images")), self.calls()[-1]["outcome"]), (images, "hung"))

    def test_the_process_that_calls_is_killed(self):
        base = self.make(name="base")["image"]
        program = (
            "import sys; sys.path.insert(0, sys.argv[1])\n"
            "import boto3\n"
            "ec2 = boto3.client('ec2', region_name='us-east-1', endpoint_url=sys.argv[2],\n"
            "                   aws_access_key_id='AKIA123456789012TEST', aws_secret_access_key='s')\n"
            "if sys.argv[4] == 'wait': sys.stdin.readline()\n"
            "ec2.describe_images()\n"
            "ec2.copy_image(SourceImageId=sys.argv[3], SourceRegion='us-east-1', Name='copy')\n"
            "print('lives')\n"
        )

        def run(how):
            return subprocess.Popen([sys.executable, "-c", program, os.getcwd(), ENDPOINT, base, how],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE)

        for kind, images in (("kill-before", 1), ("kill-after", 2)):
            self.faults({"kind": kind, "mutating": True, "pid": "peer"})
            child = run("go")
            self.assertEqual((child.communicate()[0], child.returncode), (b"", -signal.SIGKILL))
            self.assertEqual((len(self.state("images")), self.calls()[-1]["outcome"]), (images, "killed"))
        child = run("wait")
        self.faults({"kind": "kill-after", "operation": "DescribeImages", "pid": child.pid})
        self.assertEqual((child.communicate(b"\n")[0], child.returncode), (b"", -signal.SIGKILL))
        self.assertEqual(len(self.state("images")), 2)

    def test_of_two_connections_from_one_port_each_is_its_own_process(self):
        connect = (
            "import socket, sys\n"
            "s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
            "s.bind(('127.0.0.1', int(sys.argv[1]))); s.connect(('127.0.0.1', int(sys.argv[2])))\n"
            "print(s.getsockname()[1], flush=True); sys.stdin.readline()\n"
        )
        port = 0
        with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
            for server in (one, other):
                arguments = [sys.executable, "-c", connect, str(port), str(server.getsockname()[1])]
                child = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                self.addCleanup(child.communicate)
                port = int(child.stdout.readline())
                self.assertEqual(process_of(("127.0.0.1", port), server.getsockname()), child.pid)


class Control(Case):
    def test_calls_are_told(self):
        base, ec2 = self.make(name="base")["image"], client("ec2", region="eu-west-1")
        made = ec2.copy_image(SourceImageId=base, **COPY)["ImageId"]
        client("ec2", "222222222222").describe_images()
        snapshot = client("ebs").start_snapshot(VolumeSize=1)["SnapshotId"]
        client("ebs").complete_snapshot(SnapshotId=snapshot, ChangedBlocksCount=0)
        client("s3").create_bucket(Bucket="bucket")
        told = [(one["service"], one["operation"], one["region"], one["account"], one["mutating"], one["outcome"])
                for one in self.calls()]
        own, other = "123456789012", "222222222222"
        self.assertEqual(told, [
            ("ec2", "CopyImage", "eu-west-1", own, True, "answered"),
            ("ec2", "DescribeImages", "us-east-1", other, False, "answered"),
            ("ebs", "StartSnapshot", "us-east-1", own, True, "answered"),
            ("ebs", "CompleteSnapshot", "us-east-1", own, True, "answered"),
            ("s3", "CreateBucket", "us-east-1", own, True, "answered"),
        ])
        self.assertIn(base, self.calls()[0]["resources"])
        self.assertIn(snapshot, self.calls()[3]["resources"])
        self.assertIn("bucket", self.calls()[4]["resources"])
        self.assertNotEqual(made, base)
        control("POST", "calls/reset")
        self.assertEqual(self.calls(), [])

    def test_a_state_is_kept_and_put_back(self):
        self.make(name="base", blocks={"0": 1})
        s3, ssm = client("s3"), client("ssm")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="k", Body=b"before")
        ssm.put_parameter(Name="/a", Value="1", Type="String")
        client("kms").create_grant(KeyId=self.key(), GranteePrincipal="arn:aws:iam::222222222222:root", Operations=["Decrypt"])
        before = control("GET", "state")
        control("POST", "snapshot", {"name": "before"})
        for _ in range(2):
            s3.put_object(Bucket="bucket", Key="k", Body=b"after")
            ssm.put_parameter(Name="/a", Value="2", Type="String", Overwrite=True)
            self.make(name="another")
            control("POST", "restore", {"name": "before"})
            self.assertEqual(control("GET", "state"), before)
            self.assertEqual(s3.get_object(Bucket="bucket", Key="k")["Body"].read(), b"before")

    def test_what_there_is_not_is_said(self):
        for path, body, said in (
            ("settings", {"no-such": 1}, "no-such"), ("faults", [{"kind": "no-such"}], "no-such"),
            ("faults", [{"kind": "throttle", "no-such": 1}], "no-such"), ("make", {"name": "a", "no-such": 1}, "no-such"),
            ("faults", [{"kind": "kill-after"}], "pid"), ("restore", {"name": "no-such"}, "no-such"),
        ):
            with self.assertRaisesRegex(AssertionError, said):
                control("POST", path, body)

    def test_a_call_that_moto_lacks_is_no_answer(self):
        self.refused("FidelityNotImplemented", client("ec2").export_image, 501, DiskImageFormat="RAW", ImageId="ami-00000000",
                     S3ExportLocation={"S3Bucket": "bucket"})
