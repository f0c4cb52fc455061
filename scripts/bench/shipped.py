"""The rows about a release as runners get it: what the launcher costs, and how big the tree is."""

import hashlib
import os
import pathlib
import shutil
import statistics
import subprocess
import time

from measure import Unmeasured

PLATFORMS = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}
ROUNDS = 40


def small_tree(root, executable, folder):
    """A release tree of the actions alone, with one executable: for where `make dist` has not made the whole one."""
    for source in [*root.glob("actions/*/index.js"), *root.glob("actions/launcher/*.js"), *root.glob("actions/*.json")]:
        target = folder / source.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    (folder / "bin").mkdir()
    copied = shutil.copy(executable, folder / "bin" / f"hallmark-{platform()}")
    digest = hashlib.sha256(pathlib.Path(copied).read_bytes()).hexdigest()
    (folder / "bin/SHA256SUMS").write_text(f"{digest}  hallmark-{platform()}\n", encoding="ascii")
    return folder


def platform():
    machine = os.uname().machine
    if machine not in PLATFORMS:
        raise Unmeasured(f"there is no release for {machine}")
    return PLATFORMS[machine]


def answer(command, exit_code, says):
    """Milliseconds from starting a program to the first byte of its output, and to its end."""
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    read, write = os.pipe()
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    actions += [(os.POSIX_SPAWN_DUP2, write, number) for number in (1, 2)]
    begun = time.perf_counter()
    pid = os.posix_spawn(command[0], command, environment, file_actions=actions)
    os.close(write)
    out = os.read(read, 1 << 16)
    first = time.perf_counter()
    while more := os.read(read, 1 << 16):
        out += more
    _, status = os.waitpid(pid, 0)
    ended = time.perf_counter()
    os.close(read)
    if os.waitstatus_to_exitcode(status) != exit_code or says not in out:
        raise Unmeasured(f"{' '.join(command)}: wait status {status}, and it said {out!r}")
    return (first - begun) * 1e3, (ended - begun) * 1e3


def launcher(node, tree):
    """What a step costs before its program starts, and in all without its program: medians of pairs, in turns."""
    # The shortest run that answers: the gate misses an input, and says so before it does anything.
    program = [str(tree / "bin" / f"hallmark-{platform()}"), "gate"]
    runs = {
        "step": ([node, str(tree / "actions/gate/index.js")], 2, b"error: gate: "),
        "program": (program, 2, b"error: gate: "),
        "node": ([node, "-e", "0"], 0, b""),
    }
    took = {name: [] for name in runs}
    for number in range(ROUNDS + 1):
        for name, run in runs.items():
            measured = answer(*run)
            if number > 0:  # the first round fills caches
                took[name].append(measured)
    pairs = list(zip(took["step"], took["program"]))
    return {
        "start": statistics.median(step[0] - program[0] for step, program in pairs),
        "whole": statistics.median(step[1] - program[1] for step, program in pairs),
        "least": min(step[1] for step in took["step"]) - min(program[1] for program in took["program"]),
        "node": statistics.median(ended for _, ended in took["node"]),
        "program": statistics.median(ended for _, ended in took["program"]),
        "bytes": os.stat(program[0]).st_size,
    }


def packed(tree, *what):
    """Bytes of a part of the tree as a gzipped archive."""
    command = ["tar", "-C", str(tree), "--sort=name", "-I", "gzip -9", "-cf", "-", *what]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        raise Unmeasured(f"{' '.join(command)}: {done.stderr.decode(errors='replace').strip()}")
    return len(done.stdout)


def sizes(tree):
    """Bytes, gzipped: the source, what each platform adds, the whole tree."""
    parts = {"source": packed(tree, "--exclude=./bin", ".")}
    for name in sorted(PLATFORMS.values()):
        parts[name] = packed(tree, f"./bin/hallmark-{name}")
    return parts | {"whole": packed(tree, ".")}
