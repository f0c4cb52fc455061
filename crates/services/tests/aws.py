"""AWS KMS for tests: moto's server, with keys made, and a word about each call on standard output.

    aws.py [--as-moto-does] alias/NAME=KEY_SPEC …

moto hashes a message of the type DIGEST once more, which KMS does not: what it gives back then verifies nowhere. That
is mended here, unless a test wants to see what becomes of such a signature. A line on standard input is answered with
`that was all`. Ends when standard input does.
"""

import sys
import threading

import boto3
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from moto.kms import responses, utils
from moto.server import ThreadedMotoServer

now = threading.local()


def said(call, method):
    def method_that_says(self):
        message_type = self._get_param("MessageType") or ""
        now.digest = message_type == "DIGEST"
        print(f"call {call} {message_type}".strip(), flush=True)
        return method(self)

    return method_that_says


def sign_rsa(self, message, signing_algorithm):
    padding, algorithm = self._RSAPrivateKey__padding_and_hash_algorithm(signing_algorithm)
    return self.private_key.sign(message, padding, Prehashed(algorithm) if now.digest else algorithm)


def sign_ecdsa(self, message, signing_algorithm):
    algorithm = self._ECDSAPrivateKey__hash_algorithm(signing_algorithm)
    return self.private_key.sign(message, ec.ECDSA(Prehashed(algorithm) if now.digest else algorithm))


def main():
    arguments = sys.argv[1:]
    if arguments[:1] == ["--as-moto-does"]:
        arguments = arguments[1:]
    else:
        utils.RSAPrivateKey.sign = sign_rsa
        utils.ECDSAPrivateKey.sign = sign_ecdsa
    responses.KmsResponse.sign = said("Sign", responses.KmsResponse.sign)
    responses.KmsResponse.get_public_key = said("GetPublicKey", responses.KmsResponse.get_public_key)

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    kms = boto3.client(
        "kms",
        region_name="eu-central-1",
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    for argument in arguments:
        alias, spec = argument.split("=")
        usage = "ENCRYPT_DECRYPT" if spec.startswith("SYMMETRIC") else "SIGN_VERIFY"
        made = kms.create_key(KeySpec=spec, KeyUsage=usage)["KeyMetadata"]
        kms.create_alias(AliasName=alias, TargetKeyId=made["KeyId"])
        print(f"key {alias} {made['Arn']}", flush=True)
    print(f"ready {endpoint}", flush=True)
    # A call is told before it is answered, so this comes after all that were.
    for _ in sys.stdin:
        print("that was all", flush=True)


main()
