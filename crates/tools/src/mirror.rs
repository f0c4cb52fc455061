//! HALLMARK_MIRROR: release assets from a place of one's own, for machines without the internet.
//!
//! `https://github.com/a/b.zip` is looked for at `<mirror>/github.com/a/b.zip`. What arrives is checked by
//! its SHA-256 as ever, so a mirror needs no trust, and plain http or a folder (`file:///media/tools`) will do.

use std::fmt;
use std::path::PathBuf;

use url::Url;

use crate::Error;

/// A mirror of release addresses.
#[derive(Clone, PartialEq, Eq)]
pub struct Mirror(Url);

/// Where an asset is fetched from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// A web server.
    Web(Url),
    /// A file.
    File(PathBuf),
}

impl Mirror {
    /// Reads an `https`, `http` or `file` address.
    ///
    /// # Errors
    /// Anything else, or an address with a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let url = Url::parse(text).map_err(|e| Error::Mirror {
            // Not an address, so nobody knows where a password would be in it: it is not repeated.
            value: "…".to_owned(),
            problem: format!("{e}; wanted is an address such as https://mirror.example/hallmark"),
        })?;
        let refuse = |problem: &str| Error::Mirror { value: shown(&url), problem: problem.to_owned() };
        let host = url.host_str().is_some_and(|host| !host.is_empty());
        match url.scheme() {
            "https" | "http" if host => {}
            "https" | "http" => return Err(refuse("it has no host")),
            "file" if host => return Err(refuse("a file address has no host: file:///folder")),
            "file" => {}
            _ => return Err(refuse("only https, http and file addresses serve")),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("a query or a fragment has no place in it"));
        }
        Ok(Self(url))
    }

    /// Where the mirror has this asset.
    pub(crate) fn place(&self, asset: &Url) -> Place {
        let mut url = self.0.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}/{}{}", asset.host_str().unwrap_or_default(), asset.path()));
        match url.to_file_path() {
            Ok(path) if url.scheme() == "file" => Place::File(path),
            _ => Place::Web(url),
        }
    }
}

impl Place {
    /// For messages: without a password.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Web(url) => shown(url),
            Self::File(path) => path.display().to_string(),
        }
    }
}

/// An address without its user and password.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail for `user:password@host`, which reads as an address of the scheme `user`.
    match (url.set_password(None), url.set_username("")) {
        (Ok(()), Ok(())) => url.to_string(),
        _ if url.scheme() == "file" => url.to_string(),
        _ => "…".to_owned(),
    }
}

impl fmt::Debug for Mirror {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mirror({})", shown(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_original_host_becomes_the_first_folder() {
        let asset = Url::parse("https://github.com/a/b/releases/download/v1.2.3/b.zip").unwrap();
        for (mirror, want) in [
            ("https://m.example", "https://m.example/github.com/a/b/releases/download/v1.2.3/b.zip"),
            ("https://m.example/", "https://m.example/github.com/a/b/releases/download/v1.2.3/b.zip"),
            (
                "http://m.example:81/x/y/",
                "http://m.example:81/x/y/github.com/a/b/releases/download/v1.2.3/b.zip",
            ),
            ("file:///media/t", "/media/t/github.com/a/b/releases/download/v1.2.3/b.zip"),
        ] {
            assert_eq!(Mirror::parse(mirror).unwrap().place(&asset).shown(), want);
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let mirror = Mirror::parse("https://bob:hunter2@m.example/x").unwrap();
        let asset = Url::parse("https://github.com/a.zip").unwrap();
        assert_eq!(mirror.place(&asset).shown(), "https://m.example/x/github.com/a.zip");
        assert!(!format!("{mirror:?}").contains("hunter2"));
        for bad in
            ["https://bob:hunter2@m.example/?q", "ftp://bob:hunter2@m.example/", "bob:hunter2@m.example"]
        {
            assert!(!Mirror::parse(bad).unwrap_err().to_string().contains("hunter2"), "{bad}");
        }
    }

    #[test]
    fn what_is_no_mirror_is_refused() {
        for bad in [
            "",
            "m.example",
            "ftp://m.example",
            "https://",
            "https://m/?a=b",
            "https://m/#f",
            "file://host/x",
        ] {
            assert!(matches!(Mirror::parse(bad), Err(Error::Mirror { .. })), "{bad}");
        }
    }
}
