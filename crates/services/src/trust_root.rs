//! The trusted root of a Sigstore instance: built in, a file's, or the newest one through TUF where that is allowed.
//! What it says is read elsewhere: here are its bytes.

use anyhow::{Context as _, Result, bail, ensure};
use runner::Context;
use sigstore_trust_root::SigstoreInstance;
use sigstore_tuf::{HttpRepository, Updater};

use crate::background::Background;
use crate::inputs::{REFRESH_TRUSTED_ROOT, TRUSTED_ROOT, TUF_MIRROR};
use crate::{files, http};

/// The longest trusted root that is read.
const MAX_ROOT: u64 = 4 << 20;

/// What the file is called in every instance's repository.
const TARGET: &str = "trusted_root.json";

/// An instance whose root is built in.
struct Instance {
    /// As `trusted-root` names it.
    name: &'static str,
    instance: SigstoreInstance,
    /// Its TUF repository, and where trust in that begins: the repository's own root, signed by its keepers. (They lie here
    /// because the crate that has them too brings a library under another licence along.)
    repository: &'static str,
    root: &'static [u8],
}

static INSTANCES: [Instance; 2] = [
    Instance {
        name: "public-good",
        instance: SigstoreInstance::PublicGood,
        repository: "https://tuf-repo-cdn.sigstore.dev",
        root: include_bytes!("../tuf/public-good.root.json"),
    },
    Instance {
        name: "github",
        instance: SigstoreInstance::GitHub,
        repository: "https://tuf-repo.github.com",
        root: include_bytes!("../tuf/github.root.json"),
    },
];

/// A trusted root as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustRootFile {
    /// As people know it: an instance's name, or a file's path as it was given.
    pub name: String,
    /// Its JSON.
    pub bytes: Vec<u8>,
    /// Whether it was fetched just now.
    pub fresh: bool,
}

/// The trusted root that the inputs ask for. Nothing is fetched unless `refresh-trusted-root` says so, and never
/// when `offline`.
///
/// # Errors
/// There is no such file, the inputs contradict each other, or what was fetched does not verify.
pub fn trust_root(ctx: &Context, offline: bool) -> Result<TrustRootFile> {
    let name = ctx.text(TRUSTED_ROOT.name)?;
    let refresh = ctx.flag(REFRESH_TRUSTED_ROOT.name)?;
    let mirror = ctx.opt_text(TUF_MIRROR.name)?;
    let instance = INSTANCES.iter().find(|instance| instance.name == name);
    ensure!(
        refresh || mirror.is_none(),
        "input `tuf-mirror` says where to fetch the trusted root, and `refresh-trusted-root` does not allow it"
    );
    ensure!(
        !(refresh && offline),
        "input `refresh-trusted-root` asks for a connection, and `offline` forbids all of them"
    );
    match (instance, refresh) {
        (Some(instance), false) => Ok(TrustRootFile {
            name,
            bytes: instance.instance.embedded_trusted_root_json().as_bytes().to_vec(),
            fresh: false,
        }),
        (Some(instance), true) => {
            let url = mirror.as_deref().unwrap_or(instance.repository);
            let bytes = fetch(url, instance.root, ctx.now())
                .with_context(|| format!("the trusted root {name} cannot be refreshed"))?;
            Ok(TrustRootFile { name, bytes, fresh: true })
        }
        (None, true) => bail!(
            "input `refresh-trusted-root`: only public-good and github are fetched, and `trusted-root` is a file"
        ),
        (None, false) => {
            let bytes = files::read(&ctx.cwd().join(&name), MAX_ROOT).context("input `trusted-root`")?;
            Ok(TrustRootFile { name, bytes, fresh: false })
        }
    }
}

/// Everything on the way is verified from the TUF root that is built in, so a mirror can withhold, and not lie.
fn fetch(url: &str, root: &[u8], now: jiff::Timestamp) -> Result<Vec<u8>> {
    let url = http::private_url(url).context("the TUF repository")?;
    let client = http::client()?;
    let root = root.to_vec();
    let fetched = async move {
        let said = |error: sigstore_tuf::Error| anyhow::anyhow!("{}", http::chain(&error));
        let repository = HttpRepository::new(url.as_str()).map_err(said)?.with_http_client(client);
        let mut updater = Updater::new(repository, &root).map_err(said)?;
        updater.refresh(now).await.map_err(said)?;
        updater.get_target(TARGET, now).await.map_err(said)
    };
    let background = Background::new().context("the client of TUF cannot be started")?;
    let bytes = background.run(fetched).context("the client ended")??;
    ensure!(bytes.len() as u64 <= MAX_ROOT, "it is longer than the {MAX_ROOT} bytes that are read");
    Ok(bytes)
}

#[cfg(test)]
mod tests;
