//! Releases that must never run, whatever a lock says.
//!
//! A lock is edited by people and by update bots; both would take a malicious release for an update.

/// One tool's forbidden releases. The tool is recognised by name, module or download address.
struct Forbidden {
    name: &'static str,
    source: &'static str,
    versions: &'static [&'static str],
    why: &'static str,
}

const FORBIDDEN: &[Forbidden] = &[Forbidden {
    name: "trivy",
    source: "github.com/aquasecurity/trivy",
    versions: &["0.69.4", "0.69.5", "0.69.6"],
    why: "published by an attacker (CVE-2026-33634); 0.69.3 is the last good one before them",
}];

/// Why this release must not be used, or `None`. `sources` are the module path and the addresses.
pub(crate) fn reason<'a>(
    name: &str,
    version: &str,
    sources: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let sources: Vec<&str> = sources.into_iter().collect();
    FORBIDDEN.iter().find_map(|entry| {
        let recognised = name == entry.name || sources.iter().any(|s| s.contains(entry.source));
        let version = entry.versions.iter().find(|bad| {
            version.trim_start_matches('v') == **bad || sources.iter().any(|s| names_version(s, bad))
        })?;
        recognised.then(|| format!("{} {version} is never used: {}", entry.name, entry.why))
    })
}

/// Whether an address names the version: `v0.69.4/`, `trivy_0.69.4_Linux`, but not `0.69.40`.
fn names_version(address: &str, version: &str) -> bool {
    address.match_indices(version).any(|(at, _)| {
        let before = address[..at].chars().next_back();
        let after = address[at + version.len()..].chars().next();
        let part_of_number = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit() || c == '.');
        !part_of_number(before) && !after.is_some_and(|c| c.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_name_a_malicious_release_is_refused() {
        let module = "github.com/aquasecurity/trivy";
        let url = "https://github.com/aquasecurity/trivy/releases/download/v0.69.5/trivy_0.69.5_Linux.tar.gz";
        for (name, version, sources, refused) in [
            ("trivy", "0.69.3", vec![module], false),
            ("trivy", "0.69.4", vec![], true),
            ("trivy", "0.69.5", vec![], true),
            ("trivy", "0.69.6", vec![], true),
            ("trivy", "v0.69.4", vec![], true),
            ("trivy", "0.69.40", vec![], false),
            ("trivy", "0.70.0", vec![module], false),
            ("scanner", "0.69.4", vec![module], true),
            ("scanner", "0.69.3", vec![url], true),
            ("trivy", "0.69.3", vec![url], true),
            ("goss", "0.69.4", vec!["github.com/goss-org/goss"], false),
            ("trivy", "0.70.0", vec!["https://github.com/aquasecurity/trivy/v0.69.41/"], false),
            ("trivy", "0.70.0", vec!["https://github.com/aquasecurity/trivy/10.69.4/"], false),
        ] {
            assert_eq!(
                reason(name, version, sources.clone()).is_some(),
                refused,
                "{name} {version} {sources:?}"
            );
        }
    }
}
