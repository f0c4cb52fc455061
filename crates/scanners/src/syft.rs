//! Syft: how an SBOM is made with it, and what it could not read.

use std::ffi::OsString;
use std::path::Path;

use serde::Deserialize;

use crate::{Log, ReportError};

/// Syft, by Anchore.
#[derive(Debug, Clone, Copy)]
pub struct Syft;

/// Where Syft comes from.
pub const URI: &str = "https://github.com/anchore/syft";

/// What Syft logs when it goes on without a part of what it looks at.
const GAPS: [&str; 8] = [
    "unable to catalog",
    "failed to catalog",
    "cataloger failed",
    "unable to read",
    "unable to access path",
    "unable to get file by path",
    "unable to open",
    "recovered from panic",
];

/// What Syft has no flags for. It asks nobody for a newer version of itself. Modules of the kernel are files of its
/// package and not listed one by one. Files are not listed either, nor guessed about; and what could not be read is
/// told, be there packages in the same file or not.
pub const ENVIRONMENT: &[(&str, &str)] = &[
    ("SYFT_CHECK_FOR_APP_UPDATE", "false"),
    ("SYFT_LINUX_KERNEL_CATALOG_MODULES", "false"),
    ("SYFT_FILE_METADATA_SELECTION", "none"),
    ("SYFT_UNKNOWNS_REMOVE_WHEN_PACKAGES_DEFINED", "false"),
    ("SYFT_UNKNOWNS_EXECUTABLES_WITHOUT_PACKAGES", "false"),
    ("NO_COLOR", "1"),
    // Home and working directory are this run's own; here a configuration file of the machine's would be found.
    ("XDG_CONFIG_DIRS", "/dev/null"),
];

/// What reads the databases of systems' package managers: without one of those, a list is of nothing.
const OF_A_SYSTEM: [&str; 5] =
    ["dpkg-db-cataloger", "rpm-db-cataloger", "apk-db-cataloger", "alpm-db-cataloger", "portage-cataloger"];

const WHAT: &str = "Syft's own list";

/// Where one run writes what it found.
#[derive(Debug, Clone, Copy)]
pub struct Outputs<'a> {
    /// CycloneDX 1.6.
    pub cyclonedx: &'a Path,
    /// SPDX 2.3.
    pub spdx: &'a Path,
    /// Its own format, for [`unread`].
    pub own: &'a Path,
}

/// The arguments that list what is in a directory with a root file system: as in an image, what is installed and not
/// what lock files ask for. Paths are those inside, and no link leads out of it.
#[must_use]
pub fn arguments(root: &Path, outputs: &Outputs<'_>, name: &str, version: &str) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = ["scan", "--parallelism", "2"].map(Into::into).into();
    for (format, path) in [
        ("cyclonedx-json@1.6=", outputs.cyclonedx),
        ("spdx-json@2.3=", outputs.spdx),
        ("syft-json=", outputs.own),
    ] {
        let mut output = OsString::from(format);
        output.push(path);
        arguments.extend(["--output".into(), output]);
    }
    arguments
        .extend(["--override-default-catalogers", "image", "--select-catalogers", "-file"].map(Into::into));
    arguments.extend(["--source-name".into(), name.into(), "--source-version".into(), version.into()]);
    arguments.extend(["--base-path".into(), root.into()]);
    let mut what = OsString::from("dir:");
    what.push(root);
    arguments.extend(["--".into(), what]);
    arguments
}

/// A file that Syft has something to do with, and could not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// Its path in the image. Hostile text.
    pub path: String,
    /// Who could not read it, and why. Hostile text.
    pub why: String,
    /// Whether it is a database of a system's package manager.
    pub of_a_system: bool,
}

#[derive(Deserialize)]
struct Own {
    #[expect(dead_code, reason = "what lacks it is no list")]
    artifacts: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    location: Location,
    #[serde(default)]
    unknowns: Vec<String>,
}

#[derive(Deserialize)]
struct Location {
    path: String,
}

/// What could not be read, by Syft's list in its own format: it ends well all the same, and says nothing.
///
/// # Errors
/// That is no such list.
pub fn unread(bytes: &[u8]) -> Result<Vec<Unread>, ReportError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReportError::Empty { what: WHAT });
    }
    let own: Own = serde_json::from_slice(bytes).map_err(|error| ReportError::json(WHAT, error))?;
    let mut unread: Vec<Unread> = own
        .files
        .into_iter()
        .flat_map(|file| {
            let path = file.location.path;
            file.unknowns.into_iter().map(move |why| {
                let of_a_system = OF_A_SYSTEM.iter().any(|cataloger| why.starts_with(cataloger));
                Unread { path: path.clone(), why, of_a_system }
            })
        })
        .collect();
    unread.sort();
    unread.dedup();
    Ok(unread)
}

impl Log for Syft {
    fn title(&self) -> &'static str {
        "Syft"
    }

    fn tells_of_a_gap(&self, line: &str) -> bool {
        GAPS.iter().any(|gap| line.contains(gap))
    }

    fn is_error(&self, line: &str) -> bool {
        line.contains(" ERROR ")
    }

    fn message<'l>(&self, line: &'l str) -> &'l str {
        line.split_once(" ERROR ").or_else(|| line.split_once(" WARN ")).map_or(line, |(_, message)| message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_line() {
        let path = Path::new;
        let outputs = Outputs { cyclonedx: path("/c"), spdx: path("/s"), own: path("/o") };
        let line = arguments(path("/r"), &outputs, "web", "1");
        let line: Vec<&str> = line.iter().map(|word| word.to_str().unwrap()).collect();
        assert_eq!(
            line.join(" "),
            "scan --parallelism 2 --output cyclonedx-json@1.6=/c --output spdx-json@2.3=/s \
             --output syft-json=/o --override-default-catalogers image --select-catalogers -file --source-name web \
             --source-version 1 --base-path /r -- dir:/r"
        );
    }

    #[test]
    fn what_could_not_be_read_is_told_apart() {
        let own = r#"{"artifacts":[],"files":[
            {"location":{"path":"/fine"}},
            {"location":{"path":"/x.jar"},"unknowns":["java-archive-cataloger: not a valid zip file"]},
            {"location":{"path":"/var/lib/dpkg/status"},"unknowns":["dpkg-db-cataloger: unable to determine packages"]}]}"#;
        let unread = unread(own.as_bytes()).unwrap();
        let told: Vec<(&str, bool)> = unread.iter().map(|one| (one.path.as_str(), one.of_a_system)).collect();
        assert_eq!(told, [("/var/lib/dpkg/status", true), ("/x.jar", false)]);
        for (text, says) in [("", "is empty"), ("{\"artifacts\":[", "truncated"), ("{}", "artifacts")] {
            let error = super::unread(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
