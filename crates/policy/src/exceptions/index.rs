//! Which exceptions may be about a finding, without asking each: a scan has a hundred thousand findings, and a
//! file a thousand exceptions.

use std::collections::{BTreeMap, HashMap};

use globset::GlobSet;
use model::{Class, Finding};

use super::matching::beginnings;
use super::paths::{from_root, glob, set};
use super::{Exception, Exceptions};

/// Exceptions by what they name: first the id, then the package or the beginning of its purl.
#[derive(Debug, Default)]
pub(crate) struct Index {
    by_id: HashMap<String, Names>,
    any_id: Names,
    by_path: BTreeMap<Class, ByPath>,
}

/// Exceptions by the package that they name.
#[derive(Debug, Default)]
struct Names {
    none: Vec<usize>,
    package: HashMap<String, Vec<usize>>,
    purl: HashMap<String, Vec<usize>>,
    longest_purl: usize,
}

/// Exceptions that name nothing but paths: one set of all their globs, and whose each is.
#[derive(Debug, Default)]
struct ByPath {
    set: GlobSet,
    whose: Vec<usize>,
}

impl Names {
    fn add(&mut self, at: usize, exception: &Exception) {
        if let Some(package) = &exception.package {
            self.package.entry(package.clone()).or_default().push(at);
        } else if let Some(purl) = &exception.purl {
            self.longest_purl = self.longest_purl.max(purl.len());
            self.purl.entry(purl.clone()).or_default().push(at);
        } else {
            self.none.push(at);
        }
    }

    fn find(&self, finding: &Finding, found: &mut Vec<usize>) {
        found.extend(&self.none);
        let package = &finding.package;
        if !self.package.is_empty() {
            let names = std::iter::once(&package.name).chain(&package.source);
            found.extend(names.filter_map(|name| self.package.get(name)).flatten());
        }
        if let Some(purl) = &package.purl
            && !self.purl.is_empty()
        {
            let beginnings = beginnings(purl, self.longest_purl);
            found.extend(beginnings.filter_map(|beginning| self.purl.get(beginning)).flatten());
        }
    }
}

impl Index {
    pub(super) fn new(exceptions: &Exceptions) -> Self {
        let mut index = Self::default();
        let mut paths: BTreeMap<Class, (Vec<globset::Glob>, Vec<usize>)> = BTreeMap::new();
        for (at, exception) in exceptions.list().iter().enumerate() {
            let only_paths = exception.paths.as_ref().filter(|_| exception.names_nothing());
            if let Some(only) = only_paths {
                let (globs, whose) = paths.entry(exception.class).or_default();
                // Every one of them was built once already when the file was checked.
                for one in only.patterns().iter().filter_map(|pattern| glob(pattern).ok()) {
                    globs.push(one);
                    whose.push(at);
                }
            } else if exception.id.is_none() {
                index.any_id.add(at, exception);
            }
            for id in exception.ids() {
                index.by_id.entry(id.to_ascii_uppercase()).or_default().add(at, exception);
            }
        }
        for (class, (globs, whose)) in paths {
            match set(&globs) {
                Ok(set) => {
                    index.by_path.insert(class, ByPath { set, whose });
                }
                // Too many at once for one machine: each is asked by itself.
                Err(_) => index.any_id.none.extend(whose),
            }
        }
        index
    }

    /// Every exception that may match, each once, in the file's order.
    pub(crate) fn candidates(&self, finding: &Finding) -> Vec<usize> {
        let mut found = Vec::new();
        if !self.by_id.is_empty() {
            for id in std::iter::once(&finding.id).chain(&finding.aliases) {
                if let Some(names) = self.by_id.get(&id.to_ascii_uppercase()) {
                    names.find(finding, &mut found);
                }
            }
        }
        self.any_id.find(finding, &mut found);
        if let (Some(by_path), Some(path)) = (self.by_path.get(&finding.class), &finding.package.path) {
            let matching = by_path.set.matches(from_root(path)).into_iter();
            found.extend(matching.filter_map(|at| by_path.whose.get(at)));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}
