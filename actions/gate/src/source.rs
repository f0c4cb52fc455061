//! Where policy and exceptions come from.
//!
//! Off a runner they are files. On a runner the workspace is what is being built, and whoever wrote
//! that could have changed them: there a file of the workspace is read by GitHub's API from a protected
//! branch instead, unless the workflow says what it has to be. Files outside of the workspace, and what
//! the executable itself carries, are nobody's pull request.

mod pin;
mod place;
pub(crate) mod remote;

use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use attest::predicate::verdict::{Origin, Source, Sources};
use model::Sha256;
use runner::Context;

pub(crate) use pin::Pins;
use place::Place;
use remote::Remote;

use crate::disk;

/// The longest policy, exceptions file, module or key.
const MAX: u64 = 4 << 20;

/// What a file is for, and therefore by which input it can be pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// The policy, what it extends, its module, its signers' keys and trusted roots.
    Policy,
    /// The exceptions.
    Exceptions,
}

/// Reads such files, and remembers where each came from.
#[derive(Default)]
pub(crate) struct Reader {
    sources: Sources,
    remote: Option<Remote>,
}

impl Reader {
    pub(crate) fn new(ctx: &Context) -> Result<Self> {
        if !ctx.github().on_runner {
            for name in ["policy-ref", "policy-repository"] {
                ensure!(
                    ctx.opt_text(name)?.is_none(),
                    "input `{name}` is for runners: elsewhere the policy is the file that `policy` names"
                );
            }
        }
        Ok(Self::default())
    }

    /// Everything that was read so far.
    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// A policy or a trusted root that the executable carries.
    pub(crate) fn shipped(&mut self, name: &str, bytes: &[u8]) {
        let source = Source { from: Origin::Shipped, ..source(name.to_owned(), bytes) };
        self.keep(For::Policy, source);
    }

    /// A file as text. `what` names it in an error.
    pub(crate) async fn text(
        &mut self,
        ctx: &Context,
        purpose: For,
        path: &Path,
        what: &str,
    ) -> Result<String> {
        let (bytes, source) = self.read(ctx, purpose, path).await.with_context(|| what.to_owned())?;
        let text = String::from_utf8(bytes).map_err(|_| anyhow!("{what}: {} is not UTF-8", source.name))?;
        self.keep(purpose, source);
        Ok(text)
    }

    async fn read(&mut self, ctx: &Context, purpose: For, path: &Path) -> Result<(Vec<u8>, Source)> {
        if !ctx.github().on_runner {
            return from_disk(ctx, path, path);
        }
        let workspace = ctx.github().workspace.as_deref().context(
            "GITHUB_WORKSPACE is not set, though this is a runner: what lies in the checkout cannot be told from the rest",
        )?;
        match place::of(path, workspace)? {
            Place::Outside(real) => from_disk(ctx, path, &real),
            Place::Checkout(_) if pin::is_given(ctx, purpose)? && !remote::is_wanted(ctx)? => {
                from_disk(ctx, path, path)
            }
            Place::Checkout(inside) => {
                if ctx.secret("token")?.is_none() {
                    bail!(way_out(purpose, &inside));
                }
                let remote = match self.remote.take() {
                    Some(remote) => remote,
                    None => Remote::open(ctx).await?,
                };
                let read = remote.read(&inside).await;
                self.remote = Some(remote);
                read
            }
        }
    }

    fn keep(&mut self, purpose: For, source: Source) {
        let sources = match purpose {
            For::Policy => &mut self.sources.policy,
            For::Exceptions => &mut self.sources.exceptions,
        };
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
}

/// A path as people know it: relative to where they are.
pub(crate) fn shown(ctx: &Context, path: &Path) -> String {
    path.strip_prefix(ctx.cwd()).unwrap_or(path).display().to_string()
}

fn from_disk(ctx: &Context, path: &Path, real: &Path) -> Result<(Vec<u8>, Source)> {
    let bytes = disk::read(real, MAX)?;
    let source = source(shown(ctx, path), &bytes);
    Ok((bytes, source))
}

fn source(name: String, bytes: &[u8]) -> Source {
    Source {
        name,
        sha256: Sha256::of(bytes),
        from: Origin::File,
        repository: None,
        branch: None,
        commit: None,
    }
}

/// What somebody has to do whose file lies in the checkout.
fn way_out(purpose: For, path: &str) -> String {
    let (pin, other) = match purpose {
        For::Policy => (
            "policy-digest",
            "give a policy that ships (minimal, recommended or strict) or one that lies outside of the workspace",
        ),
        For::Exceptions => ("exceptions-digest", "give a file that lies outside of the workspace"),
    };
    format!(
        "`{path}` is in the checkout, and on a runner it is not taken from there: whoever wrote what is built could have \
         changed it. Either give `token: ${{{{ github.token }}}}` (the job needs `contents: read`), and it is read from the \
         repository's protected branch; or say by `{pin}` what it has to be; or {other}"
    )
}
