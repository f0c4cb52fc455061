"""The rows of `make bench`: each against a peer in the same run, as a table and as target/bench.json.

usage: bench.py RELEASE_FOLDER WORK_FOLDER JSON TREE NODE OPA COSIGN PEERS TRIVY SERVERS COLDSNAP
"""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

import findings
import page
import policy
import publish
import shipped
import signatures
import upload
from measure import PIECE, Unmeasured, at_once, best, busy, fill, room, start

CORES = len(os.sched_getaffinity(0))
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ACTIONS = sorted(path.parent.parent.name for path in ROOT.glob("actions/*/src/lib.rs"))
rows = []


def row(group, name, measured, peer, ratio, aim="", more="", /, **figures):
    """One line of the table. `figures` go into the JSON as they are; `load` says how quiet it was."""
    rows.append({"group": group, "name": name, "measured": measured, "peer": peer, "ratio": ratio})
    rows[-1] |= {"aim": aim, "more": more, "figures": figures, "load": os.getloadavg()[0]}
    print(f"  {group}: {name}: {ratio}", file=sys.stderr)


def mib(size):
    return f"{size / (1 << 20):.0f} MiB"


def digest(example, work):
    """The content digest against the hash it is made of, on a file in the page cache."""
    size = 2 << 30
    disk = fill(work / "random.raw", size)
    openssl = ["openssl", "dgst", "-sha256", str(disk)]
    ran = best(5, size, hallmark=[example, str(disk)], openssl=openssl)
    together = min(at_once(CORES, openssl) for _ in range(3))
    disk.unlink()
    ours, theirs = size / ran["hallmark"]["seconds"] / 1e9, size / ran["openssl"]["seconds"] / 1e9
    ratio = ours / (theirs * CORES)
    row("digest", f"2 GiB, {CORES} cores, per core", f"{ours:.2f} GB/s", f"openssl {theirs:.2f} GB/s on one",
        f"{ratio:.2f}", "≥ 0.9", f"peak {mib(ran['hallmark']['peak'])}",
        hallmark=ours, openssl=theirs, cores=CORES, ratio=ratio)
    both = CORES * size / together / 1e9
    row("digest", f"the same, {CORES} openssl at once", f"{ours:.2f} GB/s", f"openssl {both:.2f} GB/s on all",
        f"{ours / both:.2f}", "≥ 0.9", "", hallmark=ours, openssl=both, ratio=ours / both)
    # What others do on the machine takes wall time from a program on all cores more than from one on one.
    spent, due = ran["hallmark"]["cpu"], ran["openssl"]["cpu"]
    row("digest", "the same, processor time", f"{spent:.2f} s", f"openssl {due:.2f} s", f"{due / spent:.2f}", "≥ 0.9",
        "how fast a core is while it is ours", hallmark=spent, openssl=due, ratio=due / spent)


def sparse(example, work):
    """A disk that is nearly all holes, against its data alone."""
    pieces = 1000
    dense = fill(work / "dense.raw", pieces * PIECE)
    disk = fill(work / "sparse.raw", 100 * pieces * PIECE, 100 * PIECE)
    ran = best(5, pieces * PIECE, sparse=[example, str(disk)], dense=[example, str(dense)])
    dense.unlink()
    disk.unlink()
    if json.loads(ran["sparse"]["out"])["read_bytes"] != pieces * PIECE:
        raise Unmeasured(f"the sparse disk was not read as one: {ran['sparse']['out']}")
    for what, unit, scale in (("seconds", "s", 1), ("cpu", "s", 1), ("peak", "MiB", 1 << 20)):
        ours, theirs = ran["sparse"][what] / scale, ran["dense"][what] / scale
        name = {"seconds": "wall", "cpu": "user and system", "peak": "peak memory"}[what]
        row("sparse", f"1 GB of data in 105 GB, {name}", f"{ours:.2f} {unit}", f"the 1 GB alone {theirs:.2f} {unit}",
            f"{ours / theirs:.2f}", "≈ 1", "", sparse=ours, dense=theirs, ratio=ours / theirs)


def cold_start(release, work):
    """Every program's help, against a program that does nothing."""
    idle = str(shutil.copy("/bin/true", work / "true"))
    hallmark = str(release / "hallmark")
    programs = {"": [idle], "hallmark --help": [hallmark, "--help"]}
    programs |= {f"hallmark {action} --help": [hallmark, action, "--help"] for action in ACTIONS}
    programs |= {f"{action} --help": [str(release / action), "--help"] for action in ACTIONS}
    os.sync()  # a page that is not on disk yet would stay
    warm, cold = ({name: [] for name in programs} for _ in range(2))
    for _ in range(25):
        for name, command in programs.items():
            cold[name].append(start(*command, cold=True))
            warm[name].append(start(*command, cold=False))
    idle_cold, idle_warm = (statistics.median(took.pop("")) for took in (cold, warm))
    for name in cold:
        first, again = statistics.median(cold[name]), statistics.median(warm[name])
        size = os.stat(programs[name][0]).st_size
        row("start", name, f"{first:.1f} ms", f"true {idle_cold:.1f} ms", f"{first / idle_cold:.1f}", "",
            f"again {again:.1f} ms (true {idle_warm:.1f}), {size / (1 << 20):.1f} MiB",
            cold_ms=first, warm_ms=again, true_cold_ms=idle_cold, true_warm_ms=idle_warm, bytes=size)


def launcher(node, tree, release, work):
    """A step of a workflow against the program that it runs; the peer is Node when it does nothing."""
    whole = (tree / "bin/SHA256SUMS").is_file()
    if not whole:
        tree = shipped.small_tree(ROOT, release / "hallmark", work / "tree")
    took = shipped.launcher(node, tree)
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    about = {
        "start": ("step start to program start", f"executable {took['bytes'] / (1 << 20):.1f} MiB"),
        "whole": ("whole step minus program", f"fastest {took['least']:.1f} ms, program {took['program']:.1f} ms"),
    }
    for part, (name, more) in about.items():
        ratio, idle = took[part] / took["node"], f"node -e 0 {took['node']:.1f} ms"
        row("launcher", name, f"{took[part]:.1f} ms", idle, f"{ratio:.1f}", "≤ 60 ms",
            more + ("" if whole else "; there is no dist/tree: cargo's executable"), version=version, **took)


def size(tree):
    """What a runner downloads for one action: the whole tree."""
    if not (tree / "bin/SHA256SUMS").is_file():
        row("size", "the whole tree, gzipped", "not measured", "", "", "≤ 10 MB", "there is no dist/tree: make dist")
        return
    parts = shipped.sizes(tree)
    for part, name in {"source": "without bin/", "linux-x64": "linux-x64", "linux-arm64": "linux-arm64"}.items():
        row("size", f"{name}, gzipped", f"{parts[part] / 1e6:.2f} MB", "", "", "", "", bytes=parts[part])
    row("size", "the whole tree, gzipped", f"{parts['whole'] / 1e6:.2f} MB", "", "", "≤ 10 MB", "two platforms",
        bytes=parts["whole"])


def bake(release, work):
    """The whole chain with nothing to adopt: the actions' own time and memory against their tools'."""
    home, observed = work / "home", work / "observed.jsonl"
    environment = os.environ | {
        "HALLMARK_HOME": str(home), "HALLMARK_BIN": str(HERE / "observe.py"),
        "BENCH_HALLMARK": str(release / "hallmark"), "BENCH_OBSERVED": str(observed), "POLICY": "demo",
    }
    baked = subprocess.run(["scripts/bake.sh"], cwd=ROOT, env=environment, stdout=sys.stderr, check=False)
    if baked.returncode != 0:
        raise Unmeasured(f"the bake ended with exit code {baked.returncode}; its logs are in {home}/log")
    steps = [json.loads(line) for line in observed.read_text(encoding="utf-8").splitlines()]
    steps = [step for step in steps if step["action"] in ACTIONS]
    if missing := set(ACTIONS) - {step["action"] for step in steps}:
        raise Unmeasured(f"the bake never ran {', '.join(sorted(missing))}; its logs are in {home}/log")
    for step in steps:
        tools = f"tools {step['tools']:.2f} s, {mib(step['tools_peak'])}" if step["tools"] else "no tool"
        row("bake", f"{step['action']} ({step['step']})", f"{step['own']:.3f} s, {mib(step['peak'])}", tools,
            f"{step['own'] / (step['own'] + step['tools']):.1%}", "",
            f"wall {step['wall']:.2f} s, own processor {step['own_cpu']:.2f} s", **step)
    own, tools = (sum(step[part] for step in steps) for part in ("own", "tools"))
    row("bake", "all steps", f"{own:.3f} s", f"tools {tools:.2f} s", f"{own / (own + tools):.1%}", "≤ 3 %",
        f"wall {sum(step['wall'] for step in steps):.2f} s, "
        f"own processor {sum(step['own_cpu'] for step in steps):.2f} s",
        own=own, tools=tools, ratio=own / (own + tools))


def table():
    """The rows, aligned, with an empty line between the groups."""
    columns = ("group", "name", "measured", "peer", "ratio", "aim", "more")
    heads = dict(zip(columns, ("row", "", "hallmark", "peer", "ratio", "aim", "")))
    lines = [heads] + rows
    widths = {column: max(len(line[column]) for line in lines) for column in columns}
    last = None
    for line in lines:
        if line["group"] != last and last is not None:
            print()
        cells = [line[column].ljust(widths[column]) for column in columns]
        cells[0] = cells[0] if line["group"] != last else " " * widths["group"]
        print("  ".join(cells).rstrip())
        last = line["group"]


def machine():
    """What the figures were taken on."""
    names = [line for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    openssl = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True).stdout.strip()
    return {"processor": names[0].partition(": ")[2] if names else "unknown", "cores": CORES, "openssl": openssl}


def main():
    release, work, result, tree = (pathlib.Path(argument).resolve() for argument in sys.argv[1:5])
    room(work, 8 << 30)
    opa, cosign, peers, trivy, servers, coldsnap = sys.argv[6:12]
    example = str(release / "examples" / "digest")
    about = machine() | {"load_before": os.getloadavg(), "busy_before": busy()}
    digest(example, work)
    sparse(example, work)
    cold_start(release, work)
    launcher(sys.argv[5], tree, release, work)
    size(tree)
    page.page(row, str(release / "examples" / "page"), work)
    policy.policy(row, str(release / "examples" / "decide"), opa, work)
    findings.findings(row, str(release / "trivy-scan"), trivy, work)
    signatures.signatures(row, str(release / "hallmark"), cosign, peers, work)
    publish.publish(row, release / "hallmark", f"{servers}/python", work)
    # Examples that know the SDK are built without the linker's optimisation (bench.sh says why).
    examples = release.parent / "measure" / "examples"
    upload.pipe(row, examples)
    upload.upload(row, examples, f"{servers}/python", coldsnap, work)
    bake(release, work)
    about["load_after"] = os.getloadavg()
    result.write_text(json.dumps({"machine": about, "rows": rows}, indent=2, ensure_ascii=False) + "\n")
    print()
    table()
    loads = [" ".join(f"{load:.1f}" for load in about[when]) for when in ("load_before", "load_after")]
    print(f"\n{about['processor']}, {CORES} cores, {about['openssl']}")
    print(f"Load average before {loads[0]}, after {loads[1]}; others had {about['busy_before']:.1f} cores before.")
    print(f"As JSON: {result}")


try:
    main()
except Unmeasured as error:
    sys.exit(f"bench: {error}")
