"""A decision about many findings, against `opa` with the same policy written in Rego, as whole processes."""

import json
import os
import random

from measure import Unmeasured, best

FINDINGS = 100_000
EXCEPTIONS = 1_000
# In crates/policy/examples/decide.rs too.
NOW = "2026-11-22T12:00:00Z"
TODAY = NOW[:10]

POLICY = """\
version: 1
name: bench
signers: {assay: }
evidence:
  vulns: {signed-by: [assay], required: true}
vulnerabilities:
  - {severity: [critical, high], fixable: true, then: fail}
  - {cvss-at-least: 9.5, then: fail}
  - {severity: high, older-than: 30d, then: fail}
  - {severity: medium, fixable: true, then: review}
rego: {module: module.rego}
"""

# What both are asked beyond the thresholds. Only the name of a finding's package is written in two ways.
MODULE = """\
package hallmark

import rego.v1

deny contains {"msg": sprintf("%s has %s.", [NAME, finding.id]), "code": "forbidden"} if {
	some finding in input.findings
	finding.severity == "critical"
	startswith(NAME, "lib-19")
	endswith(finding.id, "7")
}

deny contains sprintf("%s answers for %d exceptions.", [owner, count(ids)]) if {
	some owner, ids in owners
	count(ids) > 60
}

owners[exception.owner] contains exception.id if some exception in input.exceptions
"""

# The thresholds and the matching of exceptions, as an author of Rego would write them to be quick: exceptions by id.
THRESHOLDS = """
fails(f) if {
	f.severity in {"critical", "high"}
	f.fixedVersion
}

fails(f) if f.cvss >= 9.5

fails(f) if {
	f.severity == "high"
	now - time.parse_rfc3339_ns(f.published) >= ((30 * 24) * 3600) * 1000000000
}

reviewed(f) if {
	f.severity == "medium"
	f.fixedVersion
}

now := time.parse_rfc3339_ns(input.now)

by_id[e.id] contains i if some i, e in input.exceptions

names(f) := {f.package.name, f.package.source}

suppressed(f) if {
	some i in by_id[f.id]
	e := input.exceptions[i]
	e.package in names(f)
	object.get(e, "version", f.package.version) == f.package.version
	e.created <= input.today
	e.expires >= input.today
}

blocking contains i if {
	some i, f in input.findings
	fails(f)
	not suppressed(f)
}

verdict := {"blocking": count(blocking), "denials": count(deny)}
"""


def world(folder):
    """The same findings and exceptions for both: a fixed seed, dates around the decision."""
    dice = random.Random(4)
    severities = ["critical", "high", "medium", "low", "unknown"]
    findings = []
    for number in range(FINDINGS):
        name = f"lib-{dice.randrange(2000):04}"
        finding = {
            "id": f"CVE-2026-{number // 2:05}",
            "package": {
                "name": name, "source": f"src-{name[4:7]}", "version": f"1.{number % 7}-1",
                "purl": f"pkg:deb/debian/{name}@1.{number % 7}-1?arch=amd64",
            },
            "severity": dice.choices(severities, [1, 8, 30, 60, 1])[0],
            "title": f"{name}: something overflows when something else is long enough ({number})",
            "description": "An attacker who can send something to the program can make it do something else. " * 2,
            "cvss": round(dice.uniform(1, 10), 1),
            "published": f"2026-{dice.randrange(1, 12):02}-{dice.randrange(1, 22):02}T00:00:00Z",
            "scanner": "trivy",
        }
        if dice.random() < 0.5:
            finding["fixedVersion"] = "2.0-1"
        findings.append(finding)
    exceptions = []
    for number, finding in enumerate(dice.sample(findings, EXCEPTIONS)):
        exception = {
            "id": finding["id"], "package": finding["package"]["name" if number % 3 else "source"], "reason": "Unreachable",
            "owner": f"team-{dice.randrange(20)}@example.org", "created": "2026-10-01",
            "expires": TODAY if number % 10 else "2026-11-21",
        }
        if number % 4 == 0:
            exception["version"] = finding["package"]["version"]
        exceptions.append(exception)
    ours, theirs = MODULE.replace("NAME", "finding.package"), MODULE.replace("NAME", "finding.package.name")
    # YAML is a superset of JSON: one entry a line, in quotes.
    lines = "\n".join(f"  - {json.dumps(exception)}" for exception in exceptions)
    files = {
        "policy.yml": POLICY,
        "module.rego": ours,
        "exceptions.yml": f"version: 1\nexceptions:\n{lines}\n",
        "findings.json": json.dumps(findings),
        "peer.rego": theirs + THRESHOLDS,
        "input.json": json.dumps({"now": NOW, "today": TODAY, "findings": findings, "exceptions": exceptions}),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def policy(row, example, opa, work):
    """Time and peak memory of a whole decision."""
    folder = work / "policy"
    folder.mkdir()
    world(folder)
    os.sync()
    at = {name.name: str(name) for name in folder.iterdir()}
    hallmark = [example, at["policy.yml"], at["exceptions.yml"], at["findings.json"]]
    peer = [opa, "eval", "--format", "raw", "--strict-builtin-errors", "--data", at["peer.rego"],
            "--input", at["input.json"], "data.hallmark.verdict"]
    ran = best(3, os.stat(at["findings.json"]).st_size, hallmark=hallmark, opa=peer)
    ours, theirs = (json.loads(ran[name]["out"]) for name in ("hallmark", "opa"))
    if any(ours[part] != theirs[part] or ours[part] == 0 for part in ("blocking", "denials")):
        raise Unmeasured(f"they do not decide the same: hallmark {ours}, opa {theirs}")
    what = f"{ours['blocking']} findings block, {ours['denials']} denials in both"
    for part, name, scale, unit, aim in (
        ("seconds", "wall", 1e-3, "ms", "≥ 20, ≤ 300 ms"), ("cpu", "processor time", 1e-3, "ms", ""),
        ("peak", "peak memory", 1 << 20, "MiB", "≥ 20"),
    ):
        mine, other = ran["hallmark"][part] / scale, ran["opa"][part] / scale
        row("policy", f"{FINDINGS:,} findings, {EXCEPTIONS:,} exceptions, Rego, {name}", f"{mine:.0f} {unit}",
            f"opa {other:.0f} {unit}", f"{other / mine:.1f}", aim, what, hallmark=mine, opa=other, ratio=other / mine)
