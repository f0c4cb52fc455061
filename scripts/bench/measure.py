"""How the bench measures: programs timed from outside, and files to measure them on."""

import os
import shutil
import subprocess
import time

PIECE = 1 << 20
# What `timeout` ends with where it ended the program.
TIMED_OUT = 124


class Unmeasured(Exception):
    """A measurement could not be made: the bench fails. Figures never make it fail."""


def run(*command, limit=None):
    """Runs one program to its end: seconds, user and system seconds, peak bytes, blocks read from disk.

    After `limit` seconds it is ended, and `cut` says so: what was measured is the least that it takes.
    """
    if limit is not None:
        command = ("timeout", "--kill-after=10", str(limit), *command)
    # GNU time is the parent, since a child's peak includes what its parent had when it was started.
    timed = ["time", "-q", "-f", "\n%U %S %M %I", *command]
    begun = time.perf_counter()
    done = subprocess.run(timed, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begun
    cut = limit is not None and done.returncode == TIMED_OUT
    if done.returncode != 0 and not cut:
        raise Unmeasured(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr.strip()}")
    user, system, peak, blocks = done.stderr.split("\n")[-2].split()
    return {
        "seconds": seconds,
        "cpu": float(user) + float(system),
        "peak": int(peak) * 1024,
        "blocks": int(blocks),
        "out": done.stdout,
        "cut": cut,
    }


def best(rounds, size, **programs):
    """Each program's fastest run over that many bytes. They take turns: what else the machine does hits them alike."""
    fastest = {}
    for number in range(rounds + 1):
        for name, command in programs.items():
            ran = run(*command)
            # The first round fills caches and counts for nothing; nor does one that read from the disk
            # (more than the few pages that a kernel takes back from a file while memory is free).
            if number > 0 and ran["blocks"] * 512 < size / 100:
                fastest[name] = min(fastest.get(name, ran), ran, key=lambda ran: ran["seconds"])
    for name in programs:
        if name not in fastest:
            raise Unmeasured(f"{name}: its file did not stay in the page cache: too little memory is free")
    return fastest


def at_once(count, command):
    """Seconds until as many of one program, started together, have all ended."""
    begun = time.perf_counter()
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(count)]
    if any([program.wait() for program in running]):
        raise Unmeasured(f"{' '.join(command)} failed")
    return time.perf_counter() - begun


def fill(path, size, every=PIECE):
    """A file of random pieces, one every so many bytes, holes between them; and it is on disk."""
    with open(path, "wb") as file:
        for offset in range(0, size, every):
            file.seek(offset)
            file.write(os.urandom(PIECE))
        file.truncate(size)
        os.fsync(file.fileno())
    allocated = os.stat(path).st_blocks * 512
    if every > PIECE and allocated > 2 * PIECE * (size // every):
        raise Unmeasured(f"{path}: this file system keeps no holes")
    return path


def room(folder, size):
    """Fails if the disk has no room for the files."""
    free = shutil.disk_usage(folder).free
    if free < size:
        raise Unmeasured(f"{folder}: {free >> 30} GiB are free, {size >> 30} GiB are needed")


def busy():
    """How many cores are at work while this program waits for a second: others' work."""

    def spent():
        with open("/proc/stat", encoding="ascii") as file:
            user, nice, system, *_ = (int(field) for field in file.readline().split()[1:])
        return (user + nice + system) / os.sysconf("SC_CLK_TCK")

    begun, before = time.perf_counter(), spent()
    time.sleep(1)
    return (spent() - before) / (time.perf_counter() - begun)


def start(program, *arguments, cold):
    """Milliseconds from starting a program to its end; cold: its pages are read from the disk again."""
    if cold:
        with open(program, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}
    nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in (0, 1, 2)]
    begun = time.perf_counter()
    pid = os.posix_spawn(program, [program, *arguments], environment, file_actions=nowhere)
    _, status = os.waitpid(pid, 0)
    milliseconds = (time.perf_counter() - begun) * 1e3
    if status != 0:
        raise Unmeasured(f"{program} {' '.join(arguments)}: wait status {status}")
    return milliseconds
