"""Findings to SARIF, summary, counts and model, against `trivy convert` and `jq` over the same report."""

import json
import os
import shutil

import reports
from measure import Unmeasured, best, run

SIZES = (100_000, 500_000)
# What jq is asked: no more than the counts by severity.
COUNTS = "[.Results[].Vulnerabilities[]?.Severity] | group_by(.) | map({key: .[0], value: length}) | from_entries"
# The longest of the peers takes minutes and gigabytes: it is run once, and ended after half an hour.
LONG = 200_000
LIMIT = 1_800


def _mib(size):
    return f"{size / (1 << 20):.0f} MiB"


def _step(scan, work, report, count):
    """The whole action as a step: the report kept, evidence asked for, SARIF, summary, outputs. Returns its command."""
    folder = work / f"step-{count}"
    folder.mkdir()
    for name in ("summary", "output", "state", "env", "path"):
        (folder / name).touch()
    environment = [
        "env", "-i", f"PATH={os.environ['PATH']}", f"HOME={folder}", f"GITHUB_STEP_SUMMARY={folder / 'summary'}",
        f"GITHUB_OUTPUT={folder / 'output'}", f"RUNNER_TEMP={folder}", f"GITHUB_WORKSPACE={folder}",
    ]
    inputs = ["--report", str(report), "--sarif", str(folder / "found.sarif"), "--family", "bench",
              "--sarif-location", "README.md", "--evidence", str(folder / "evidence")]
    return folder, environment + [scan, *inputs]


def _ours(folder, count, unique):
    """What the step says has to be what is in the report."""
    said = (folder / "output").read_text(encoding="utf-8")
    if f"\n{count}\n" not in said:
        raise Unmeasured(f"the step counted something else than {count} findings: {said[:400]}")
    with open(folder / "found.sarif", encoding="utf-8") as file:
        log = json.load(file)["runs"][0]
    cut = log["properties"]["hallmark"]
    if cut["keptResults"] + cut["cutResults"] + cut["sameAlert"] != count:
        raise Unmeasured(f"the SARIF file accounts for something else than {count} findings: {cut}")
    if not 0 < len(log["tool"]["driver"]["rules"]) <= unique:
        raise Unmeasured("the SARIF file has more rules than there are vulnerabilities")


def findings(row, scan, trivy, work):
    """A row each for time and memory, for each peer and size."""
    if shutil.which("jq") is None:
        raise Unmeasured("jq is not there: apt-get install jq")
    for count in SIZES:
        report = work / f"trivy-{count}.json"
        unique, size = reports.write(report, count)
        folder, step = _step(scan, work, report, count)
        convert = [trivy, "convert", "--quiet", "--format", "sarif", "--output", str(work / "peer.sarif"), str(report)]
        jq = ["jq", "-c", COUNTS, str(report)]
        if count <= LONG:
            ran = best(3, size, hallmark=step, trivy=convert, jq=jq)
        else:
            ran = best(2, size, hallmark=step) | {"trivy": run(*convert, limit=LIMIT), "jq": run(*jq, limit=LIMIT)}
        _ours(folder, count, unique)
        name = f"{count:,} findings of {unique:,} vulnerabilities, {_mib(size)}"
        for peer in ("trivy", "jq"):
            ours, theirs = ran["hallmark"], ran[peer]
            label = {"trivy": "trivy convert --format sarif", "jq": "jq, counts by severity only"}[peer]
            least = "over " if theirs["cut"] else ""
            fast, small = theirs["seconds"] / ours["seconds"], ours["peak"] / theirs["peak"]
            row("findings", f"{name}, time", f"{ours['seconds']:.2f} s", f"{label} {least}{theirs['seconds']:.2f} s",
                f"{least}{fast:.1f}", "≥ 10" if peer == "trivy" else "", f"processor {ours['cpu']:.2f} s, peer {theirs['cpu']:.2f} s",
                hallmark=ours["seconds"], peer=theirs["seconds"], ratio=fast)
            row("findings", f"{name}, peak memory", _mib(ours["peak"]), f"{label} {_mib(theirs['peak'])}",
                f"{small:.2f}", "≤ 0.25" if peer == "trivy" else "", "", hallmark=ours["peak"], peer=theirs["peak"], ratio=small)
        shutil.rmtree(folder)
        report.unlink()
        (work / "peer.sarif").unlink(missing_ok=True)
