"""Filters of Describe calls: values of one filter are alternatives, filters are all held; `*` and `?` stand for what they do."""

import re

from . import world
from .answers import refuse


def pattern(value):
    words = {"*": ".*", "?": "."}
    parts, i = "", 0
    while i < len(value):
        if value[i] == "\\" and i + 1 < len(value):
            i += 1
            parts += re.escape(value[i])
        else:
            parts += words.get(value[i], re.escape(value[i]))
        i += 1
    return re.compile(parts, re.DOTALL)


def text(value):
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)


def holds(filters, values, tags):
    """Whether every filter finds its value. `values` maps a filter's name to a value or a list of them."""
    for one in filters or []:
        name, wanted = one.get("Name"), [pattern(str(value)) for value in one.get("Values", [])]
        if name.startswith("tag:"):
            has = [tags.get(name[4:])]
        elif name == "tag-key":
            has = list(tags)
        elif name in values:
            has = values[name] if isinstance(values[name], (list, set, tuple)) else [values[name]]
        else:
            raise refuse("InvalidParameterValue", f"The filter '{name}' is invalid")
        has = [text(value) for value in has if value is not None]
        if not any(expression.fullmatch(value) for expression in wanted for value in has):
            return False
    return True


def page(items, response, most=1000):
    """The page of the items that MaxResults and NextToken ask for, and the token of the next one."""
    token, size = response._get_param("NextToken"), response._get_param("MaxResults")
    if token is not None and not str(token).isdigit():
        raise refuse("InvalidNextToken", f"The token '{token}' is not valid")
    by_id = response._get_param("ImageIds") or response._get_param("SnapshotIds")
    if token is None and not by_id and world.current().settings["empty_first_page"]:
        return [], "0"
    begin = int(token or 0)
    end = begin + min(int(size), most) if size else len(items)
    return items[begin:end], str(end) if end < len(items) else None
