"""Accounts and credentials: which account an access key is of, roles of other accounts, credentials that expire."""

import hashlib
import time

from moto.iam import models as iam
from moto.sts import models as sts
from moto.sts.responses import TokenResponse

from . import world
from .answers import Plain
from .calls import ACCOUNT_IN_KEY

_registered = iam.get_account_id_from


def account_of(access_key):
    """The account that IAM or STS gave the key to; else the twelve digits in the key itself; else the default one."""
    named = ACCOUNT_IN_KEY.search(access_key or "")
    if named:
        return named.group(1)
    return _registered(access_key or "")


def expired(access_key):
    expiration = world.current().expirations.get(access_key)
    return expiration is not None and time.time() >= expiration


def apply():
    iam.get_account_id_from = account_of
    made, role, role_of_web = sts.AssumedRole.__init__, TokenResponse.assume_role, TokenResponse.assume_role_with_web_identity
    identity = sts.STSBackend.get_caller_identity

    def remember(self, *arguments, **named):
        fixed = world.current().settings["credential_seconds"]
        if fixed is not None:
            named["duration"] = fixed
        made(self, *arguments, **named)
        world.current().expirations[self.access_key_id] = self.expiration.timestamp() if self.expiration.tzinfo else (
            time.time() + named["duration"])

    def assume(then):
        def method(self):
            name = (self._get_param("RoleArn") or "").rsplit("/", 1)[-1]
            if name.startswith("denied"):
                action = self._get_action()
                raise Plain("sts", 403, "AccessDenied",
                            f"Not authorized to perform sts:{action} on resource: {self._get_param('RoleArn')}")
            return then(self)

        return method

    def user_id(self):
        # The same for each session of a role, as the id of a role is.
        return "AROA" + hashlib.sha256(self.role_arn.encode()).hexdigest()[:17].upper() + ":" + self.session_name

    def caller(self, access_key_id, region):
        user, arn, account = identity(self, access_key_id, region)
        return user, arn.replace(":sts:", ":iam:") if ":user/" in arn else arn, account

    sts.AssumedRole.__init__ = remember
    sts.AssumedRole.user_id = property(user_id)
    sts.STSBackend.get_caller_identity = caller
    TokenResponse.assume_role = assume(role)
    TokenResponse.assume_role_with_web_identity = assume(role_of_web)
