"""Which call of which service a request is, who makes it, and what it is about; the list of calls made so far."""

import json
import re
import threading
from urllib.parse import parse_qsl

from moto.core.request import Request
from moto.core.routing import get_service_router

READING = ("Describe", "Get", "List", "Head", "Lookup", "Search", "Select", "AssumeRole", "Decrypt", "Encrypt",
           "GenerateDataKey", "GenerateRandom", "Sign", "Verify", "Decode")
ACCOUNT_IN_KEY = re.compile(r"(?<!\d)(\d{12})(?!\d)")
RESOURCE = re.compile(r"\b(?:ami|snap|i|vol|vpc|subnet|sg|key|lt)-[0-9a-f]{8,}\b|\barn:aws[\w-]*:[^\s\"]+")
NAMING = ("Name", "Names", "ImageId", "SourceImageId", "SnapshotId", "KeyId", "AliasName", "Path", "GrantId",
          "ParentSnapshotId", "RoleArn", "TopicArn", "ResourceId")


class Call:
    """A request, as far as its address, headers and body tell."""

    def __init__(self, environ, body):
        self.method = environ["REQUEST_METHOD"]
        self.path = environ.get("PATH_INFO", "/")
        self.query = environ.get("QUERY_STRING", "")
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        scope = re.search(r"Credential=([^,\s]+)", authorization)
        self.access_key, self.region, self.service = "", "us-east-1", ""
        if scope and scope.group(1).count("/") >= 4:
            self.access_key, _, self.region, self.service, _ = scope.group(1).rsplit("/", 4)
        self.target = environ.get("HTTP_X_AMZ_TARGET", "")
        self.request = self._request(environ.get("CONTENT_TYPE", ""), body)
        if not self.service:
            # AssumeRoleWithWebIdentity and the like are not signed.
            self.service = "ssm" if self.target.startswith("AmazonSSM") else "sts" if "Action" in self.request else "s3"
        self.operation = self._operation(environ)
        self.mutating = not self.operation.startswith(READING) and str(self.request.get("DryRun", "")).lower() != "true"
        self.account = None
        self.resources = self._resources()

    @property
    def name(self):
        return f"{self.service}:{self.operation}"

    def _request(self, content_type, body):
        try:
            if "x-www-form-urlencoded" in content_type:
                return dict(parse_qsl(body.decode(), keep_blank_values=True))
            if "json" in content_type and body:
                value = json.loads(body)
                return value if isinstance(value, dict) else {}
        except ValueError:
            pass
        return {}

    def _operation(self, environ):
        if "Action" in self.request:
            return self.request["Action"]
        if self.target:
            return self.target.rsplit(".", 1)[-1]
        try:
            return get_service_router(self.service).match(Request(dict(environ)))[0].name
        except Exception:
            return f"{self.method} {self.path}"

    def _resources(self):
        found = []
        for key, value in self.request.items():
            if key.split(".")[0] in NAMING and key.split(".")[0] != "Action":
                found.extend(str(one) for one in (value if isinstance(value, list) else [value]))
            else:
                found.extend(RESOURCE.findall(value if isinstance(value, str) else json.dumps(value)))
        if self.service == "ebs":
            found.extend(part for part in self.path.split("/") if part.startswith("snap-") or part.isdigit())
        if self.service == "s3":
            found.append(self.path.lstrip("/"))
        return list(dict.fromkeys(found))

    def told(self):
        """As `GET calls` tells it."""
        return {
            "service": self.service,
            "operation": self.operation,
            "region": self.region,
            "account": self.account,
            "resources": self.resources,
            "request": {key: value for key, value in self.request.items() if key not in ("Action", "Version")},
            "query": self.query,
            "mutating": self.mutating,
        }


class Log:
    """Every call since the last reset, in the order in which they came."""

    def __init__(self):
        self._calls = []
        self._lock = threading.Lock()

    def begin(self, call):
        with self._lock:
            entry = {"number": len(self._calls) + 1, **call.told(), "outcome": "unfinished", "status": None, "fault": None}
            self._calls.append(entry)
            return entry

    def all(self):
        with self._lock:
            return [dict(entry) for entry in self._calls]

    def reset(self):
        with self._lock:
            self._calls = []


log = Log()
