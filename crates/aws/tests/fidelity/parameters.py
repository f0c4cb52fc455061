"""Parameter Store: parameters that name images are decided about later, and a new value may not be seen at once."""

import re

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ssm.models import ParameterDict, SimpleSystemManagerBackend as Backend
from moto.ssm.responses import SimpleSystemManagerResponse as Response

from . import image as images, world
from .answers import refuse

IMAGE = "aws:ec2:image"


def apply():
    _put, put, get = Backend.put_parameter, Response.put_parameter, Backend.get_parameter

    def put_parameter(self):
        settle(self.ssm_backend)
        name, backend = self._get_param("Name"), self.ssm_backend
        before = list(versions_of(backend, name))
        data_type = self._get_param("DataType") or "text"
        value = self._get_param("Value") or ""
        if data_type == IMAGE and not re.fullmatch(r"ami-[0-9a-f]{8}([0-9a-f]{9})?", value):
            raise refuse("ValidationException", f"Parameter value {value} is not an ID of an Amazon Machine Image.")
        if self._get_param("Overwrite") and not before and not self._get_param("Type"):
            raise refuse("ValidationException", "A parameter type is required when you create a parameter.")
        answer = put(self)
        made = backend._parameters[name][-1]
        made.unseen = world.current().wait("parameter_unseen")
        if data_type == IMAGE:
            waiting = undecided(backend, name)
            tags = dict(backend._resource_tags["Parameter"].get(name, {}))
            made.version = (before[-1].version if before else 0) + len(waiting) + 1
            take_back(backend, name, before)
            outcome = world.current().outcome
            world.current().undecided.setdefault((backend.account_id, backend.region_name), []).append(
                {"parameter": made, "wait": world.current().wait("ssm_validation"), "refused": outcome is not None,
                 "tags": {} if before else tags})
            answer = ActionResult({"Version": made.version, "Tier": made.tier})
        return answer

    def get_parameter(self, name):
        for one in undecided(self, self._strip_parameter_arn(name).split(":")[0]):
            one["wait"].look()
        settle(self)
        found = get(self, name)
        if found is not None and ":" not in self._strip_parameter_arn(name):
            versions = self._parameters[found.name]
            seen = [one for one in versions if one is not found or looked(one)]
            return seen[-1] if seen else None
        return found

    def settled(method):
        def settling(self, *arguments, **named):
            settle(self)
            return method(self, *arguments, **named)

        return settling

    Response.put_parameter = put_parameter
    Backend.get_parameter = get_parameter
    for reading in ("get_parameter_history", "get_parameters_by_path", "describe_parameters", "get_all_parameters",
                    "delete_parameter", "delete_parameters"):
        if hasattr(Backend, reading):
            setattr(Backend, reading, settled(getattr(Backend, reading)))


def looked(parameter):
    wait = getattr(parameter, "unseen", None)
    return wait is None or wait.look()


def versions_of(backend, name):
    """moto knows `/name` as `name`; only asking it keeps to that."""
    return backend._parameters[name] if name in backend._parameters else []


def undecided(backend, name):
    waiting, same = world.current().undecided.get((backend.account_id, backend.region_name), []), ParameterDict.normalize_name
    return [one for one in waiting if same(one["parameter"].name) == same(name)]


def take_back(backend, name, before):
    """As it was before moto took the value at once."""
    if before:
        backend._parameters[name][:] = before
    else:
        backend._parameters.pop(ParameterDict.normalize_name(name), None)
        backend._resource_tags["Parameter"].pop(name, None)


def settle(backend):
    """Decides about the parameters whose time has come. One that is refused leaves the value that was there."""
    key = (backend.account_id, backend.region_name)
    waiting = world.current().undecided.get(key, [])
    due = [one for one in waiting if one["wait"].over()]
    if not due:
        return
    world.current().undecided[key] = [one for one in waiting if one not in due]
    for one in due:
        parameter = one["parameter"]
        if one["refused"] or not usable(*key, parameter.value):
            continue
        versions = backend._parameters[parameter.name]
        parameter.version = versions[-1].version + 1 if versions else 1
        parameter.last_modified_date = utcnow()
        versions.append(parameter)
        del versions[:-100]
        for tag, value in one["tags"].items():
            backend._resource_tags["Parameter"][parameter.name][tag] = value


def usable(account, region, image_id):
    try:
        return images.find(account, region, image_id).state == "available"
    except Exception:
        return False
