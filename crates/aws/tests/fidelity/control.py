"""The calls under /_fidelity/: JSON in, JSON out. What is wrong about one is answered with 400 and why."""

import json

from . import making, state, world
from .calls import log
from .faults import faults


def settings(body):
    return world.change_settings(body)


def set_faults(body):
    faults.set(body["faults"] if isinstance(body, dict) else body)
    return {}


def reset_calls(_):
    log.reset()
    faults.recount()
    return {}


CALLS = {
    ("POST", "reset"): lambda _: state.reset() or {},
    ("POST", "settings"): settings,
    ("GET", "settings"): lambda _: world.current().settings,
    ("POST", "faults"): set_faults,
    ("GET", "calls"): lambda _: {"calls": log.all()},
    ("POST", "calls/reset"): reset_calls,
    ("GET", "state"): lambda _: state.whole(),
    ("POST", "snapshot"): lambda body: state.keep(body.get("name", "")),
    ("POST", "restore"): lambda body: state.put_back(body.get("name", "")),
    ("POST", "make"): making.make,
    ("POST", "alter"): making.alter,
}


def answer(method, path, body):
    headers = {"Content-Type": "application/json"}
    call = CALLS.get((method, path))
    if call is None:
        known = [f"{one} {name}" for one, name in CALLS]
        return 404, headers, json.dumps({"error": f"there is no {method} {path}; there are {known}"}).encode()
    try:
        with world.lock:
            said = call(json.loads(body) if body else {})
            return 200, headers, json.dumps(said, default=state.plain).encode()
    except Exception as error:
        return 400, headers, json.dumps({"error": f"{method} {path}: {type(error).__name__}: {error}"}).encode()
