"""Tags of EC2: those that are not seen yet, and TagSpecifications."""

from moto.ec2.models.tags import TagBackend

from . import world
from .answers import refuse


def apply():
    create = TagBackend.create_tags

    def create_tags(self, resource_ids, tags):
        before = {(one, key): self.tags[one].get(key) for one in resource_ids if one in self.tags for key in tags}
        made = create(self, resource_ids, tags)
        for one in resource_ids:
            for key in tags:
                wait = world.current().wait("tag_unseen")
                if not wait.over():
                    world.current().tags[(self.account_id, self.region_name, one, key)] = (wait, before.get((one, key)))
        return made

    TagBackend.create_tags = create_tags


def of(resource):
    """The tags as Describe sees them: those set a moment ago may be missing, or as they were before."""
    backend, seen = resource.ec2_backend, {}
    for key, value in backend.tags.get(resource.id, {}).items():
        wait, before = world.current().tags.get((backend.account_id, backend.region_name, resource.id, key), (None, None))
        if wait is not None and not wait.look():
            value = before
        if value is not None:
            seen[key] = value
    return seen


def listed(tags):
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def specified(response, *allowed):
    """The tags that a request asks for, by type of resource."""
    found = {kind: {} for kind in allowed}
    for specification in response._get_param("TagSpecifications", []) or []:
        kind = specification.get("ResourceType")
        if kind not in allowed:
            raise refuse("InvalidParameterValue", f"'{kind}' is not a valid taggable resource type for this operation.")
        for tag in specification.get("Tags", []):
            if str(tag["Key"]).lower().startswith("aws:"):
                raise refuse("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
            found[kind][tag["Key"]] = tag.get("Value") or ""
        if len(found[kind]) > 50:
            raise refuse("TagLimitExceeded", "The maximum number of tags has been reached.")
    return found
