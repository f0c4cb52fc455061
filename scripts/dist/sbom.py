"""Makes the SBOM of one executable out of what Trivy found in it: sbom.py EXECUTABLE EPOCH < trivy.json

Trivy gives its documents a random name and today's time, and calls the executable by a folder. Here the
document is named by the executable's digest, the time is the commit's, and its subject is the executable, so
the same executable always has the same SBOM. An SBOM that is too small to be true is refused.
"""

import datetime
import hashlib
import json
import pathlib
import sys
import uuid

# A list that was lost on the way to the executable shows as an empty or short one.
AT_LEAST = 50
CERTAIN = {"hallmark", "anyhow", "aws-lc-sys", "clap", "serde_json"}


def main(executable: pathlib.Path, epoch: int) -> None:
    bom = json.load(sys.stdin)
    digest = hashlib.sha256(executable.read_bytes()).hexdigest()
    crates = [c for c in bom["components"] if c.get("purl", "").startswith("pkg:cargo/")]
    names = {crate["name"] for crate in crates}
    if len(crates) < AT_LEAST or not CERTAIN <= names:
        sys.exit(f"sbom.py: {len(crates)} crates in {executable.name}, without {sorted(CERTAIN - names)}")
    [itself] = [crate for crate in crates if crate["name"] == "hallmark"]

    known = {crate["bom-ref"] for crate in crates}
    bom["serialNumber"] = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, f'sha256:{digest}')}"
    time = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)
    bom["metadata"]["timestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    bom["metadata"]["component"] = {
        "bom-ref": executable.name,
        "type": "application",
        "name": executable.name,
        "version": itself["version"],
        "hashes": [{"alg": "SHA-256", "content": digest}],
    }
    # What Trivy adds of its own: the file that it found the crates in, and that it looked for no
    # vulnerabilities, which reads as if there were none.
    bom.pop("vulnerabilities", None)
    bom["components"] = sorted(crates, key=lambda crate: crate["bom-ref"])
    depends = {d["ref"]: sorted(d.get("dependsOn", [])) for d in bom["dependencies"] if d["ref"] in known}
    bom["dependencies"] = [{"ref": executable.name, "dependsOn": [itself["bom-ref"]]}] + [
        {"ref": ref, "dependsOn": on} for ref, on in sorted(depends.items())
    ]
    json.dump(bom, sys.stdout, indent=2, sort_keys=True)
    print()


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
