"""KMS keys as EBS uses them: the default one of an account and region, who may use which."""

import json

from moto.ec2.models.elastic_block_store import EBSBackend as Ebs
from moto.kms.models import kms_backends

from .answers import refuse


def of(account, region, key_id):
    """The key of that name, id or ARN, or None."""
    if key_id.startswith("arn:"):
        parts = key_id.split(":")
        account, at = parts[4], parts[3]
        if at != region:
            return None
    try:
        return kms_backends[account][region].describe_key(key_id)
    except Exception:
        return None


def apply():
    make = Ebs._create_default_encryption_key

    def create_default(self):
        arn = make(self)
        # moto makes it like any other key.
        of(self.account_id, self.region_name, arn).key_manager = "AWS"
        return arn

    Ebs._create_default_encryption_key = create_default


def default(backend):
    """The key that EBS takes where none is named: the one that was set, else the one that AWS manages."""
    return backend.default_kms_key_id or backend._create_default_encryption_key()


def managed_by_aws(account, region, key_arn):
    key = of(account, region, key_arn)
    return key is not None and key.key_manager == "AWS"


def chosen(backend, encrypted, key_id):
    """The ARN under which something new is encrypted (None: it is not), and why that cannot be, where it cannot.

    EC2 takes a key that does not exist, or may not be used, and fails later.
    """
    if key_id and not encrypted:
        raise refuse("InvalidParameterDependency",
                     "The parameter KmsKeyId requires the parameter Encrypted to be set to true.")
    if not encrypted:
        return None, None
    if not key_id:
        return default(backend), None
    key = of(backend.account_id, backend.region_name, key_id)
    if key is None or key.key_state != "Enabled" or not usable(key, backend.account_id):
        return key.arn if key else key_id, "Given key ID is not accessible"
    return key.arn, None


def usable(key, account):
    """Whether the key's policy or one of its grants lets that account use it."""
    if key.account_id == account:
        return True
    if any(f":{account}:" in grant.grantee_principal or grant.grantee_principal == account for grant in key.grants.values()):
        return True
    try:
        statements = json.loads(key.policy or "{}").get("Statement", [])
    except ValueError:
        return False
    named = json.dumps([one.get("Principal") for one in statements if one.get("Effect") == "Allow"])
    return account in named
