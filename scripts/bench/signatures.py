"""Verification as whole processes: a file with a key, a bundle offline, a thousand files in one call, and memory."""

import base64
import json
import pathlib
import subprocess

from measure import Unmeasured, best, fill

TEN = 10 << 20
MANY = 1_000


def made(*command, **more):
    """Runs what prepares a measurement."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise Unmeasured(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


def signed(work, name, size):
    """A file of random bytes, and its signature by the bench's key, raw and in base64."""
    path = fill(work / name, size, 1 << 20) if size >= 1 << 20 else work / name
    if size < 1 << 20:
        path.write_bytes(name.encode() * 10)
    raw = work / f"{name}.raw-sig"
    made("openssl", "dgst", "-sha256", "-sign", work / "key.pem", "-out", raw, path)
    (work / f"{name}.sig").write_text(base64.b64encode(raw.read_bytes()).decode())
    raw.unlink()
    return path


def manifest(work, name, files, more=""):
    """A manifest for these entries."""
    text = "version: 1\nkeys:\n  vendor: {file: key.pub}\n" + more + "files:\n"
    (work / name).write_text(text + "".join(f"  - {entry}\n" for entry in files))
    return str(work / name)


def signatures(row, hallmark, cosign, peers, work):
    """The rows."""
    work = work / "signatures"
    work.mkdir()
    made("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", work / "key.pem")
    made("openssl", "pkey", "-in", work / "key.pem", "-pubout", "-out", work / "key.pub")

    def ours(path):
        return [hallmark, "verify-signatures", "--manifest", path, "--evidence", str(work / "evidence")]

    def ratio(name, ran, peer, aim, more=""):
        mine, theirs = ran["hallmark"], ran[peer]
        row("signatures", name, f"{mine['seconds'] * 1000:.1f} ms", f"{peer} {theirs['seconds'] * 1000:.0f} ms",
            f"{theirs['seconds'] / mine['seconds']:.1f}", aim,
            more or f"peak {mine['peak'] >> 20} MiB, {peer} {theirs['peak'] >> 20} MiB",
            hallmark=mine["seconds"], peer=theirs["seconds"], ratio=theirs["seconds"] / mine["seconds"])

    file = signed(work, "ten", TEN)
    key = ours(manifest(work, "key.yml", ["{path: ten, key: vendor}"]))
    theirs = [cosign, "verify-blob", "--key", str(work / "key.pub"), "--signature", str(work / "ten.sig"),
              "--insecure-ignore-tlog", "--new-bundle-format=false", str(file)]
    ratio("10 MB by a key, against cosign", best(5, TEN, hallmark=key, cosign=theirs), "cosign", "≥ 5")

    bundles = data()
    bundle, artifact = bundles / "cosign-v3-blob.sigstore.json", bundles / "cosign-v3-blob.txt"
    (work / "blob.txt").write_bytes(artifact.read_bytes())
    (work / "blob.txt.sigstore.json").write_bytes(bundle.read_bytes())
    identity, issuer = "w.vollprecht@gmail.com", "https://github.com/login/oauth"
    more = f"identities:\n  signer: {{issuer: '{issuer}', subject: {identity}}}\n"
    text = "version: 1\n" + more + "files:\n  - {path: blob.txt, signed-by: signer, bundle: blob.txt.sigstore.json}\n"
    (work / "bundle.yml").write_text(text)
    offline = ours(str(work / "bundle.yml"))
    root = work / "root.json"
    root.write_bytes((bundles.parent / "trusted_roots" / "public-good.json").read_bytes())
    theirs = [cosign, "verify-blob", "--bundle", str(bundle), "--trusted-root", str(root),
              "--certificate-identity", identity, "--certificate-oidc-issuer", issuer, str(work / "blob.txt")]
    python = [f"{peers}/sigstore", "verify", "identity", "--offline", "--bundle", str(bundle),
              "--cert-identity", identity, "--cert-oidc-issuer", issuer, str(work / "blob.txt")]
    ran = best(5, TEN, hallmark=offline, cosign=theirs, python=python)
    ratio("a bundle offline, against cosign", ran, "cosign", "≥ 5")
    ratio("a bundle offline, against Python's sigstore", ran, "python", "≥ 100")

    for number in range(MANY):
        signed(work, f"f{number:04}", 0)
    many = ours(manifest(work, "many.yml", ["{path: 'f????', key: vendor}"]))
    # The peer takes one file in a call: one of them, as many times.
    one = [cosign, "verify-blob", "--key", str(work / "key.pub"), "--signature", str(work / "f0000.sig"),
           "--insecure-ignore-tlog", "--new-bundle-format=false", str(work / "f0000")]
    ran = best(3, TEN, hallmark=many, cosign=one)
    mine, theirs = ran["hallmark"]["seconds"], ran["cosign"]["seconds"] * MANY
    row("signatures", f"{MANY} files in one call", f"{mine * 1000:.0f} ms", f"{MANY} × one cosign {theirs:.0f} s",
        f"{theirs / mine:.0f}", "", f"peak {ran['hallmark']['peak'] >> 20} MiB", hallmark=mine, cosign=theirs)

    large = signed(work, "large", 1 << 30)
    ran = best(3, 1 << 30, large=ours(manifest(work, "large.yml", ["{path: large, key: vendor}"])), small=key)
    large.unlink()
    big, small = ran["large"]["peak"], ran["small"]["peak"]
    row("signatures", "peak memory, 1 GiB against 10 MB", f"{big / (1 << 20):.1f} MiB", f"{small / (1 << 20):.1f} MiB",
        f"{big / small:.2f}", "≈ 1", f"{ran['large']['seconds']:.2f} s", large=big, small=small)


def data():
    """The test data of the crate sigstore-verify: real bundles."""
    metadata = json.loads(made("cargo", "metadata", "--format-version", "1", "--locked", "--offline"))
    for package in metadata["packages"]:
        if package["name"] == "sigstore-verify":
            return pathlib.Path(package["manifest_path"]).parent / "test_data" / "bundles"
    raise Unmeasured("the crate sigstore-verify is not among the dependencies")
