//! Grype: how it is called. Its report is read in `report`, its sample database made in `sample_db`.
//!
//! # Which severity counts
//! Sources disagree. The one of the record that matched counts: for a package of a distribution that is the
//! distribution's, else that of the ecosystem's database (GitHub's advisories, for most). Where that record has none,
//! the worst of what others (NVD, for most) say of the same vulnerability counts; where none has, it is unknown. All of
//! them are kept beside it, by the name of the provider.
//!
//! # What is scanned
//! An SBOM, always: Grype would make one itself of a directory, and nobody would see it. Its report lists no packages
//! but those with findings, so the SBOM is the inventory beside it.

mod misread;
mod report;
pub mod sample_db;
mod schema;
mod sqlite;
mod status;
mod wire;

use std::ffi::OsString;

pub use misread::misread;
use model::Class;

use crate::advisories::{self, Built, ListError};
use crate::{
    Database, Log, Options, Place, ReportError, Scan, Scanner, Target, TargetKind, VulnerabilityDatabase,
};

/// Grype, by Anchore.
#[derive(Debug, Clone, Copy)]
pub struct Grype;

/// What Grype logs when it goes on without a part of what it matches.
///
/// The last one is no part, but all of it: for a release that is not in the database there are no advisories, and the
/// report lists no vulnerability of any of its packages.
const GAPS: [&str; 9] = [
    "Unable to determine the OS distribution of some packages",
    "distro detection failed",
    "matcher returned error",
    "unable to merge matches",
    "excluding invalid CPE",
    "unable to find vulnerabilities",
    "record missing vulnerability",
    "gorm: ",
    "no OS found in the DB for the given criteria",
];

/// The environment variables that Grype may be given besides `PATH` and the like: proxies and certificates. Never
/// `GRYPE_*`: those would be options that no input shows.
pub const PASSED_ON: &[&str] = &[
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];

impl Log for Grype {
    fn title(&self) -> &'static str {
        "Grype"
    }

    fn is_error(&self, line: &str) -> bool {
        level(line) == Some("ERROR")
    }

    fn message<'l>(&self, line: &'l str) -> &'l str {
        let Some(level) = level(line) else { return line };
        line.split_once(level).map_or(line, |(_, message)| message.trim_start())
    }

    fn tells_of_a_gap(&self, line: &str) -> bool {
        GAPS.iter().any(|gap| line.contains(gap))
    }

    /// Lines for its makers go on in others, which begin with spaces.
    fn is_chatter(&self, line: &str) -> bool {
        matches!(level(line), Some("DEBUG" | "TRACE")) || line.starts_with("  ")
    }
}

impl Scanner for Grype {
    fn name(&self) -> &'static str {
        "grype"
    }

    fn uri(&self) -> &'static str {
        "https://github.com/anchore/grype"
    }

    fn looks_for(&self, kind: TargetKind) -> &'static [Class] {
        match kind {
            TargetKind::Sbom | TargetKind::RootFs => &[Class::Vulnerability],
            TargetKind::Disk | TargetKind::ContainerImage | TargetKind::Report | TargetKind::Source => &[],
        }
    }

    fn arguments(&self, target: &Target<'_>, options: &Options<'_>) -> Vec<OsString> {
        let (kind, path): (&str, &std::ffi::OsStr) = match target {
            Target::Sbom(path) => ("sbom", path.as_os_str()),
            Target::RootFs(path) | Target::Source(path) | Target::History(path) => ("dir", path.as_os_str()),
            Target::Disk(path) => ("file", path.as_os_str()),
            Target::Archive(path) => ("docker-archive", path.as_os_str()),
            Target::Reference(reference) => ("registry", reference.as_ref()),
        };
        let mut what = OsString::from(kind);
        what.push(":");
        what.push(path);
        // What it says of a release that its database does not know, it says at this level only.
        let mut arguments: Vec<OsString> = ["-vv", "--output", "json", "--file"].map(OsString::from).into();
        arguments.push(options.output.into());
        arguments.push(what);
        arguments
    }

    /// Grype has no flags for these.
    fn environment(&self, options: &Options<'_>) -> Vec<(&'static str, OsString)> {
        let mut environment: Vec<(&'static str, OsString)> = vec![
            ("GRYPE_DB_CACHE_DIR", options.cache.into()),
            // The database was brought up to date before, and hashed: it does not change now.
            ("GRYPE_DB_AUTO_UPDATE", "false".into()),
            // How old it may be is the policy's to say; it is recorded.
            ("GRYPE_DB_VALIDATE_AGE", "false".into()),
            ("GRYPE_DB_VALIDATE_BY_HASH_ON_START", "true".into()),
            ("GRYPE_CHECK_FOR_APP_UPDATE", "false".into()),
            ("NO_COLOR", "1".into()),
            // Nothing is looked up elsewhere, and nothing is left out without being asked: that the headers of a
            // kernel are no kernel is for an exception to say.
            ("GRYPE_EXTERNAL_SOURCES_ENABLE", "false".into()),
            ("GRYPE_MATCH_UPSTREAM_KERNEL_HEADERS", "true".into()),
        ];
        if let Some(url) = options.database_repositories.first() {
            environment.push(("GRYPE_DB_UPDATE_URL", url.into()));
        }
        environment
    }

    fn judges_packages(&self) -> bool {
        true
    }

    fn read_report(&self, bytes: &[u8]) -> Result<Scan, ReportError> {
        report::read(bytes)
    }

    fn database(&self) -> Option<&dyn VulnerabilityDatabase> {
        Some(self)
    }
}

impl VulnerabilityDatabase for Grype {
    /// Grype keeps a folder for each model of its schema.
    fn place(&self) -> Place {
        Place { folder: "6", database: "vulnerability.db", metadata: "import.json" }
    }

    fn fetch_arguments(&self, _: &Options<'_>) -> Vec<OsString> {
        ["db", "update"].map(OsString::from).into()
    }

    /// When it was made stands in the database itself.
    fn question(&self) -> Option<Vec<OsString>> {
        Some(["db", "status", "--output", "json"].map(OsString::from).into())
    }

    fn read_metadata(&self, metadata: &[u8]) -> Result<Database, ReportError> {
        status::read(metadata)
    }

    fn sample(&self) -> Result<Built, ListError> {
        sample_db::sample()
    }

    fn sample_is_named_in(&self, sources: &[String]) -> bool {
        sample_db::is_named_in(sources)
    }

    fn sample_covers(&self, family: &str, release: &str) -> bool {
        advisories::covers(family, release)
    }
}

/// The level of a line of the log: `[0001] DEBUG what was said`.
fn level(line: &str) -> Option<&str> {
    let (time, rest) = line.strip_prefix('[')?.split_once(']')?;
    let level = rest.split_ascii_whitespace().next()?;
    let known = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&level);
    (known && time.bytes().all(|byte| byte.is_ascii_digit())).then_some(level)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::Access;

    fn options<'a>(repositories: &'a [String]) -> Options<'a> {
        Options {
            cache: Path::new("/c"),
            output: Path::new("/o.json"),
            look_for: &[Class::Vulnerability],
            timeout: Duration::from_secs(90),
            access: Access::Cache,
            database_repositories: repositories,
            rules: &[],
        }
    }

    fn line(arguments: &[OsString]) -> String {
        arguments.iter().map(|a| a.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_whole_line_and_nothing_filters() {
        let target = Target::Sbom(Path::new("/b c.json"));
        assert_eq!(
            line(&Grype.arguments(&target, &options(&[]))),
            "-vv --output json --file /o.json sbom:/b c.json"
        );
        assert_eq!(line(&Grype.fetch_arguments(&options(&[]))), "db update");
        assert_eq!(line(&Grype.question().unwrap()), "db status --output json");
    }

    #[test]
    fn what_has_no_flag_is_set_and_a_mirror_where_one_is_given() {
        let has = |repositories: &[String]| {
            Grype
                .environment(&options(repositories))
                .into_iter()
                .map(|(name, value)| format!("{name}={value:?}"))
                .collect::<Vec<_>>()
        };
        let plain = has(&[]);
        assert!(plain.contains(&"GRYPE_DB_CACHE_DIR=\"/c\"".to_owned()), "{plain:?}");
        assert!(plain.contains(&"GRYPE_DB_AUTO_UPDATE=\"false\"".to_owned()), "{plain:?}");
        assert!(!plain.iter().any(|one| one.contains("UPDATE_URL")), "{plain:?}");
        let mirror = has(&["https://mirror.example/db".to_owned()]);
        assert!(
            mirror.contains(&"GRYPE_DB_UPDATE_URL=\"https://mirror.example/db\"".to_owned()),
            "{mirror:?}"
        );
    }

    #[test]
    fn lines_of_the_log() {
        // (line, gap, error, shown, message)
        let table = [
            ("[0000]  INFO loaded DB status=valid", false, false, true, "loaded DB status=valid"),
            (
                "[0000] DEBUG no OS found in the DB for the given criteria os=debian@99",
                true,
                false,
                false,
                "no OS found in the DB for the given criteria os=debian@99",
            ),
            (
                "[0012]  WARN Unable to determine the OS distribution of some packages. This",
                true,
                false,
                true,
                "Unable to determine the OS distribution of some packages. This",
            ),
            ("[0000] ERROR database does not exist", false, true, true, "database does not exist"),
            ("      level: debug", false, false, false, "      level: debug"),
            ("ERROR in a text", false, false, true, "ERROR in a text"),
            ("", false, false, true, ""),
        ];
        for (line, gap, error, shown, message) in table {
            assert_eq!(Grype.tells_of_a_gap(line), gap, "{line}");
            assert_eq!(Grype.is_error(line), error, "{line}");
            assert_eq!(!Grype.is_chatter(line), shown, "{line}");
            assert_eq!(Grype.message(line), message);
        }
    }
}
