"""A raw disk written to an EBS snapshot, against coldsnap, which does the same: on the stand-in for AWS, and on a server that
checks nothing. A snapshot read from that server and hashed, against curl, which only takes the same bytes.

usage: upload.py EXAMPLES PYTHON COLDSNAP WORK_FOLDER [ROUNDS]     these rows alone; PYTHON is the one that has moto
"""

import collections
import json
import os
import pathlib
import subprocess
import sys
import urllib.request

from measure import PIECE, Unmeasured, best, fill, run
from publish import ACCOUNT, HOME, Proxy

GIB = 1 << 30
BLOCK = 512 << 10
# What a call of EBS direct takes on the server that checks nothing, in milliseconds: none, and as far as AWS is.
LATENCIES = (0, 20)
# The snapshot that the server lets read, and how many blocks it has: 2 GiB.
SNAPSHOT, READ = "snap-0123456789abcdef0", 4096
# How many blocks are asked for at once at most.
AT_ONCE = 64


class Sink:
    """The server that checks nothing. It ends with its standard input."""

    def __init__(self, program, latency):
        self.child = subprocess.Popen([program, str(latency), str(READ)], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.child.stdout.readline()
        if not line.startswith("ready "):
            raise Unmeasured(f"{program} did not start")
        self.address = line.split()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait()

    def begin(self):
        self.counted()

    def counted(self):
        """How many blocks were written since the last time, and how many calls there were."""
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(self.address + "/count", timeout=60) as answer:
            counts = json.load(answer)
        return {"blocks": counts["blocks"], "calls": counts["calls"]}


class StandIn(Proxy):
    """The stand-in for AWS, with nothing in it."""

    def begin(self):
        self.control("reset")

    def counted(self):
        calls = collections.Counter(call["operation"] for call in self.control("calls", method="GET")["calls"])
        self.control("calls/reset")
        return {"blocks": calls["PutSnapshotBlock"], "calls": sum(calls.values())}


def environment(address):
    return [
        "env", "-i", f"PATH={os.environ['PATH']}", f"AWS_ENDPOINT_URL={address}", f"AWS_REGION={HOME}",
        f"AWS_ACCESS_KEY_ID=AKIA{ACCOUNT}TEST", "AWS_SECRET_ACCESS_KEY=none", "AWS_EC2_METADATA_DISABLED=true",
    ]


def commands(server, example, coldsnap, work):
    """What is run, by name. The second disk is the first with one block in a hundred changed."""
    whole, changed = work / "whole.raw", work / "changed.raw"
    ours = environment(server.address) + [example]
    theirs = environment(server.address) + [
        coldsnap, "--region", HOME, "--endpoint", server.address, "upload", "--no-progress",
    ]
    return {
        "hallmark": ours + [str(whole), str(work / "whole.json")],
        "delta": ours + [str(changed), str(work / "changed.json"), str(work / "whole.json")],
        "coldsnap": theirs + ["--omit-zero-blocks", str(whole)],
        "coldsnap, zeros too": theirs + [str(whole)],
    }


def taken(server, programs, rounds):
    """Each program's fastest run, in turns, with what it asked for."""
    fastest = {}
    for number in range(rounds + 1):
        for name, command in programs.items():
            # The delta needs what it continues; every other begins with nothing.
            if name != "delta":
                server.begin()
            server.counted()
            ran = run(*command) | server.counted()
            if number > 0:
                fastest[name] = min(fastest.get(name, ran), ran, key=lambda ran: ran["seconds"])
    return fastest


def disks(work, size, data):
    """A disk of one piece of data in so many, and the same with one block in a hundred changed."""
    fill(work / "whole.raw", size, size // (data // PIECE))
    subprocess.run(["cp", "--sparse=always", work / "whole.raw", work / "changed.raw"], check=True)
    step = size // (data // PIECE)
    changed = max(1, data // BLOCK // 100)
    with open(work / "changed.raw", "r+b") as disk:
        for number in range(changed):
            disk.seek(number * (size // changed) // step * step)
            disk.write(os.urandom(4096))
    return data // BLOCK, changed


def upload(row, examples, python, coldsnap, work, rounds=2):
    """The rows."""
    work = work / "upload"
    work.mkdir()
    example = str(examples / "upload")
    for name, make, size, data, aim in (
        # The stand-in keeps every block in memory and answers one call at a time: no client is faster than it.
        ("stand-in for AWS", lambda: StandIn(python), GIB, GIB // 8, ""),
        *((f"server that checks nothing, {latency} ms", lambda latency=latency: Sink(examples / "sink", latency), 4 * GIB, GIB, "≥ 2")
          for latency in LATENCIES),
    ):
        blocks, changed = disks(work, size, data)
        with make() as server:
            ran = taken(server, commands(server, example, coldsnap, work), rounds)
        ours, delta, peer, zeros = (ran[one] for one in ("hallmark", "delta", "coldsnap", "coldsnap, zeros too"))
        if (ours["blocks"], peer["blocks"]) != (blocks, blocks) or delta["blocks"] > 2 * changed:
            raise Unmeasured(f"{name}: {blocks} blocks were to be written: {ran}")
        about = f"{data / GIB:g} GiB of data in {size // GIB}, {name}"

        def figures(one):
            return {part: one[part] for part in ("seconds", "cpu", "peak", "blocks", "calls")}

        def said(one):
            return f"{one['seconds']:.2f} s, {one['blocks']} blocks"

        for what, mine, other, label in (
            ("whole", ours, peer, "coldsnap, zeros omitted"),
            ("whole, as coldsnap does by itself", ours, zeros, "coldsnap"),
            ("1 % changed", delta, peer, "coldsnap, zeros omitted"),
        ):
            ratio = other["seconds"] / mine["seconds"]
            row("upload", f"{what}: {about}", said(mine), f"{label}: {said(other)}", f"{ratio:.2f}", aim,
                f"processor {mine['cpu']:.2f} s and {other['cpu']:.2f} s; calls {mine['calls']} and {other['calls']}",
                hallmark=figures(mine), coldsnap=figures(other), ratio=ratio)
        row("upload", f"peak memory: {about}", f"{ours['peak'] / (1 << 20):.0f} MiB", f"coldsnap {peer['peak'] / (1 << 20):.0f} MiB",
            f"{ours['peak'] / peer['peak']:.2f}", "≤ 200 MiB", "", hallmark=ours["peak"], coldsnap=peer["peak"])


def pipe(row, examples):
    """The digest of a snapshot against the speed of the pipe that its blocks come through."""
    size = READ * BLOCK
    for latency in LATENCIES:
        with Sink(examples / "sink", latency) as server:
            blocks = f"{server.address}/snapshots/{SNAPSHOT}/blocks/[0-{READ - 1}]?blockToken=token"
            curl = ["curl", "--silent", "--show-error", "--fail", "--noproxy", "*", "--parallel", "--parallel-max", str(AT_ONCE)]
            ran = best(3, size, hallmark=[*environment(server.address), str(examples / "read"), SNAPSHOT],
                       curl=[*curl, "--output", "/dev/null", blocks])
            counted = server.counted()["blocks"]
        ours, plain = ran["hallmark"], ran["curl"]
        if json.loads(ours["out"])["blocks"] != READ or counted != 2 * 4 * READ:
            raise Unmeasured(f"{READ} blocks were to be read, eight times: {ran}, {counted}")
        ratio = plain["seconds"] / ours["seconds"]
        row("read", f"digest of {size / GIB:g} GiB of blocks, {latency} ms each", f"{size / ours['seconds'] / 1e9:.2f} GB/s",
            f"curl, only taken: {size / plain['seconds'] / 1e9:.2f} GB/s", f"{ratio:.2f}", "≈ 1",
            f"processor {ours['cpu']:.2f} s and {plain['cpu']:.2f} s; peak {ours['peak'] / (1 << 20):.0f} MiB",
            hallmark=ours["seconds"], curl=plain["seconds"], ratio=ratio, peak=ours["peak"])


def main():
    examples, python, coldsnap, work = (pathlib.Path(argument).absolute() for argument in sys.argv[1:5])
    rounds = int(sys.argv[5]) if len(sys.argv) > 5 else 2

    def row(_, *cells, **figures):
        print("  ".join(cell for cell in cells if cell), flush=True)

    try:
        pipe(row, examples)
        upload(row, examples, str(python), str(coldsnap), work, rounds)
    except Unmeasured as error:
        sys.exit(f"upload: {error}")


if __name__ == "__main__":
    main()
