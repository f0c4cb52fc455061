//! Whom a caller trusts, as a step's inputs say it: a key, or an identity with the trusted root that vouches for it.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use attest::{MAX_TRUST_ROOT, PublicKey, Trust, TrustRoot, TrustedIdentity};
use policy::{Root, identity_rule};
use runner::{Context, Input, Kind};

/// The input for a key.
pub const VERDICT_SIGNER: Input = Input::new(
    "verdict-signer",
    Kind::Path,
    "The public key (PEM) that signs verdicts; this or `verdict-identity` is required, and neither has a default",
);

/// The input for an identity.
pub const VERDICT_IDENTITY: Input = Input::new(
    "verdict-identity",
    Kind::Text,
    "Who signs verdicts without a key: the fields of an identity as a policy has them, one `field: value` a line, such as workflow: owner/repository/.github/workflows/assay.yml@refs/heads/main",
);

/// The input for whoever vouches for it.
pub const TRUSTED_ROOT: Input = Input::new(
    "trusted-root",
    Kind::Text,
    "Whose word counts for `verdict-identity`: `public-good`, `github`, or the path of a Sigstore trusted root (JSON)",
)
.default("public-good");

/// Whoever is trusted, and no one else.
#[derive(Debug, Clone)]
pub struct Whom {
    /// For verifying.
    pub trust: Trust,
    /// In words, for refusals.
    pub name: String,
}

impl Whom {
    /// Reads who is trusted: by a key, whose path `key_input` has, or by an identity and `trusted-root`.
    ///
    /// # Errors
    /// Neither is given, or both are, or what is given does not read.
    pub fn read(ctx: &Context, key_input: &str, identity_input: &str) -> Result<Self> {
        Self::optional(ctx, key_input, identity_input)?.with_context(|| {
            format!(
                "one of `{key_input}` and `{identity_input}` is required, and neither has a default: say whose signature counts"
            )
        })
    }

    /// The same; none where neither is given.
    ///
    /// # Errors
    /// Both are given, or what is given does not read.
    pub fn optional(ctx: &Context, key_input: &str, identity_input: &str) -> Result<Option<Self>> {
        Ok(Some(match (ctx.opt_path(key_input)?, ctx.opt_text(identity_input)?) {
            (Some(_), Some(_)) => bail!(
                "`{key_input}` and `{identity_input}` are both given: keep the one who signs, so that it is known who did"
            ),
            (None, None) => return Ok(None),
            (Some(path), None) => {
                let bytes = read(&path, 1 << 20).with_context(|| format!("input `{key_input}`"))?;
                let pem = String::from_utf8_lossy(&bytes);
                let key = PublicKey::from_pem(&pem).with_context(|| {
                    format!("input `{key_input}`: {} is not a public key in PEM", path.display())
                })?;
                let name = format!("the key {}", key.key_id().short());
                Self { trust: Trust::from(&key), name }
            }
            (None, Some(text)) => {
                // `Problems` shows one a line, each with its place in the input.
                let rule = identity_rule(identity_input, &text)?;
                let root = trusted_root(ctx)?;
                let shown = serde_json::to_string(rule.text())?;
                let name = format!("the identity {shown}, for whom {} vouches", root.name());
                let trust = Trust::nobody().and_identity(TrustedIdentity { rule, root });
                Self { trust, name }
            }
        }))
    }
}

/// The trusted root that `trusted-root` names.
///
/// # Errors
/// It names none, or the file does not read as one.
pub fn trusted_root(ctx: &Context) -> Result<Arc<TrustRoot>> {
    let input = TRUSTED_ROOT.name;
    let given = ctx.text(input)?;
    let root = match Root::parse(&given) {
        Some(Root::Named(name)) => TrustRoot::embedded(name)
            .with_context(|| format!("input `{input}`: no root `{name}` is carried"))?
            .with_context(|| format!("input `{input}`"))?,
        Some(Root::File(file)) => {
            let bytes = read(&ctx.cwd().join(&file), MAX_TRUST_ROOT as u64)
                .with_context(|| format!("input `{input}`"))?;
            Arc::new(TrustRoot::parse(&file, &bytes).with_context(|| format!("input `{input}`"))?)
        }
        Some(Root::Digest(_)) | None => bail!(
            "input `{input}` is `{}`: `public-good`, `github` or the path of a file is wanted, such as ./trusted_root.json",
            given.escape_debug()
        ),
    };
    if let Some(ended) = root.ended(ctx.now()) {
        bail!(
            "input `{input}`: all that {} vouches for ended on {ended}: a newer one is wanted",
            root.name()
        );
    }
    Ok(root)
}

fn read(path: &std::path::Path, limit: u64) -> Result<Vec<u8>> {
    let length = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    ensure!(length <= limit, "{} is longer than the {limit} bytes that are read", path.display());
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
