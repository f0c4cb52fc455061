"""Faults by number: which call is hit, and by what."""

import os
import signal
import threading
import time

from . import answers
from .world import Unknown

KINDS = ("throttle", "http-500", "http-503", "error", "conflict", "cut-before", "cut-after", "hang-before", "hang-after",
         "kill-before", "kill-after", "failed")
MEMBERS = {"kind", "operation", "operations", "mutating", "nth", "every", "count", "pid", "code", "message", "status",
           "reason", "region"}


class Fault:
    """One rule. It counts the calls that it is about, from 1, since faults were set or counting was reset."""

    def __init__(self, rule):
        unknown = set(rule) - MEMBERS
        if unknown:
            raise Unknown(f"a fault has no {sorted(unknown)}; it has {sorted(MEMBERS)}")
        self.kind = rule.get("kind")
        if self.kind not in KINDS:
            raise Unknown(f"there is no fault {self.kind!r}; there are {list(KINDS)}")
        names = rule.get("operations", rule.get("operation", []))
        self.operations = [names] if isinstance(names, str) else list(names)
        self.mutating, self.region = rule.get("mutating"), rule.get("region")
        self.every = rule.get("every")
        self.nth = rule.get("nth", None if self.every else 1)
        # From the nth call on, so many calls in a row; null for all of them.
        self.count = rule.get("count", 1)
        self.pid = rule.get("pid")
        if self.kind.startswith("kill") and self.pid != "peer" and not isinstance(self.pid, int):
            raise Unknown('a fault that kills needs "pid": a process id, or "peer" for the one that made the call')
        if self.kind == "error" and not ("code" in rule and "status" in rule):
            raise Unknown('the fault "error" needs "code" and "status"')
        self.rule = rule
        self.seen = 0

    def concerns(self, call):
        if self.mutating is not None and call.mutating != self.mutating:
            return False
        if self.region is not None and call.region != self.region:
            return False
        return not self.operations or any(name in ("*", call.service, call.operation, call.name) for name in self.operations)

    def hits(self, call):
        if not self.concerns(call):
            return False
        self.seen += 1
        if self.every:
            return self.seen % self.every == 0
        return self.seen >= self.nth and (self.count is None or self.seen < self.nth + self.count)

    def answer(self, call):
        """The answer in place of the call, or None where the fault is not an answer."""
        service = call.service
        if self.kind == "throttle":
            return answers.throttled(service)
        if self.kind in ("http-500", "http-503"):
            return answers.broken(service, int(self.kind[-3:]))
        if self.kind == "conflict":
            return answers.error(service, 409, "ConditionalRequestConflict",
                                 "The conditional request cannot succeed due to a conflicting operation against this resource.")
        if self.kind == "error":
            return answers.error(service, self.rule["status"], self.rule["code"], self.rule.get("message", "as a fault asked"))
        return None


class Faults:
    def __init__(self):
        self._faults = []
        self._lock = threading.Lock()

    def set(self, rules):
        faults = [Fault(rule) for rule in rules]
        with self._lock:
            self._faults = faults

    def recount(self):
        with self._lock:
            for fault in self._faults:
                fault.seen = 0

    def of(self, call):
        """The first fault that hits this call. Every rule counts it."""
        with self._lock:
            hitting = [fault for fault in self._faults if fault.hits(call)]
            return hitting[0] if hitting else None


def kill(fault, ends):
    """Ends the process by SIGKILL, and comes back when it runs no more."""
    pid = process_of(*ends) if fault.pid == "peer" else fault.pid
    if pid is None or pid <= 1 or pid == os.getpid():
        raise Unknown(f"there is no process of the connection from {ends[0]} that may be killed")
    os.kill(pid, signal.SIGKILL)
    for _ in range(1000):
        if not _runs(pid):
            return
        time.sleep(0.005)


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in ("Z", "X")
    except OSError:
        return False


def process_of(own, other):
    """The process that has this connection, by its own end and the other one, which the kernel tells by the socket's number.
    One end alone is not enough: a port serves several connections, as long as they are to different places."""
    row = [_hex(own), _hex(other)]
    with open("/proc/net/tcp") as file:
        sockets = {line.split()[9] for line in file.readlines()[1:] if line.split()[1:3] == row}
    wanted = {f"socket:[{number}]" for number in sockets if number != "0"}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            for descriptor in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{descriptor}") in wanted:
                    return int(pid)
        except OSError:
            continue
    return None


def _hex(address):
    host, port = address
    return "".join(f"{int(part):02X}" for part in reversed(host.split("."))) + f":{port:04X}"


faults = Faults()
