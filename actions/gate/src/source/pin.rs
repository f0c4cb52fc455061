//! What the workflow says that policy and exceptions have to be.
//!
//! A policy is pinned as it is resolved: with everything that it extends, its module and its signers'
//! keys. That is the digest that verdicts carry and that publishing asks for.

use anyhow::{Context as _, Result, bail};
use model::Sha256;
use runner::Context;

use super::For;

/// The digests that are accepted; none given, any.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pins(Vec<Sha256>);

impl Pins {
    /// As the inputs have them.
    pub(crate) fn given(ctx: &Context, purpose: For) -> Result<Self> {
        let name = input(purpose);
        let digest = |line: String| {
            let text = line.trim().trim_start_matches("sha256:").to_owned();
            text.parse().with_context(|| format!("input `{name}`: `{line}` is no SHA-256"))
        };
        Ok(Self(ctx.lines(name)?.into_iter().map(digest).collect::<Result<_>>()?))
    }

    /// Refuses whatever is not among them.
    pub(crate) fn hold(&self, purpose: For, found: Sha256) -> Result<()> {
        if self.0.is_empty() || self.0.contains(&found) {
            return Ok(());
        }
        let what = match purpose {
            For::Policy => "the policy, resolved with its parents and keys, is",
            For::Exceptions => "the exceptions file is",
        };
        bail!(
            "{what} {found}, which input `{}` does not name: nothing was decided. If it was meant to change, put that \
             digest there",
            input(purpose)
        )
    }
}

/// Whether it is said what these files have to be.
pub(crate) fn is_given(ctx: &Context, purpose: For) -> Result<bool> {
    Ok(!Pins::given(ctx, purpose)?.0.is_empty())
}

const fn input(purpose: For) -> &'static str {
    match purpose {
        For::Policy => "policy-digest",
        For::Exceptions => "exceptions-digest",
    }
}
