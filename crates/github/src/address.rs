//! Where the API is: GitHub's own, or that of an enterprise.

use std::fmt;

use url::{Host, Url};

/// The API's address, checked: HTTPS, or plain HTTP on this very machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUrl(Url);

/// Not an address that a token may be sent to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {what}")]
pub struct BadApiUrl {
    text: String,
    what: &'static str,
}

impl ApiUrl {
    /// Takes an address as GITHUB_API_URL has it: `https://api.github.com`, or
    /// `https://ghes.example/api/v3`.
    ///
    /// # Errors
    /// No address, not HTTPS, or with a user, a query or a fragment in it.
    pub fn parse(text: &str) -> Result<Self, BadApiUrl> {
        let bad = |what| BadApiUrl { text: text.chars().take(200).collect(), what };
        let mut url = Url::parse(text).map_err(|_| bad("is no address: https://HOST/api/v3 is wanted"))?;
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => return Err(bad("names no host")),
        };
        if url.scheme() != "https" && !(url.scheme() == "http" && here) {
            return Err(bad("is not HTTPS: a token is not sent over it"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(bad("has a user in it: the token is given by itself"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("has a query or a fragment: only the address is wanted"));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self(url))
    }

    /// The API that belongs to a host of repositories: `github.com`, `acme.ghe.com`, or a GitHub
    /// Enterprise Server.
    ///
    /// # Errors
    /// As [`ApiUrl::parse`].
    pub fn of_host(host: &str) -> Result<Self, BadApiUrl> {
        match host {
            "github.com" | "www.github.com" | "ssh.github.com" => Self::parse("https://api.github.com"),
            _ if host.ends_with(".ghe.com") => Self::parse(&format!("https://api.{host}")),
            _ => Self::parse(&format!("https://{host}/api/v3")),
        }
    }

    /// Whether GitHub itself runs it: github.com, or an enterprise's part of it (`*.ghe.com`).
    #[must_use]
    pub fn is_hosted_by_github(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        self.0.scheme() == "https" && (host == "api.github.com" || host.ends_with(".ghe.com"))
    }

    /// The server of repositories that it belongs to: `https://github.com`, or that of an enterprise. What
    /// [`ApiUrl::of_host`] does, the other way round.
    #[must_use]
    pub fn server(&self) -> String {
        let mut url = self.0.clone();
        url.set_path("");
        let host = url.host_str().and_then(|host| host.strip_prefix("api.")).map(str::to_owned);
        // A host has to stay one, so that this cannot fail; and if it did, the address would be the API's.
        if let Some(host) = host.filter(|_| self.is_hosted_by_github())
            && url.set_host(Some(&host)).is_err()
        {
            return self.to_string();
        }
        url.as_str().trim_end_matches('/').to_owned()
    }

    /// Whether a redirect has to stay on TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The address of a path below it; the path begins with a slash.
    pub(crate) fn join(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Display for ApiUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_address_and_what_is_below_it() {
        for (text, joined) in [
            ("https://api.github.com", "https://api.github.com/repos/a/b"),
            ("https://api.github.com/", "https://api.github.com/repos/a/b"),
            ("https://ghes.example/api/v3", "https://ghes.example/api/v3/repos/a/b"),
            ("https://ghes.example:8443/api/v3/", "https://ghes.example:8443/api/v3/repos/a/b"),
            ("http://127.0.0.1:4010", "http://127.0.0.1:4010/repos/a/b"),
            ("http://[::1]:4010", "http://[::1]:4010/repos/a/b"),
            ("http://localhost:4010", "http://localhost:4010/repos/a/b"),
        ] {
            assert_eq!(ApiUrl::parse(text).unwrap().join("/repos/a/b"), joined, "{text}");
        }
    }

    #[test]
    fn a_token_is_sent_nowhere_else() {
        for (text, part) in [
            ("", "no address"),
            ("api.github.com", "no address"),
            ("file:///etc/passwd", "no host"),
            ("http://api.github.com", "not HTTPS"),
            ("http://localhost.evil.example", "not HTTPS"),
            ("http://127.0.0.1.evil.example", "not HTTPS"),
            ("ftp://api.github.com", "not HTTPS"),
            ("https://me:secret@api.github.com", "a user in it"),
            ("https://api.github.com/?x=1", "a query"),
            ("https://api.github.com/#x", "a fragment"),
        ] {
            let error = ApiUrl::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn the_api_of_a_host() {
        for (host, url, hosted) in [
            ("github.com", "https://api.github.com", true),
            ("acme.ghe.com", "https://api.acme.ghe.com", true),
            ("ghes.example", "https://ghes.example/api/v3", false),
            ("evilghe.com", "https://evilghe.com/api/v3", false),
        ] {
            let api = ApiUrl::of_host(host).unwrap();
            assert_eq!((api.to_string().as_str(), api.is_hosted_by_github()), (url, hosted));
            assert_eq!(api.server(), format!("https://{host}"));
        }
    }
}
