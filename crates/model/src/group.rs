//! Findings of several scanners about the same thing, linked and never merged.

use std::collections::BTreeMap;

use crate::{Class, Finding};

/// Findings about one vulnerability of one package at one place (or one rule at one place), by whomever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they call it: every id and alias, sorted.
    pub ids: Vec<String>,
    /// The findings, as places in the list that was grouped, in its order.
    pub members: Vec<usize>,
}

/// Groups findings. Two belong together if they are of one class, are in the same package (its purl without version, or
/// its name) at the same path, and share an id or alias, or both share one with a third. Nothing is changed, and what
/// belongs to nothing is a group of its own; groups come in the order of their first members.
#[must_use]
pub fn group(findings: &[Finding]) -> Vec<Group> {
    let mut parents: Vec<usize> = (0..findings.len()).collect();
    let mut first: BTreeMap<(Class, &str, &str, String), usize> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        let package = finding.package.identity();
        let path = finding.package.path.as_deref().unwrap_or_default();
        for id in ids(finding) {
            let known = *first.entry((finding.class, package, path, id.to_ascii_uppercase())).or_insert(at);
            let (one, other) = (root(&mut parents, known), root(&mut parents, at));
            let (least, greatest) = (one.min(other), one.max(other));
            if let Some(parent) = parents.get_mut(greatest) {
                *parent = least;
            }
        }
    }
    let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        let group =
            groups.entry(root(&mut parents, at)).or_insert_with(|| Group { ids: vec![], members: vec![] });
        group.members.push(at);
        group.ids.extend(ids(finding).map(str::to_owned));
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    for group in &mut groups {
        group.ids.sort_unstable();
        group.ids.dedup();
    }
    groups
}

fn ids(finding: &Finding) -> impl Iterator<Item = &str> {
    std::iter::once(&finding.id).chain(&finding.aliases).map(String::as_str)
}

fn root(parents: &mut [usize], of: usize) -> usize {
    let mut at = of;
    while let Some(&parent) = parents.get(at)
        && parent != at
    {
        // Every other step is taken out of the way, so that chains stay short.
        let above = parents.get(parent).copied().unwrap_or(parent);
        if let Some(slot) = parents.get_mut(at) {
            *slot = above;
        }
        at = above;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Package;

    fn finding(id: &str, aliases: &[&str], purl: &str, path: Option<&str>, scanner: &str) -> Finding {
        Finding {
            aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
            package: Package {
                name: "p".into(),
                purl: Some(purl.into()),
                path: path.map(str::to_owned),
                ..Package::default()
            },
            ..Finding::new(Class::Vulnerability, id, scanner)
        }
    }

    fn members(findings: &[Finding]) -> Vec<Vec<usize>> {
        group(findings).into_iter().map(|group| group.members).collect()
    }

    #[test]
    fn what_belongs_together() {
        let p = "pkg:npm/p@1";
        let newer = "pkg:npm/p@2?arch=amd64";
        let q = "pkg:npm/q@1";
        let trivy = finding("CVE-1", &[], p, None, "trivy");
        let grype = finding("GHSA-1", &["cve-1"], newer, None, "grype");
        for (findings, wanted) in [
            (vec![], vec![]),
            (vec![trivy.clone()], vec![vec![0]]),
            (vec![trivy.clone(), trivy.clone()], vec![vec![0, 1]]),
            (vec![trivy.clone(), grype.clone()], vec![vec![0, 1]]),
            (vec![trivy.clone(), finding("CVE-2", &[], p, None, "grype")], vec![vec![0], vec![1]]),
            (vec![trivy.clone(), finding("CVE-1", &[], q, None, "grype")], vec![vec![0], vec![1]]),
            (vec![trivy.clone(), finding("CVE-1", &[], p, Some("/a"), "grype")], vec![vec![0], vec![1]]),
            (vec![trivy.clone(), Finding { class: Class::Secret, ..trivy.clone() }], vec![vec![0], vec![1]]),
            // By a third one.
            (vec![trivy.clone(), finding("X-9", &["GHSA-1"], p, None, "a"), grype], vec![vec![0, 1, 2]]),
        ] {
            assert_eq!(members(&findings), wanted, "{findings:?}");
        }
    }

    #[test]
    fn the_order_changes_nothing_but_the_places() {
        let findings: Vec<Finding> = (0..6)
            .map(|n| finding(&format!("A-{n}"), &[&format!("A-{}", (n + 2) % 6)], "pkg:npm/p", None, "s"))
            .collect();
        let ids = |findings: &[Finding]| {
            let mut ids: Vec<_> = group(findings).into_iter().map(|group| group.ids).collect();
            ids.sort();
            ids
        };
        let mut turned = findings.clone();
        turned.reverse();
        assert_eq!(ids(&findings), ids(&turned));
        assert_eq!(ids(&findings), [vec!["A-0", "A-2", "A-4"], vec!["A-1", "A-3", "A-5"]]);
    }
}
