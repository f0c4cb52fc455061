//! Where the tools are kept and what the machine's environment says about getting them.
//!
//! This crate reads no environment: the caller hands it over as a lookup.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::{Error, Mirror, Platform};

/// What Go needs of the environment to find its caches, proxies and certificates. Nothing else gets
/// through: a token has no business in a build.
const FOR_GO: &[&str] = &[
    "HOME",
    "PATH",
    "TMPDIR",
    "LANG",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "GOPATH",
    "GOCACHE",
    "GOMODCACHE",
    "GOPROXY",
    "GONOPROXY",
    "GOPRIVATE",
    "GOSUMDB",
    "GONOSUMDB",
    "GOAUTH",
    "GOINSECURE",
    "GOMAXPROCS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

/// What pip needs of it.
const FOR_PIP: &[&str] = &[
    "HOME",
    "PATH",
    "TMPDIR",
    "LANG",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "PIP_CONFIG_FILE",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_NO_INDEX",
    "PIP_FIND_LINKS",
    "PIP_CERT",
    "PIP_CLIENT_CERT",
    "PIP_PROXY",
    "PIP_TRUSTED_HOST",
    "PYENV_VERSION",
    "PYENV_ROOT",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
];

/// Where the tools are kept, and the environment's part in getting them.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The cache's folder (`tools/` is made in it).
    pub cache: PathBuf,
    /// Where release assets are fetched from instead of their own hosts.
    pub mirror: Option<Mirror>,
    /// What the tools shall run on.
    pub platform: Platform,
    /// PATH.
    pub path: Option<OsString>,
    /// What a Go build gets of the environment.
    pub go_env: Vec<(String, String)>,
    /// What pip gets of it.
    pub pip_env: Vec<(String, String)>,
    /// Bounds.
    pub limits: Limits,
}

/// Bounds on what getting a tool may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of an asset, and of an executable taken out of one.
    pub bytes: u64,
    /// To connect.
    pub connect: Duration,
    /// Without a single byte arriving.
    pub stall: Duration,
    /// For one whole download.
    pub download: Duration,
    /// How often a download is tried.
    pub attempts: u32,
    /// Between the first two tries; doubled after each.
    pub pause: Duration,
    /// For a Go build.
    pub build: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 512 << 20,
            connect: Duration::from_secs(10),
            stall: Duration::from_secs(60),
            download: Duration::from_secs(30 * 60),
            attempts: 3,
            pause: Duration::from_secs(1),
            build: Duration::from_secs(2 * 60 * 60),
        }
    }
}

impl Settings {
    /// Reads HALLMARK_CACHE (else XDG_CACHE_HOME, else HOME), HALLMARK_MIRROR, PATH and what Go needs, from
    /// the environment that `lookup` shows. An empty variable counts as not set.
    ///
    /// # Errors
    /// No cache folder can be named, the mirror is not an address, or no tool is pinned for this platform.
    pub fn from_env(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let get = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let platform = Platform::current()
            .ok_or(Error::Platform { os: std::env::consts::OS, arch: std::env::consts::ARCH })?;
        let folder = |name: &str| get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let cache = folder("HALLMARK_CACHE")
            .or_else(|| folder("XDG_CACHE_HOME").map(|path| path.join("hallmark")))
            .or_else(|| folder("HOME").map(|path| path.join(".cache").join("hallmark")))
            .ok_or(Error::NoCacheFolder)?;
        let some = |names: &[&str]| {
            names.iter().filter_map(|name| Some(((*name).to_owned(), get(name)?))).collect::<Vec<_>>()
        };
        Ok(Self {
            cache,
            mirror: get("HALLMARK_MIRROR").as_deref().map(Mirror::parse).transpose()?,
            platform,
            path: get("PATH").map(OsString::from),
            go_env: some(FOR_GO),
            pip_env: some(FOR_PIP),
            limits: Limits::default(),
        })
    }

    /// Nothing of the machine: an own cache folder, no PATH, no mirror, no Go.
    #[must_use]
    pub fn bare(cache: &Path, platform: Platform) -> Self {
        Self {
            cache: cache.to_owned(),
            mirror: None,
            platform,
            path: None,
            go_env: Vec::new(),
            pip_env: Vec::new(),
            limits: Limits::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache_of(vars: &[(&str, &str)]) -> Result<PathBuf, Error> {
        let lookup =
            |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Settings::from_env(lookup).map(|settings| settings.cache)
    }

    #[test]
    fn the_cache_folder_is_the_first_that_is_set_and_absolute() {
        for (vars, want) in [
            (vec![], None),
            (vec![("HOME", "")], None),
            (vec![("HOME", "relative")], None),
            (vec![("HOME", "/h")], Some("/h/.cache/hallmark")),
            (vec![("HOME", "/h"), ("XDG_CACHE_HOME", "/x")], Some("/x/hallmark")),
            (vec![("HOME", "/h"), ("XDG_CACHE_HOME", "x")], Some("/h/.cache/hallmark")),
            (vec![("HOME", "/h"), ("XDG_CACHE_HOME", "/x"), ("HALLMARK_CACHE", "/c")], Some("/c")),
            (vec![("HOME", "/h"), ("HALLMARK_CACHE", "")], Some("/h/.cache/hallmark")),
        ] {
            assert_eq!(cache_of(&vars).ok(), want.map(PathBuf::from), "{vars:?}");
        }
    }

    #[test]
    fn a_go_build_gets_no_token() {
        let all = |name: &str| Some(format!("/value-of/{name}")).filter(|_| name != "HALLMARK_MIRROR");
        let settings = Settings::from_env(all).unwrap();
        assert!(settings.go_env.iter().any(|(name, _)| name == "GOPROXY"));
        assert!(
            settings.go_env.iter().all(|(name, _)| !name.contains("TOKEN") && !name.contains("HALLMARK"))
        );
        // These would change the bytes that are built.
        for name in ["GOFLAGS", "GOAMD64", "GOEXPERIMENT", "GOTOOLCHAIN", "CGO_ENABLED", "GODEBUG", "GOROOT"]
        {
            assert!(settings.go_env.iter().all(|(key, _)| key != name), "{name}");
        }
    }
}
