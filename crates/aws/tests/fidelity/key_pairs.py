"""Key pairs of EC2: deleted by their ids too."""

from moto.core.responses import ActionResult
from moto.ec2.responses.key_pairs import KeyPairs


def apply():
    by_name = KeyPairs.delete_key_pair

    def delete_key_pair(self):
        wanted = self._get_param("KeyPairId")
        if not wanted:
            return by_name(self)
        self.error_on_dryrun()
        # As with a name: one that is not there is no error.
        for name in [name for name, pair in self.ec2_backend.key_pairs.items() if pair.id == wanted]:
            self.ec2_backend.delete_key_pair(name)
        return ActionResult({"Return": True, "KeyPairId": wanted})

    KeyPairs.delete_key_pair = delete_key_pair
