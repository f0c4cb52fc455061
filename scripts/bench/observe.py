#!/usr/bin/env python3
"""Runs an action and notes how its time divides: its own, or that of the tools it runs.

Stands where `hallmark` would (HALLMARK_BIN). The real executable is BENCH_HALLMARK; one line of JSON
for each run is added to the file BENCH_OBSERVED.

The tools cannot be wrapped: they run by absolute path and by digest. So the process table is looked
at every millisecond or few. While the action has a child that has not ended, the time is the tool's;
otherwise it is the action's. A tool too short to be seen counts as the action's own time.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time

# Milliseconds between two looks. Its own time is short, so it is looked at closely; a tool's is long,
# and looking takes a core from it.
LOOK_OWN, LOOK_TOOL = 1, 4
TICK = os.sysconf("SC_CLK_TCK")


def read(path):
    """A file of /proc; empty if its process is gone."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def stat(pid):
    """The fields after `pid (name)`: the state first."""
    return read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def has_tool(pid):
    """Whether it has a child that has not ended. One that only waits to be reaped has."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return False
    for thread in threads:
        for child in read(f"/proc/{pid}/task/{thread}/children").split():
            fields = stat(int(child))
            if fields and fields[0] not in (b"Z", b"X"):
                return True
    return False


def peak(pid):
    """The most memory it has had, in bytes: its own, not its tools'."""
    for line in read(f"/proc/{pid}/status").splitlines():
        if line.startswith(b"VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def observe(pid):
    """Looks until the process ends: own and tools' seconds, own processor seconds, own peak memory."""
    seen = {"own": 0.0, "tools": 0.0, "own_cpu": 0.0, "peak": 0, "looks": 0}
    ended = select.poll()
    ended.register(os.pidfd_open(pid), select.POLLIN)
    last, was = time.perf_counter(), False
    while True:
        over = ended.poll(LOOK_TOOL if was else LOOK_OWN)
        tool = not over and has_tool(pid)
        now = time.perf_counter()
        # Where it changed between two looks, nobody knows when: half goes to each.
        share = (was + tool) / 2
        seen["tools"] += (now - last) * share
        seen["own"] += (now - last) * (1 - share)
        fields = stat(pid)
        if len(fields) > 12:
            seen["own_cpu"] = (int(fields[11]) + int(fields[12])) / TICK
        seen["peak"] = max(seen["peak"], peak(pid))
        seen["looks"] += 1
        last, was = now, tool
        if over:
            return seen


def main():
    if not os.path.exists(f"/proc/self/task/{os.getpid()}/children"):
        sys.exit("bench: this kernel does not list a process's children (CONFIG_PROC_CHILDREN)")
    begun = time.perf_counter()
    child = subprocess.Popen([os.environ["BENCH_HALLMARK"], *sys.argv[1:]])
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os.kill(child.pid, number))
    seen = observe(child.pid)
    _, status, usage = os.wait4(child.pid, 0)
    seen["wall"] = time.perf_counter() - begun
    # The largest of it and everything it waited for: only means the tools where there were any.
    seen["tools_peak"] = usage.ru_maxrss * 1024 if seen["tools"] else 0
    seen["all_cpu"] = usage.ru_utime + usage.ru_stime
    code = os.waitstatus_to_exitcode(status)
    step = os.path.basename(os.environ.get("GITHUB_OUTPUT", "")).removesuffix(".outputs")
    seen |= {"action": sys.argv[1], "step": step, "exit": code}
    with open(os.environ["BENCH_OBSERVED"], "a", encoding="utf-8") as file:
        file.write(json.dumps(seen) + "\n")
    sys.exit(code if code >= 0 else 128 - code)


main()
