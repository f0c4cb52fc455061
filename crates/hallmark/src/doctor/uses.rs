//! What stands behind `uses:`, and whether it is an action of Hallmark's.

use runner::Action;

/// An action, a reusable workflow, or a container, as a workflow names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Uses {
    /// A folder or file of the checkout, `./actions/gate`, or of the workflow's own commit, `$/actions/gate`.
    Local(String),
    /// `docker://image@sha256:…`
    Docker(String),
    /// `owner/name/path@reference`; the path may be empty.
    Remote { repository: String, path: String, reference: String },
    /// None of these: GitHub refuses it.
    Odd(String),
}

/// How a reference names a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pin {
    /// By itself: 40 hexadecimal digits.
    Commit,
    /// By a version's tag, which can be moved.
    Version,
    /// By a branch, another tag, or a part of a commit's name.
    Moving,
}

impl Uses {
    pub(super) fn parse(text: &str) -> Self {
        let text = text.trim();
        if ["./", "../", "$/"].iter().any(|start| text.starts_with(start)) {
            return Self::Local(text.to_owned());
        }
        if let Some(image) = text.strip_prefix("docker://") {
            return Self::Docker(image.to_owned());
        }
        let parsed = || {
            let (action, reference) = text.rsplit_once('@')?;
            let mut parts = action.splitn(3, '/');
            let (owner, name, path) = (parts.next()?, parts.next()?, parts.next().unwrap_or(""));
            let whole = !owner.is_empty() && !name.is_empty() && !reference.is_empty();
            whole.then(|| Self::Remote {
                repository: format!("{owner}/{name}"),
                path: path.trim_end_matches('/').to_owned(),
                reference: reference.to_owned(),
            })
        };
        parsed().unwrap_or_else(|| Self::Odd(text.to_owned()))
    }

    /// Whether it is this action of a well-known repository, whatever its version: `actions/checkout`.
    pub(super) fn is(&self, action: &str) -> bool {
        let Self::Remote { repository, path, .. } = self else { return false };
        let whole = if path.is_empty() { repository.clone() } else { format!("{repository}/{path}") };
        whole.eq_ignore_ascii_case(action)
    }

    /// Whether it comes from Hallmark's repository, or from a copy that kept its name.
    pub(super) fn is_hallmark(&self) -> bool {
        match self {
            Self::Remote { repository, .. } => {
                repository.split_once('/').is_some_and(|(_, name)| name.eq_ignore_ascii_case("hallmark"))
            }
            Self::Local(_) => self.action().is_some(),
            Self::Docker(_) | Self::Odd(_) => false,
        }
    }

    /// The actions of Hallmark's that a workflow of its runs, where it is one.
    pub(super) fn runs(&self) -> &'static [&'static str] {
        let Self::Remote { path, .. } = self else { return &[] };
        if !self.is_hallmark() {
            return &[];
        }
        match path.as_str() {
            ".github/workflows/golden-image.yml" => {
                &["packer-build", "goss-test", "trivy-scan", "gate", "register-ami"]
            }
            ".github/workflows/bake.yml" => &["packer-build"],
            ".github/workflows/assay.yml" => &["goss-test", "trivy-scan", "gate"],
            ".github/workflows/publish.yml" => &["register-ami"],
            _ => &[],
        }
    }

    /// The action of Hallmark's that it is.
    pub(super) fn action(&self) -> Option<&'static Action> {
        let name = match self {
            Self::Remote { path, .. } if self.is_hallmark() => match path.as_str() {
                "" => crate::CHAIN.name,
                path => path.strip_prefix("actions/")?,
            },
            Self::Local(path) => {
                let (folder, name) = path.trim_end_matches('/').rsplit_once('/')?;
                if folder.rsplit('/').next() != Some("actions") {
                    return None;
                }
                name
            }
            Self::Remote { .. } | Self::Docker(_) | Self::Odd(_) => return None,
        };
        actions().find(|action| action.name == name)
    }
}

/// Every program that is an action.
pub(super) fn actions() -> impl Iterator<Item = &'static Action> {
    crate::RANK.iter().copied().chain([crate::CHAIN])
}

/// How a reference names a commit.
pub(super) fn pin(reference: &str) -> Pin {
    let hex = |byte: u8| byte.is_ascii_hexdigit();
    if reference.len() == 40 && reference.bytes().all(hex) {
        return Pin::Commit;
    }
    let version = reference.strip_prefix('v').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit())
            && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte))
    });
    if version { Pin::Version } else { Pin::Moving }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_uses_names() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        for (text, hallmark, action) in [
            (format!("hallmark-images/hallmark/actions/gate@{sha}"), true, Some("gate")),
            (format!("acme/Hallmark/actions/goss-test@{sha}"), true, Some("goss-test")),
            (format!("hallmark-images/hallmark@{sha}"), true, Some("chain")),
            (format!("hallmark-images/hallmark/actions/gates@{sha}"), true, None),
            (format!("hallmark-images/hallmark/.github/workflows/x.yml@{sha}"), true, None),
            ("./actions/gate".to_owned(), true, Some("gate")),
            ("./.hallmark-source/actions/trivy-scan/".to_owned(), true, Some("trivy-scan")),
            ("$/actions/gate".to_owned(), true, Some("gate")),
            ("./my/gate".to_owned(), false, None),
            ("./actions/mine".to_owned(), false, None),
            (format!("actions/checkout@{sha}"), false, None),
            ("docker://alpine:3".to_owned(), false, None),
            ("gate".to_owned(), false, None),
            ("hallmark-images/hallmark/actions/gate".to_owned(), false, None),
            ("@".to_owned(), false, None),
            (String::new(), false, None),
        ] {
            let uses = Uses::parse(&text);
            assert_eq!(uses.is_hallmark(), hallmark, "{text}");
            assert_eq!(uses.action().map(|action| action.name), action, "{text}");
        }
        assert!(Uses::parse("Actions/Checkout@v4").is("actions/checkout"));
        assert!(Uses::parse("github/codeql-action/upload-sarif@v3").is("github/codeql-action/upload-sarif"));
        assert!(!Uses::parse("actions/checkout-more@v4").is("actions/checkout"));
    }

    #[test]
    fn how_a_reference_names_a_commit() {
        for (reference, expected) in [
            ("0123456789abcdef0123456789abcdef01234567", Pin::Commit),
            ("0123456789ABCDEF0123456789ABCDEF01234567", Pin::Commit),
            ("0123456", Pin::Moving),
            ("g123456789abcdef0123456789abcdef01234567", Pin::Moving),
            ("v1", Pin::Version),
            ("v1.2.3-rc.1", Pin::Version),
            ("1.2.3", Pin::Moving),
            ("vNext", Pin::Moving),
            ("main", Pin::Moving),
            ("v1/x", Pin::Moving),
        ] {
            assert_eq!(pin(reference), expected, "{reference}");
        }
    }
}
