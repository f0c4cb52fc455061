"""What every test here needs: one proxy, clients of any account, control calls."""

import json
import os
import unittest
import urllib.request
from unittest import mock

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from fidelity import server

RUNNING = server.start()
ENDPOINT = f"http://127.0.0.1:{RUNNING.port}"
BLOCK = 524288
# The machine's own settings and credentials have no part in this.
os.environ.update(AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)


def control(method, path, body=None):
    data = json.dumps(body).encode() if body is not None else (b"" if method == "POST" else None)
    request = urllib.request.Request(f"{ENDPOINT}/_fidelity/{path}", data=data, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as error:
        raise AssertionError(error.read().decode()) from error


def client(service, account="123456789012", region="us-east-1", credentials=None, **config):
    keys = credentials or {"aws_access_key_id": f"AKIA{account}TEST", "aws_secret_access_key": "secret"}
    config = {"retries": {"total_max_attempts": 1}, "s3": {"addressing_style": "path"}, **config}
    return boto3.client(service, region_name=region, endpoint_url=ENDPOINT, config=Config(**config), **keys)


class Clock:
    """The clock of a module of the proxy, which goes on when it is told to: no test depends on how quick the machine is."""

    def __init__(self):
        self.now = 1_000_000.0

    def monotonic(self):
        return self.now

    time = monotonic

    def sleep(self, seconds):
        self.now += seconds


class Case(unittest.TestCase):
    def setUp(self):
        self.clock = Clock()
        for module in ("fidelity.world.time", "fidelity.sessions.time"):
            patched = mock.patch(module, self.clock)
            patched.start()
            self.addCleanup(patched.stop)
        control("POST", "reset")

    def settings(self, **settings):
        control("POST", "settings", settings)

    def faults(self, *faults):
        control("POST", "faults", {"faults": list(faults)})

    def make(self, **image):
        return control("POST", "make", {"image": image})

    def key(self, **key):
        return control("POST", "make", {"key": key})["arn"]

    def state(self, kind):
        return control("GET", "state")[kind]

    def calls(self):
        return control("GET", "calls")["calls"]

    def image(self, image_id, account="123456789012", region="us-east-1", **more):
        found = client("ec2", account, region).describe_images(ImageIds=[image_id], **more)["Images"]
        return found[0] if found else None

    def refused(self, code, call, status=None, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        answer = caught.exception.response
        self.assertEqual(answer["Error"]["Code"], code, answer)
        self.assertTrue(answer["ResponseMetadata"].get("RequestId"), answer)
        if status:
            self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], status)
        return answer
