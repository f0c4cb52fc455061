"""Publishing on AWS to many regions against one, with latencies like AWS's: crates/aws/tests/fidelity stands for it.

usage: publish.py HALLMARK PYTHON WORK_FOLDER [ROUNDS]     these rows alone; PYTHON is the one that has moto
"""

import collections
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.request

from measure import Unmeasured, run

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MANY = 20
ACCOUNT, OTHER = "123456789012", "222222222222"
HOME = "us-east-1"
# As many as there are copies; the first is the one that the others are measured against.
AWAY = """
eu-central-1 us-east-2 us-west-1 us-west-2 ca-central-1 sa-east-1 eu-west-1 eu-west-2 eu-west-3 eu-north-1 eu-south-1
eu-south-2 ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-northeast-1 ap-northeast-2 ap-northeast-3
""".split()
BUCKET, KEY = "journal", "alias/golden"
# The one block of the image that is not zero: reading it takes few calls, whatever the number of regions.
BLOCK, SIZE = 10, 512 << 10

# What the calls take before they are answered, and what is only true later: assumed, and said in the row.
LATENCY = {"*": 80, "s3": 30, "ssm": 40, "kms": 30}
PENDING, DECIDED = 3000, 300
SETTINGS = {
    "latency_ms": LATENCY,
    "image_pending": {"ms": PENDING},
    "ssm_validation": {"ms": DECIDED},
}
ASSUMED = (
    f"EC2, EBS and STS {LATENCY['*']} ms, S3 {LATENCY['s3']}, SSM {LATENCY['ssm']}, KMS {LATENCY['kms']}, "
    f"copies {PENDING / 1000:.0f} s, parameters {DECIDED} ms"
)

# What the image is decided by: the least that a policy can ask for. What is measured is the publish.
POLICY = """\
version: 1
name: bench
signers: {assay: }
evidence:
  test-result: {signed-by: [assay], required: true, min-tests: 1}
  vsa: {signed-by: [assay]}
  verdict: {signed-by: [assay]}
vulnerabilities: []
reasons: {not-seen-as-required: note}
"""
RESULTS = {
    "results": [{
        "property": "exists", "resource-id": "/etc/os-release", "resource-type": "File", "result": 0, "skipped": False,
        "successful": True, "title": "", "matcher-result": {}, "duration": 1,
    }],
    "summary": {"failed-count": 0, "skipped-count": 0, "test-count": 1},
}


class Proxy:
    """The stand-in for AWS, as a program. It ends with its standard input."""

    def __init__(self, python):
        environment = os.environ | {
            "PYTHONDONTWRITEBYTECODE": "1", "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
            environment.pop(name, None)
        try:
            self.child = subprocess.Popen(
                [python, "-m", "fidelity"], cwd=ROOT / "crates/aws/tests", env=environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )
        except OSError as error:
            raise Unmeasured(f"the stand-in for AWS: {python} does not start: {error}") from error
        line = self.child.stdout.readline()
        if not line.startswith("ready "):
            raise Unmeasured(f"the stand-in for AWS did not start: {line.strip() or 'it said nothing'}")
        self.address = line.split()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait()

    def asked(self, method, path, body=None):
        """The answer to one request. The proxies of the environment are not asked: it is on this machine."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60) as answer:
                return answer.read()
        except OSError as error:
            raise Unmeasured(f"the stand-in for AWS: {method} {path}: {error}") from error

    def control(self, path, body=None, method="POST"):
        return json.loads(self.asked(method, f"/_fidelity/{path}", body))

    def seconds(self):
        """The processor time that it has used."""
        fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def begin(self):
        """An account as it is before the first publish: keys, an empty journal, the image that the build made."""
        self.control("reset")
        self.asked("PUT", f"/{BUCKET}")
        for region in AWAY:
            self.control("make", {"key": {"region": region, "alias": KEY}})
        made = self.control("make", {"image": {
            "name": "build-bench", "size_gib": 1, "blocks": {str(BLOCK): 1}, "boot_mode": "uefi", "imds_support": "v2.0",
        }})
        return made["image"]


class Publish:
    """An image that was decided about, and the programs that publish it."""

    def __init__(self, hallmark, folder, proxy):
        self.hallmark, self.folder, self.proxy = hallmark, folder, proxy
        # As `packer-build` writes it: evidence names its digest.
        (folder / "image.json").write_text(json.dumps({
            "schema": 1, "name": "bench", "family": "bench", "architecture": "amd64", "bootMode": "uefi",
            "rootDevice": "/dev/xvda", "layers": [],
            "disks": [{"device": "/dev/xvda", "file": "disk.raw", "sizeBytes": 1 << 30, "contentDigest": content_digest()}],
        }, sort_keys=True, separators=(",", ":")))
        with open(folder / "disk.raw", "wb") as disk:
            disk.seek(BLOCK * SIZE)
            disk.write(b"\1" * SIZE)
            disk.truncate(1 << 30)
        (folder / "policy.yml").write_text(POLICY)
        (folder / "goss.json").write_text(json.dumps(RESULTS))
        for job in ("assay", "publish"):
            self.done(hallmark, "keygen", "--key", folder / f"{job}.pem", "--public", folder / f"{job}.pub")
        signed = ("--signing-key", folder / "assay.pem", "--evidence", folder / "decided")
        self.done(
            hallmark, "goss-test", "--image", folder / "image.json", "--mode", "results", "--results", folder / "goss.json",
            *signed,
        )
        self.done(
            hallmark, "gate", "--image", folder / "image.json", "--policy", folder / "policy.yml",
            "--signers", f"assay={folder / 'assay.pub'}", *signed,
            "--bundle", folder / "replay", "--page", folder / "page.html",
            "--brief", folder / "brief.md", "--json", folder / "decision.json", outputs="gate",
        )
        self.policy = self.output("gate", "policy-digest")
        for count in (1, MANY):
            (folder / f"{count}.yml").write_text(json.dumps(distribution(AWAY[:count])))

    def environment(self, name):
        outputs = self.folder / f"{name}.outputs"
        outputs.write_text("")
        kept = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "GITHUB_OUTPUT": str(outputs)}
        return kept | {
            "AWS_ENDPOINT_URL": self.proxy.address, "AWS_REGION": HOME, "AWS_ACCESS_KEY_ID": f"AKIA{ACCOUNT}TEST",
            "AWS_SECRET_ACCESS_KEY": "signatures are not verified",
        }

    def done(self, *command, outputs="other"):
        """What a program prints that prepares the measurement."""
        ran = subprocess.run(command, cwd=self.folder, env=self.environment(outputs), capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            raise Unmeasured(f"{' '.join(map(str, command))}: exit code {ran.returncode}: {ran.stdout}{ran.stderr}")
        return ran.stdout

    def output(self, step, name):
        """An output of one line."""
        lines = (self.folder / f"{step}.outputs").read_text().splitlines()
        for head, value in zip(lines, lines[1:]):
            if head.startswith(f"{name}<<"):
                return value
        raise Unmeasured(f"{step} has no output {name}")

    def fresh(self):
        """Nothing was published: an account and evidence as they were before. Gives the image."""
        shutil.rmtree(self.folder / "evidence", ignore_errors=True)
        shutil.copytree(self.folder / "decided", self.folder / "evidence")
        ami = self.proxy.begin()
        self.proxy.control("settings", SETTINGS)
        return ami

    def publish(self, ami, count, name):
        """One publish, measured."""
        folder, proxy = self.folder, self.proxy
        proxy.control("calls/reset")
        spent = proxy.seconds()
        ran = run(
            "env", "-i", *(f"{key}={value}" for key, value in self.environment("publish").items()),
            str(self.hallmark), "register-ami", "--provider", "aws", "--distribution", str(folder / f"{count}.yml"),
            "--journal", f"s3://{BUCKET}/images", "--image", str(folder / "image.json"), "--image-id", ami,
            "--channel", "stable", "--evidence", str(folder / "evidence"), "--lock-timeout", "0s",
            "--verdict-signer", str(folder / "assay.pub"), "--verifier-id", "https://hallmark.dev/gate",
            "--policy-digest", self.policy, "--signing-key", str(folder / "publish.pem"),
        )
        ran["stand_in"] = proxy.seconds() - spent
        calls = proxy.control("calls", method="GET")["calls"]
        ran["calls"] = collections.Counter(call["service"] for call in calls)
        ran["operations"] = collections.Counter(f"{call['service']}:{call['operation']}" for call in calls)
        ran["changes"] = collections.Counter(f"{call['service']}:{call['operation']}" for call in calls if call["mutating"])
        self.hold(ran, ami, count, name)
        return ran

    def hold(self, ran, ami, count, name):
        """What was measured has to be what was meant."""
        state = self.proxy.control("state", method="GET")
        images = [image for image in state["images"] if image["launch_permissions"] and image["protection"]]
        shown = [one for one in state["parameters"] if one["name"].endswith("/stable") and one["value"]]
        wanted = {"images": count + 1, "parameters": 2 * (count + 1), "image": ami}
        found = {"images": len(images), "parameters": len(shown), "image": self.output("publish", "image-id")}
        if found != wanted:
            raise Unmeasured(f"{name}: {found} were published, and not {wanted}: {ran['out']}")


def content_digest():
    """What crates/blocks/FORMAT.md says of 1 GiB with one block of ones."""
    block = BLOCK.to_bytes(8, "little") + hashlib.sha256(b"\1" * SIZE).digest()
    whole = b"hallmarkBlocks1\n" + SIZE.to_bytes(4, "little") + (1 << 30).to_bytes(8, "little") + block
    return "hallmarkBlocks1:" + hashlib.sha256(whole).hexdigest()


def distribution(away):
    """Everything that a distribution can ask for: keys, another account with channels, grants, dates, protection."""
    return {
        "version": 1, "account": ACCOUNT, "home": HOME,
        "regions": {HOME: {}} | {region: {"kms-key": KEY} for region in away},
        "share": {"accounts": [OTHER], "snapshots": True, "grants": True},
        "channels": {"prefix": "/golden", "accounts": {OTHER: f"arn:aws:iam::{OTHER}:role/hallmark-channels"}},
        "deprecate-after": "180d", "protection": "on", "tags": {"team": "images"},
    }


def measured(hallmark, python, folder, rounds):
    """The fastest run of each: to one region, to many, and to many again, where nothing is left to do."""
    folder.mkdir()
    fastest = {}
    with Proxy(python) as proxy:
        publish = Publish(hallmark, folder, proxy)
        for number in range(rounds + 1):
            ran = {"one": publish.publish(publish.fresh(), 1, "one")}
            ami = publish.fresh()
            ran["many"] = publish.publish(ami, MANY, "many")
            ran["again"] = publish.publish(ami, MANY, "again")
            for name, one in ran.items():
                # The first round fills caches and counts for nothing.
                if number > 0:
                    fastest[name] = min(fastest.get(name, one), one, key=lambda ran: ran["seconds"])
    again = fastest["again"]
    if set(again["changes"]) != {"s3:PutObject"}:
        raise Unmeasured(f"the second publish was to change nothing but the journal: {again['changes']}")
    return fastest


def counted(ran):
    """How many calls, and of which service."""
    parts = ", ".join(f"{service} {count}" for service, count in sorted(ran["calls"].items()))
    return f"{sum(ran['calls'].values())} calls ({parts})"


def publish(row, hallmark, python, work, rounds=3):
    """The rows."""
    ran = measured(hallmark, python, work / "publish", rounds)
    one, many, again = (ran[name] for name in ("one", "many", "again"))

    def figures(ran):
        return {name: ran[name] for name in ("seconds", "cpu", "peak", "stand_in", "calls", "operations")}

    def ratio(name, mine, peer, aim, more):
        row("publish", name, f"{mine['seconds']:.2f} s", f"one region {peer['seconds']:.2f} s",
            f"{mine['seconds'] / peer['seconds']:.2f}", aim, more, hallmark=figures(mine), one=figures(peer),
            ratio=mine["seconds"] / peer["seconds"], simulated=SETTINGS)

    ratio(f"AWS, {MANY} regions", many, one, "≤ 1.5", ASSUMED)
    # It answers one call at a time, partly while others wait for their latency: so much of the wall time is its own at most.
    own = {name: ran[name]["stand_in"] / ran[name]["seconds"] for name in ran}
    row("publish", "of that at most the stand-in's own work", f"{many['stand_in']:.2f} s, {own['many']:.0%}",
        f"one region {one['stand_in']:.2f} s, {own['one']:.0%}", "", "", "its processor time, one call at a time",
        many=many["stand_in"], one=one["stand_in"])
    ratio(f"the same {MANY} again, nothing to do", again, one, "",
          f"{counted(again)}; stand-in {again['stand_in']:.2f} s")
    row("publish", f"calls, {MANY} regions", str(sum(many["calls"].values())), f"one region {sum(one['calls'].values())}",
        f"{sum(many['calls'].values()) / sum(one['calls'].values()):.1f}", "", f"{counted(many)}; {counted(one)}")
    row("publish", f"peak memory, {MANY} regions", f"{many['peak'] / (1 << 20):.1f} MiB",
        f"one region {one['peak'] / (1 << 20):.1f} MiB", f"{many['peak'] / one['peak']:.2f}", "",
        f"processor {many['cpu']:.2f} s, one region {one['cpu']:.2f} s", many=many["peak"], one=one["peak"])


def main():
    hallmark, python, work = (pathlib.Path(argument).absolute() for argument in sys.argv[1:4])
    rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3

    def row(_, *cells, **figures):
        print("  ".join(cell for cell in cells if cell))
        for name in ("hallmark", "one"):
            if "operations" in (part := figures.get(name) if isinstance(figures.get(name), dict) else {}):
                print(f"    {name}: {dict(sorted(part['operations'].items()))}")

    begun = time.perf_counter()
    try:
        publish(row, hallmark, python, work, rounds)
    except Unmeasured as error:
        sys.exit(f"publish: {error}")
    print(f"in {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
