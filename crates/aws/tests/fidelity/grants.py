"""KMS's grants: one that is made twice under one name is one grant; lists can be asked by grantee."""

import json

from moto.kms.models import Key
from moto.kms.responses import KmsResponse
from moto.moto_api._internal import mock_random


def apply():
    add = Key.add_grant

    def add_grant(self, name, grantee_principal, operations, constraints, retiring_principal):
        asked = (grantee_principal, sorted(operations or []), constraints, retiring_principal)
        for grant in self.grants.values():
            has = (grant.grantee_principal, sorted(grant.operations or []), grant.constraints, grant.retiring_principal)
            if name and grant.name == name and has == asked:
                grant.token = mock_random.get_random_hex()
                return grant
        return add(self, name, grantee_principal, operations, constraints, retiring_principal)

    def list_grants(self):
        grants = self.kms_backend.list_grants(key_id=self._get_param("KeyId"), grant_id=self._get_param("GrantId"))
        grantee = self._get_param("GranteePrincipal")
        told = [grant.to_json() for grant in grants if grantee in (None, grant.grantee_principal)]
        return json.dumps({"Grants": [{name: value for name, value in one.items() if value is not None} for one in told],
                           "Truncated": False})

    Key.add_grant = add_grant
    KmsResponse.list_grants = list_grants
