//! The inputs that actions share: who signs, and which root vouches for certificates. An action names those that it
//! has in its own table.

use runner::{Input, Kind};

use crate::{keyless, kms};

/// What `signing-key` may be besides a private key: the name of one that is kept elsewhere, and so is no secret.
pub const SIGNING_KEY_NAMES: &[&str] = &[keyless::WORD, kms::SCHEME];

/// Who signs.
pub const SIGNING_KEY: Input = Input::new(
    "signing-key",
    Kind::Secret,
    "Who signs the evidence: a private key (PEM, or the path of its file; cosign's encrypted ones too), awskms:///alias/NAME \
     for a key in AWS KMS, or keyless (the job's OIDC token, which needs `id-token: write`); without it the evidence is unsigned",
)
.names(SIGNING_KEY_NAMES);

/// What opens an encrypted key.
pub const SIGNING_KEY_PASSWORD: Input = Input::new(
    "signing-key-password",
    Kind::Secret,
    "The password of a `signing-key` that cosign encrypted, or the path of its file",
);

/// Where keyless signing asks.
pub const SIGNING_CONFIG: Input = Input::new(
    "signing-config",
    Kind::Path,
    "A Sigstore signing config (v0.2, JSON) with the Fulcio, Rekor and timestamp authority of keyless signing; the public-good \
     instance by default",
);

/// Which root vouches for certificates, log entries and timestamps.
pub const TRUSTED_ROOT: Input = Input::new(
    "trusted-root",
    Kind::Text,
    "The Sigstore trusted root that certificates, log entries and timestamps are verified against: public-good or github, as \
     they are built in, or the path of a file",
)
.default("public-good");

/// Whether the newest trusted root is fetched.
pub const REFRESH_TRUSTED_ROOT: Input = Input::new(
    "refresh-trusted-root",
    Kind::Bool,
    "Fetch the newest trusted root of that name through TUF, beginning with the root that is built in; without it nothing \
     is fetched",
)
.default("false");

/// Where it is fetched from.
pub const TUF_MIRROR: Input = Input::new(
    "tuf-mirror",
    Kind::Text,
    "The URL of the TUF repository that `refresh-trusted-root` asks, instead of the instance's own; its metadata has to be \
     signed as there",
);
