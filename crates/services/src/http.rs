//! The client of everything but AWS: time limits, no redirects (each request carries a credential, or is meant for one
//! service only), TLS by AWS-LC.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use sigstore_sign::reqwest::{Client, redirect};
use url::{Host, Url};

const CONNECT: Duration = Duration::from_secs(5);
const REQUEST: Duration = Duration::from_secs(30);

pub(crate) fn client() -> Result<Client> {
    // A second one is refused: the process has one already, and every crate here that sets one sets AWS-LC.
    rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
    Client::builder()
        .connect_timeout(CONNECT)
        .timeout(REQUEST)
        .redirect(redirect::Policy::none())
        .user_agent(concat!("hallmark/", env!("CARGO_PKG_VERSION")))
        .build()
        .context("the HTTP client cannot be made")
}

/// A URL that a credential may be sent to: TLS, or this machine itself.
pub(crate) fn private_url(text: &str) -> Result<Url> {
    let url = Url::parse(text).with_context(|| format!("{text:?} is no URL"))?;
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => bail!("{text:?} names no host"),
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if loopback => Ok(url),
        _ => bail!("{text:?} is not https: what is sent there could be read on the way"),
    }
}

/// An error with its causes, on one line, of bearable length: services put their answers into it.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    chain_without(error, "")
}

/// The same without a secret that a service's answer may repeat: taken out before it is cut, or its beginning would stay.
pub(crate) fn chain_without(error: &(dyn std::error::Error + 'static), secret: &str) -> String {
    const LONGEST: usize = 800;
    let mut parts = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !parts.last().is_some_and(|last| last.ends_with(&text)) {
            parts.push(text);
        }
        cause = error.source();
    }
    let mut text = parts.join(": ");
    if !secret.is_empty() {
        text = text.replace(secret, "***");
    }
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::private_url;

    #[test]
    fn a_credential_goes_over_tls_or_stays_on_the_machine() {
        for (text, good) in [
            ("https://fulcio.sigstore.dev", true),
            ("http://127.0.0.1:1", true),
            ("http://[::1]:1/x", true),
            ("http://localhost:1", true),
            ("http://localhost.example.com", false),
            ("http://fulcio.example.com", false),
            ("ftp://localhost", false),
            ("fulcio.sigstore.dev", false),
            ("", false),
        ] {
            assert_eq!(private_url(text).is_ok(), good, "{text}");
        }
    }
}
