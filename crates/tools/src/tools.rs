//! Getting a tool: PATH, cache, download, build, in this order.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use process::Processes;

use crate::cache::{Cache, read_all};
use crate::download::{self, Failure};
use crate::lock::{Asset, Lock, LockedTool, Packing, Pinned};
use crate::mirror::Place;
use crate::tool::{Known, Source, Tool, known, made, same};
use crate::{Error, Event, Settings, go, search_path, unpack};

/// The pinned tools on this machine.
pub struct Tools<'a> {
    pub(crate) lock: Lock,
    pub(crate) settings: Settings,
    pub(crate) cache: Cache,
    processes: &'a dyn Processes,
}

impl<'a> Tools<'a> {
    /// The tools of this lock, kept as the settings say. `processes` runs Go.
    #[must_use]
    pub fn new(lock: Lock, settings: Settings, processes: &'a dyn Processes) -> Self {
        let cache = Cache::new(&settings.cache);
        Self { lock, settings, cache, processes }
    }

    /// The tool, verified. Says nothing on the way.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get(&self, name: &str) -> Result<Tool, Error> {
        self.get_with(name, &mut |_| ()).await
    }

    /// The tool, verified; `on` hears what happens on the way.
    ///
    /// # Errors
    /// See [`Error`]. Wrong bytes from a download or a build are an error at once; wrong bytes on PATH or in
    /// the cache are an event, and the next way is tried.
    pub async fn get_with(&self, name: &str, on: &mut dyn FnMut(Event)) -> Result<Tool, Error> {
        let (tool, pinned) = self.pinned(name)?;
        if let Some(found) = self.on_path(tool, pinned, on) {
            return Ok(found);
        }
        if let Some(found) = self.known_in_cache(tool, pinned, on)? {
            return Ok(found);
        }
        let _held = self.cache.hold(name, on).await?;
        // Another process may have got it meanwhile.
        if let Some(found) = self.in_cache(tool, pinned, on)? {
            return Ok(found);
        }
        let download = match self.download(tool, pinned, on).await? {
            Ok(found) => return Ok(found),
            Err(why) => why,
        };
        let build = match self.build(tool, pinned, on).await? {
            Ok(found) => return Ok(found),
            Err(why) => why,
        };
        Err(Error::Unobtainable {
            name: name.to_owned(),
            version: tool.version.clone(),
            why: format!("{download}; {build}"),
            go: self.lock.go().to_owned(),
            by_hand: match &pinned.asset {
                Some(asset) => format!(
                    "put the file of {} (SHA-256 {}) at {}",
                    asset.url,
                    asset.sha256,
                    self.cache.archive(&asset.sha256).display()
                ),
                None => "build it where Go reaches the module proxy, and bring the cache here".to_owned(),
            },
        })
    }

    pub(crate) fn pinned(&self, name: &str) -> Result<(&LockedTool, &Pinned), Error> {
        let tool = self.lock.tool(name).ok_or_else(|| Error::UnknownTool {
            name: name.to_owned(),
            known: self.lock.tools().map(|tool| tool.name.as_str()).collect::<Vec<_>>().join(", "),
        })?;
        let platform = self.settings.platform;
        let pinned = tool
            .platforms
            .get(&platform)
            .ok_or_else(|| Error::NoPlatform { name: name.to_owned(), platform })?;
        Ok((tool, pinned))
    }

    /// What is here already, without a network or Go.
    pub(crate) async fn at_hand(&self, name: &str, on: &mut dyn FnMut(Event)) -> Result<Option<Tool>, Error> {
        let (tool, pinned) = self.pinned(name)?;
        if let Some(found) = self.on_path(tool, pinned, on) {
            return Ok(Some(found));
        }
        let _held = self.cache.hold(name, on).await?;
        self.in_cache(tool, pinned, on)
    }

    fn on_path(&self, tool: &LockedTool, pinned: &Pinned, on: &mut dyn FnMut(Event)) -> Option<Tool> {
        let known = known(tool, pinned);
        for path in search_path::find(self.settings.path.as_deref(), &tool.name) {
            // Links are followed here: /usr/local/bin is full of them, and the bytes decide.
            let found = File::open(&path).and_then(|mut file| read_all(&mut file));
            let Ok(found) = found else { continue };
            match known.iter().find(|known| known.sha256 == found) {
                Some(known) => return Some(made(tool, path, known, Source::Path)),
                None => on(Event::NotThePinnedOne { name: tool.name.clone(), path, found }),
            }
        }
        None
    }

    /// An executable of the cache whose digest the lock has.
    fn known_in_cache(
        &self,
        tool: &LockedTool,
        pinned: &Pinned,
        on: &mut dyn FnMut(Event),
    ) -> Result<Option<Tool>, Error> {
        for known in known(tool, pinned) {
            let path = self.cache.executable(&known.sha256, &tool.name);
            if self.cache.verified(&tool.name, &path, &known.sha256, on)? {
                return Ok(Some(made(tool, path, &known, Source::Cache)));
            }
        }
        Ok(None)
    }

    /// An executable of the cache, or what a verified asset of the cache has in it.
    fn in_cache(
        &self,
        tool: &LockedTool,
        pinned: &Pinned,
        on: &mut dyn FnMut(Event),
    ) -> Result<Option<Tool>, Error> {
        if let Some(found) = self.known_in_cache(tool, pinned, on)? {
            return Ok(Some(found));
        }
        let Some(asset) = &pinned.asset else { return Ok(None) };
        let archive = self.cache.archive(&asset.sha256);
        if !self.cache.verified(&tool.name, &archive, &asset.sha256, on)? {
            return Ok(None);
        }
        self.unpacked(tool, asset, &archive, Source::Cache, on).map(Some)
    }

    /// The executable of a verified asset. The asset's bytes decide each time, so that an executable in the
    /// cache whose digest the lock does not have is still checked against something that it has.
    fn unpacked(
        &self,
        tool: &LockedTool,
        asset: &Asset,
        archive: &Path,
        source: Source,
        on: &mut dyn FnMut(Event),
    ) -> Result<Tool, Error> {
        let bad = |problem| Error::Archive { name: tool.name.clone(), archive: archive.to_owned(), problem };
        let packing = &asset.packing;
        let limit = self.settings.limits.bytes;
        let sha256 = unpack::executable(archive, packing, limit, &mut io::sink()).map_err(bad)?;
        let what = format!("the executable in {}", archive.display());
        if let Some(expected) = asset.executable() {
            same(tool, &what, expected, sha256)?;
        }
        let known = Known { sha256, uri: asset.url.to_string() };
        let path = self.cache.executable(&sha256, &tool.name);
        if !self.cache.verified(&tool.name, &path, &sha256, on)? {
            let mut file = self.cache.new_file(&tool.name)?;
            let written = unpack::executable(archive, packing, limit, &mut file).map_err(bad)?;
            same(tool, &what, sha256, written)?;
            self.cache.keep_executable(file, &sha256, &tool.name)?;
            // What is an executable already needs no second copy.
            if matches!(packing, Packing::Plain) {
                fs::remove_file(archive).map_err(Error::io(archive))?;
            }
        }
        Ok(made(tool, path, &known, source))
    }

    /// The outer error ends it all; the inner one is why this way did not work.
    async fn download(
        &self,
        tool: &LockedTool,
        pinned: &Pinned,
        on: &mut dyn FnMut(Event),
    ) -> Result<Result<Tool, String>, Error> {
        let Some(asset) = &pinned.asset else { return Ok(Err("the lock names no download".to_owned())) };
        let place = match &self.settings.mirror {
            Some(mirror) => mirror.place(&asset.url),
            None => Place::Web(asset.url.clone()),
        };
        let name = &tool.name;
        let mut pause = self.settings.limits.pause;
        for attempt in 1.. {
            on(Event::Downloading { name: name.clone(), url: place.shown() });
            let file = self.cache.new_file(name)?;
            let handle = file.reopen().map_err(Error::io(file.path()))?;
            let mut progress = |bytes, total| on(Event::Downloaded { name: name.clone(), bytes, total });
            let why = match download::to_file(&place, handle, &self.settings.limits, &mut progress).await {
                Ok(found) => {
                    same(tool, &place.shown(), asset.sha256, found)?;
                    let archive = self.cache.keep_archive(file, &asset.sha256)?;
                    return self.unpacked(tool, asset, &archive, Source::Downloaded, on).map(Ok);
                }
                Err(Failure::TooLarge) => {
                    let limit = self.settings.limits.bytes;
                    return Err(Error::TooLarge { name: name.clone(), url: place.shown(), limit });
                }
                Err(Failure::Lasting(why)) => (why, true),
                Err(Failure::Passing(why)) => (why, attempt >= self.settings.limits.attempts),
            };
            let (why, last) = why;
            let why = format!("{} could not be downloaded: {why}", place.shown());
            on(Event::DownloadFailed { name: name.clone(), why: why.clone() });
            if last {
                return Ok(Err(why));
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        Ok(Err("no attempt was allowed".to_owned()))
    }

    /// The outer error ends it all; the inner one is why this way did not work.
    async fn build(
        &self,
        tool: &LockedTool,
        pinned: &Pinned,
        on: &mut dyn FnMut(Event),
    ) -> Result<Result<Tool, String>, Error> {
        let platform = self.settings.platform;
        let Some(built) = pinned.built else {
            return Ok(Err(format!("tools.lock has no checksum for building it for {platform}")));
        };
        if !go::has_module(&tool.name) {
            return Ok(Err("this program carries no Go module to build it from".to_owned()));
        }
        let Some(go) = search_path::find(self.settings.path.as_deref(), "go").into_iter().next() else {
            return Ok(Err("there is no Go on PATH to build it with".to_owned()));
        };
        let folder = self.cache.new_folder(&tool.name)?;
        let folder = tempfile::tempdir_in(&folder).map_err(Error::io(folder))?;
        let path =
            go::build(&go, tool, self.lock.go(), folder.path(), &self.settings, self.processes, on).await?;
        let mut file = self.cache.new_file(&tool.name)?;
        let what = format!("what {} built", go.display());
        let copied = unpack::executable(&path, &Packing::Plain, self.settings.limits.bytes, &mut file)
            .map_err(|problem| Error::Build { name: tool.name.clone(), go, problem })?;
        same(tool, &what, built.sha256, copied)?;
        let path = self.cache.keep_executable(file, &built.sha256, &tool.name)?;
        let known = Known { sha256: built.sha256, uri: tool.purl() };
        Ok(Ok(made(tool, path, &known, Source::Built)))
    }
}
