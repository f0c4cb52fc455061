//! Reading `tools.lock`: its shape, and every value checked once. All errors say where.

use std::collections::BTreeMap;

use model::Sha256;
use serde::Deserialize;
use url::Url;

use crate::lock::{Asset, Built, GoModule, LockedTool, Packing, Pinned};
use crate::{LockError, Platform, forbidden, go};

/// The Go version and the tools.
pub(crate) fn read(text: &str) -> Result<(String, BTreeMap<String, LockedTool>), LockError> {
    let raw: RawLock = toml::from_str(text)?;
    if raw.schema != 1 {
        return Err(at("schema", format!("{} is not known to this program; it reads 1", raw.schema)));
    }
    if !is_version(&raw.go) {
        return Err(at("go", format!("`{}` is not a Go version such as 1.26.8", raw.go)));
    }
    let mut tools = BTreeMap::new();
    for (name, tool) in raw.tool {
        tools.insert(name.clone(), checked_tool(name, tool)?);
    }
    if tools.is_empty() {
        return Err(at("tool", "no tool is pinned".to_owned()));
    }
    Ok((raw.go, tools))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLock {
    schema: u32,
    go: String,
    #[serde(default)]
    tool: BTreeMap<String, RawTool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTool {
    version: String,
    go: RawGo,
    platform: BTreeMap<String, RawPinned>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGo {
    module: String,
    package: String,
    #[serde(default)]
    ldflags: String,
    #[serde(default)]
    tags: String,
    #[serde(default)]
    experiment: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPinned {
    url: Option<String>,
    sha256: Option<String>,
    member: Option<String>,
    executable: Option<String>,
    built: Option<String>,
}

fn at(place: &str, problem: String) -> LockError {
    LockError::Value { at: place.to_owned(), problem }
}

fn checked_tool(name: String, raw: RawTool) -> Result<LockedTool, LockError> {
    let place = format!("tool.{name}");
    // The name becomes a file name and a word of messages.
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        return Err(at(&place, "a tool's name has lower-case letters, digits and dashes only".to_owned()));
    }
    if !is_version(&raw.version) {
        let problem = format!("`{}` is not a version such as 1.2.3, without a `v`", raw.version);
        return Err(at(&format!("{place}.version"), problem));
    }
    let sources = [raw.go.module.as_str(), raw.go.package.as_str()];
    let sources = sources.into_iter().chain(raw.platform.values().filter_map(|p| p.url.as_deref()));
    if let Some(why) = forbidden::reason(&name, &raw.version, sources) {
        return Err(at(&format!("{place}.version"), why));
    }
    let module = checked_module(&format!("{place}.go"), raw.go)?;
    go::check_module(&name, &module.path, &raw.version).map_err(|e| at(&format!("{place}.go.module"), e))?;
    if raw.platform.is_empty() {
        return Err(at(&format!("{place}.platform"), "no platform is pinned".to_owned()));
    }
    let mut platforms = BTreeMap::new();
    for (key, pinned) in raw.platform {
        let place = format!("{place}.platform.{key}");
        let platform = key.parse::<Platform>().map_err(|e| at(&place, e.to_string()))?;
        platforms.insert(platform, checked_pinned(&place, &raw.version, pinned)?);
    }
    Ok(LockedTool { name, version: raw.version, module, platforms })
}

fn checked_module(place: &str, raw: RawGo) -> Result<GoModule, LockError> {
    let inside = raw.package.strip_prefix(&raw.module);
    // It becomes an argument of Go's: nothing that reads as a flag or leaves the module.
    let plain = |part: &str| {
        let word = part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'~'));
        word && !part.is_empty() && !part.starts_with(['.', '-'])
    };
    if !raw.package.split('/').all(plain) {
        let problem = format!("`{}` is not a Go import path", raw.package);
        return Err(at(&format!("{place}.package"), problem));
    }
    if raw.module.is_empty() || !inside.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
        let problem = format!("`{}` is not a package of the module `{}`", raw.package, raw.module);
        return Err(at(&format!("{place}.package"), problem));
    }
    Ok(GoModule {
        path: raw.module,
        package: raw.package,
        ldflags: raw.ldflags,
        tags: raw.tags,
        experiment: raw.experiment,
    })
}

fn checked_pinned(place: &str, version: &str, raw: RawPinned) -> Result<Pinned, LockError> {
    let digest = |key: &str, value: Option<String>| {
        value.map(|value| checked_digest(&format!("{place}.{key}"), &value)).transpose()
    };
    let built = digest("built", raw.built)?.map(|sha256| Built { sha256 });
    let sha256 = digest("sha256", raw.sha256)?;
    let executable = digest("executable", raw.executable)?;
    let asset = match (raw.url, sha256) {
        (Some(url), Some(sha256)) => {
            let url = checked_url(&format!("{place}.url"), version, &url)?;
            let packing = checked_packing(place, &url, raw.member, executable)?;
            Some(Asset { url, sha256, packing })
        }
        (None, None) if built.is_some() && raw.member.is_none() && executable.is_none() => None,
        (None, None) => {
            let problem = "there is no `url` to download, and not only a `built` to build".to_owned();
            return Err(at(place, problem));
        }
        (Some(_), None) => return Err(at(place, "a `url` wants its `sha256`".to_owned())),
        (None, Some(_)) => return Err(at(place, "a `sha256` wants its `url`".to_owned())),
    };
    Ok(Pinned { asset, built })
}

fn checked_packing(
    place: &str,
    url: &Url,
    member: Option<String>,
    executable: Option<Sha256>,
) -> Result<Packing, LockError> {
    let path = url.path();
    let zip = path.ends_with(".zip");
    let tar = path.ends_with(".tar.gz") || path.ends_with(".tgz");
    match member {
        Some(member) if zip || tar => {
            // Only ever compared with the names in the archive, never joined to a path; still, no member
            // that one would want has such a name.
            if member.is_empty() || member.split('/').any(|part| matches!(part, "" | "." | "..")) {
                let problem = format!("`{member}` is not the plain path of a file in the archive");
                return Err(at(&format!("{place}.member"), problem));
            }
            Ok(if zip { Packing::Zip { member, executable } } else { Packing::TarGz { member, executable } })
        }
        Some(_) => {
            Err(at(&format!("{place}.member"), "only a .zip, .tar.gz or .tgz asset has members".to_owned()))
        }
        None if zip || tar => {
            Err(at(place, "`member` is missing: which file of the archive is the executable?".to_owned()))
        }
        None if executable.is_some() => {
            Err(at(&format!("{place}.executable"), "the asset is the executable: drop this key".to_owned()))
        }
        None => Ok(Packing::Plain),
    }
}

fn checked_url(place: &str, version: &str, text: &str) -> Result<Url, LockError> {
    let problem = |what: &str| at(place, format!("`{text}` {what}"));
    let url = Url::parse(text).map_err(|e| problem(&format!("is not an address: {e}")))?;
    if url.scheme() != "https" {
        return Err(problem("is not https"));
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(problem("has no host"));
    }
    let plain = url.username().is_empty() && url.password().is_none();
    if !plain || url.query().is_some() || url.fragment().is_some() || url.as_str() != text {
        return Err(problem("is not a plain address (no user, query, fragment or dots)"));
    }
    // A bump that forgot this line would otherwise fetch the old release, digest and all.
    if !url.path().contains(version) {
        return Err(problem(&format!("does not name the version {version}")));
    }
    Ok(url)
}

fn checked_digest(place: &str, text: &str) -> Result<Sha256, LockError> {
    text.parse().map_err(|e: model::ParseDigestError| at(place, e.to_string()))
}

/// Digits and dots, as in 1.26.8: three parts.
fn is_version(text: &str) -> bool {
    text.split('.').count() == 3
        && text.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}
