//! What a machine without a network needs to know: what to bring, and whether it is all there.

use model::Sha256;

use crate::{Error, Event, Platform, Tool, Tools};

/// One asset to bring (or to put on a mirror).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The tool.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The platform.
    pub platform: Platform,
    /// Where it is published.
    pub url: String,
    /// Where it is on a mirror, below the mirror's address.
    pub mirror_path: String,
    /// The asset's digest.
    pub sha256: Sha256,
    /// The module that Go would build it from, as a purl.
    pub module: String,
}

/// What there is of one tool on this machine.
#[derive(Debug)]
pub struct Checked {
    /// The tool.
    pub name: String,
    /// The version that the lock wants.
    pub version: String,
    /// The verified tool; none if there is none; or what is in the way.
    pub found: Result<Option<Tool>, Error>,
}

impl Tools<'_> {
    /// Every asset of the lock, for all platforms.
    #[must_use]
    pub fn list(&self) -> Vec<Listed> {
        let listed = |tool: &crate::LockedTool| {
            let (name, version, module) = (tool.name.clone(), tool.version.clone(), tool.purl());
            let platforms = tool.platforms.iter().filter_map(move |(platform, pinned)| {
                let asset = pinned.asset.as_ref()?;
                Some(Listed {
                    name: name.clone(),
                    version: version.clone(),
                    platform: *platform,
                    url: asset.url.to_string(),
                    mirror_path: format!("{}{}", asset.url.host_str().unwrap_or_default(), asset.url.path()),
                    sha256: asset.sha256,
                    module: module.clone(),
                })
            });
            platforms.collect::<Vec<_>>()
        };
        self.lock.tools().flat_map(listed).collect()
    }

    /// Gets the named tools, or all of them if none is named: what `hallmark tools fetch` does.
    ///
    /// # Errors
    /// The first tool that cannot be had; an unknown name before anything is fetched.
    pub async fn fetch(&self, names: &[String], on: &mut dyn FnMut(Event)) -> Result<Vec<Tool>, Error> {
        let all: Vec<String>;
        let names = if names.is_empty() {
            all = self.lock.tools().map(|tool| tool.name.clone()).collect();
            &all
        } else {
            names
        };
        self.check_names(names)?;
        let mut tools = Vec::with_capacity(names.len());
        for name in names {
            tools.push(self.get_with(name, on).await?);
        }
        Ok(tools)
    }

    /// Whether the lock has tools of these names for this platform.
    ///
    /// # Errors
    /// The first that it has not.
    pub fn check_names(&self, names: &[String]) -> Result<(), Error> {
        names.iter().try_for_each(|name| self.pinned(name).map(|_| ()))
    }

    /// Gets every tool of the lock.
    ///
    /// # Errors
    /// As [`Tools::fetch`].
    pub async fn fetch_all(&self, on: &mut dyn FnMut(Event)) -> Result<Vec<Tool>, Error> {
        self.fetch(&[], on).await
    }

    /// Looks at what is on PATH and in the cache, without getting anything. What has wrong bytes in the cache
    /// is deleted, as ever.
    pub async fn verify(&self, on: &mut dyn FnMut(Event)) -> Vec<Checked> {
        let mut checked = Vec::new();
        for tool in self.lock.tools() {
            let found = self.at_hand(&tool.name, on).await;
            checked.push(Checked { name: tool.name.clone(), version: tool.version.clone(), found });
        }
        checked
    }
}
