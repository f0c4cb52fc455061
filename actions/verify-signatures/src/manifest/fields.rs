//! The members that a manifest is made of, and what each means: the reader, the schema and the README go by these.

/// The manifest itself.
pub(super) const MANIFEST: [(&str, &str); 6] = [
    ("version", "The version of this file's language."),
    (
        "trusted-root",
        "Who vouches for identities, logs and timestamps: `public-good` (the default), `github`, or the path of a trusted_root.json.",
    ),
    ("keys", "Keys that sign, by names of your choice."),
    ("identities", "People and workflows that sign, by names of your choice; the names of keys are others."),
    ("files", "The files that have to be signed."),
    ("checksums", "Signed lists of checksums: every file that one lists has to be there, with that digest."),
];

/// A key.
pub(super) const KEY: [(&str, &str); 4] = [
    ("file", "The path of the public key: PEM, cosign.pub, or a JSON Web Key."),
    ("pem", "The public key as PEM."),
    ("jwk", "The public key as a JSON Web Key (RFC 7517)."),
    (
        "kms",
        "The URI of a key in AWS KMS: `awskms:///alias/…`, an id or an ARN. The public key is fetched once.",
    ),
];

/// Beside the fields of a rule, what an identity may say.
pub(super) const TRUSTED_ROOT: (&str, &str) =
    ("trusted-root", "Who vouches for this identity, if not the manifest's `trusted-root`.");

/// What an entry of `files` and one of `checksums` both say.
pub(super) const WANTED: [(&str, &str); 10] = [
    ("signed-by", "The keys and identities that may sign it: any `threshold` of them."),
    ("key", "The key that has to sign it."),
    ("keys", "The keys that may sign it: any `threshold` of them."),
    ("threshold", "How many distinct signers it needs; 1 where nothing is said."),
    (
        "signature",
        "Where the detached signatures are; `{path}` and `{name}` stand for the file's. `{path}.sig` where a key may sign and no `bundle` is named.",
    ),
    (
        "bundle",
        "Where the bundles are: Sigstore bundles, GitHub attestations, or what cosign wrote. `{path}.sigstore.json` where nothing is named.",
    ),
    ("sha256", "Exactly these bytes."),
    ("require", "What has to vouch for signatures of keys too."),
    (
        "predicate-type",
        "The predicate types of attestations that count as a signature of the file, beside SLSA provenance: a statement about a file may say that it is bad.",
    ),
    ("provenance", "What the SLSA provenance (v1) in a bundle has to say: all that is named, exactly."),
];

/// An entry of `files`: this, and [`WANTED`].
pub(super) const PATH: (&str, &str) =
    ("path", "A file, a pattern (`*`, `**`, `?`, `[…]`, `{…}`), or a folder with a `/` at the end.");

/// An entry of `checksums`: these, and [`WANTED`].
pub(super) const CHECKSUMS: [(&str, &str); 2] = [
    ("manifest", "The list: the output of `sha256sum`, with or without `--tag`."),
    ("only", "Patterns of the names that are looked at; all of them where nothing is said."),
];

/// Provenance.
pub(super) const PROVENANCE: [(&str, &str); 4] = [
    ("builder", "The builder's id, a URI."),
    ("source", "The source repository, without a scheme: `github.com/owner/repository`."),
    ("ref", "The ref that was built: `refs/tags/v1`."),
    ("workflow", "The workflow file: `.github/workflows/release.yml`."),
];

/// What may be required of signatures.
pub(super) const REQUIRE: [(&str, &str); 2] = [
    ("transparency-log", "An entry of a transparency log, proven to be in it."),
    ("timestamp", "A timestamp by a timestamp authority (RFC 3161)."),
];
