//! Exceptions that cover more than somebody can have looked at.

use model::Class;

use super::Exception;

/// How much too much an exception covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Breadth {
    /// One vulnerability, wherever it is found.
    EveryPackage,
    /// One secret, licence or check, wherever it is found.
    EveryFile,
    /// A package, whatever is ever found in it, in whichever version.
    EveryFinding,
    /// Every package of a namespace.
    Namespace,
}

impl Breadth {
    /// What such an exception does.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EveryPackage => "covers every package in every image",
            Self::EveryFile => "covers every file in every image",
            Self::EveryFinding => "covers whatever is ever found there, in every version",
            Self::Namespace => "covers every package of a namespace",
        }
    }
}

/// Hosts of modules whose names go on with an owner and a repository.
const FORGES: [&str; 3] = ["github.com", "gitlab.com", "bitbucket.org"];

impl Exception {
    /// How it covers too much; in no way, mostly.
    #[must_use]
    pub fn breadth(&self) -> Vec<Breadth> {
        let mut found = Vec::new();
        let anywhere = self.package.is_none() && self.purl.is_none() && self.paths.is_none();
        if anywhere && self.images.is_empty() {
            let in_packages = matches!(self.class, Class::Vulnerability | Class::License);
            found.push(if in_packages { Breadth::EveryPackage } else { Breadth::EveryFile });
        }
        let every_version =
            self.version.is_none() && self.versions.as_ref().is_none_or(versions::Range::is_everything);
        if self.id.is_none() && self.paths.is_none() && every_version {
            found.push(Breadth::EveryFinding);
        }
        if self.purl.as_deref().is_some_and(is_namespace) {
            found.push(Breadth::Namespace);
        }
        found
    }

    /// Whether it covers too much in any way.
    #[must_use]
    pub fn is_broad(&self) -> bool {
        !self.breadth().is_empty()
    }
}

/// Whether a purl ends before the package's name, as far as the ecosystem's names tell.
fn is_namespace(purl: &str) -> bool {
    let Some(rest) = purl.strip_prefix("pkg:") else { return false };
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let mut parts = rest[..end].split('/');
    let kind = parts.next().unwrap_or_default();
    let names: Vec<&str> = parts.collect();
    match (kind, names.as_slice()) {
        ("maven", [group]) => !group.contains('@'),
        ("npm", [scope]) => scope.starts_with("%40") && !scope["%40".len()..].contains('@'),
        ("golang", [host]) => host.contains('.') && !host.contains('@'),
        ("golang", [host, owner]) => FORGES.contains(host) && !owner.contains('@'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_namespace;

    #[test]
    fn namespaces() {
        for (purl, is) in [
            ("pkg:deb/debian/openssl", false),
            ("pkg:maven/org.apache", true),
            ("pkg:maven/org.apache/commons", false),
            ("pkg:maven/name@1", false),
            ("pkg:npm/%40scope", true),
            ("pkg:npm/%40scope/name", false),
            ("pkg:npm/lodash", false),
            ("pkg:golang/github.com", true),
            ("pkg:golang/github.com/owner", true),
            ("pkg:golang/github.com/owner/name", false),
            ("pkg:golang/k8s.io/api", false),
            ("pkg:golang/stdlib", false),
            ("pkg:pypi/requests", false),
            ("", false),
        ] {
            assert_eq!(is_namespace(purl), is, "{purl}");
        }
    }
}
