"""A TUF repository on this machine, written by the reference implementation, in the layout of Sigstore's.

    tuf_repository.py FOLDER [--expired]

Writes FOLDER/root.json (where trust begins) and serves a repository with one target, trusted_root.json. Says
"ready URL" on standard output. Ends when standard input does.
"""

import http.server
import sys
import threading
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def main():
    folder = Path(sys.argv[1])
    repository = folder / "repository"
    (repository / "targets").mkdir(parents=True)
    ends = datetime.now(timezone.utc) + timedelta(days=-1 if "--expired" in sys.argv else 7)
    signer = CryptoSigner.generate_ecdsa()

    content = b'{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "of": "the repository"}'
    target = TargetFile.from_data("trusted_root.json", content, ["sha256"])
    targets = Targets(expires=ends)
    targets.targets["trusted_root.json"] = target
    snapshot = Snapshot(expires=ends, meta={"targets.json": MetaFile(1)})
    timestamp = Timestamp(expires=ends, snapshot_meta=MetaFile(1))
    root = Root(expires=datetime.now(timezone.utc) + timedelta(days=7), consistent_snapshot=True)
    for role in ("root", "timestamp", "snapshot", "targets"):
        root.add_key(signer.public_key, role)

    for name, signed in [
        ("1.root.json", root),
        ("1.targets.json", targets),
        ("1.snapshot.json", snapshot),
        ("timestamp.json", timestamp),
    ]:
        metadata = Metadata(signed)
        metadata.sign(signer)
        metadata.to_file(str(repository / name))
    (folder / "root.json").write_bytes((repository / "1.root.json").read_bytes())
    (repository / "targets" / f"{target.hashes['sha256']}.trusted_root.json").write_bytes(content)

    handler = partial(Quiet, directory=str(repository))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"ready http://127.0.0.1:{server.server_port}/", flush=True)
    sys.stdin.read()


main()
