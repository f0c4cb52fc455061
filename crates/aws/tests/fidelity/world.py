"""What the layer keeps beside moto's own state: settings, waits, sessions, tokens. One object, so that it is reset as one."""

import copy
import threading
import time

# moto does not bear two calls at once. Latency and waiting happen outside of it.
lock = threading.RLock()

DEFAULTS = {
    # States that take time: shown as pending for so many looks, and for so many milliseconds.
    "image_pending": {"looks": 0, "ms": 0},
    "snapshot_pending": {"looks": 0, "ms": 0},
    # Eventual consistency: not seen for so many looks, and for so many milliseconds.
    "image_unseen": {"looks": 0, "ms": 0},
    "snapshot_unseen": {"looks": 0, "ms": 0},
    "tag_unseen": {"looks": 0, "ms": 0},
    "parameter_unseen": {"looks": 0, "ms": 0},
    # How long Parameter Store takes to look at the image that a parameter is to name.
    "ssm_validation": {"looks": 0, "ms": 0},
    # Milliseconds before a call is answered: {"*": 5, "ssm": 10, "ec2:CopyImage": 50}.
    "latency_ms": {},
    # How long after protection was taken away an image that was protected with a cooldown cannot be deregistered.
    "protection_cooldown_s": 86400,
    # How long credentials of STS are good for, whatever was asked for.
    "credential_seconds": None,
    # A list by filters begins with a page of nothing, as EC2's may.
    "empty_first_page": False,
    # Whose launch permission an account shares: {"222222222222": ["arn:aws:organizations::…"]}.
    "organizations": {},
}


class Unknown(ValueError):
    """A control call that names something that there is not."""


class Wait:
    """Over after a number of looks and a number of milliseconds, both."""

    def __init__(self, setting):
        self.looks = int(setting.get("looks") or 0)
        self.until = time.monotonic() + (setting.get("ms") or 0) / 1000

    def over(self):
        return self.looks <= 0 and time.monotonic() >= self.until

    def look(self):
        """Whether it is over; a look at what is not brings its end nearer."""
        if self.over():
            return True
        self.looks -= 1
        return False


class World:
    def __init__(self):
        self.settings = copy.deepcopy(DEFAULTS)
        # (account, region, resource id, tag) → (Wait, the value before or None).
        self.tags = {}
        # (account, region, client token) → (fingerprint, id), per operation.
        self.tokens = {}
        # Access key id → when it expires, in seconds of time.time().
        self.expirations = {}
        # (account, region) → parameters that Parameter Store has not decided about.
        self.undecided = {}
        # What becomes of the next image, snapshot or parameter that is made, as a fault asked.
        self.outcome = None

    def wait(self, name):
        return Wait(self.settings[name])

    def take_outcome(self):
        outcome, self.outcome = self.outcome, None
        return outcome


_world = World()
# Counts resets: whoever waits for something of the world before looks at it.
generation = 0


def current():
    return _world


def replace(world):
    global _world, generation
    _world = world
    generation += 1


def change_settings(changes):
    unknown = set(changes) - set(DEFAULTS)
    if unknown:
        raise Unknown(f"there is no setting {sorted(unknown)}; there are {sorted(DEFAULTS)}")
    for name, value in changes.items():
        if isinstance(DEFAULTS[name], dict) and "looks" in DEFAULTS[name]:
            value = {"looks": 0, "ms": 0, **value}
            if set(value) != {"looks", "ms"}:
                raise Unknown(f"{name} has looks and ms, not {sorted(value)}")
        _world.settings[name] = value
    return _world.settings
