//! The page that shows the alerts of a ref.

use url::Url;
use url::form_urlencoded::Serializer;

use crate::Repository;

/// The open alerts of a pull request, a branch or a tag, on GitHub's own pages: `server` is `https://github.com`, or an
/// Enterprise Server's. Empty where that is no address.
#[must_use]
pub fn alerts_page(server: &str, repository: &Repository, reference: &str) -> String {
    let Ok(server) = Url::parse(server) else { return String::new() };
    let of = match reference.strip_prefix("refs/").and_then(|rest| rest.split_once('/')) {
        Some(("pull", rest)) => format!("pr:{}", rest.split('/').next().unwrap_or_default()),
        Some(("heads", name)) => format!("branch:{name}"),
        _ => format!("ref:{reference}"),
    };
    let query = Serializer::new(String::new()).append_pair("query", &format!("is:open {of}")).finish();
    format!("{}/{repository}/security/code-scanning?{query}", server.as_str().trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_ref_has_its_page() {
        let repository: Repository = "acme/images".parse().unwrap();
        for (server, reference, page) in [
            (
                "https://github.com",
                "refs/heads/main",
                "https://github.com/acme/images/security/code-scanning?query=is%3Aopen+branch%3Amain",
            ),
            (
                "https://ghes.example/",
                "refs/pull/7/merge",
                "https://ghes.example/acme/images/security/code-scanning?query=is%3Aopen+pr%3A7",
            ),
            (
                "https://github.com",
                "refs/heads/a/b&c#d",
                "https://github.com/acme/images/security/code-scanning?query=is%3Aopen+branch%3Aa%2Fb%26c%23d",
            ),
            (
                "https://github.com",
                "refs/tags/v1",
                "https://github.com/acme/images/security/code-scanning?query=is%3Aopen+ref%3Arefs%2Ftags%2Fv1",
            ),
            ("", "refs/heads/main", ""),
        ] {
            assert_eq!(alerts_page(server, &repository, reference), page);
        }
    }
}
