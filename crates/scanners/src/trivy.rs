//! Trivy: how it is called. Its report is read in `report`, its sample database made in `sample_db`.
//!
//! # Which severity counts
//! Sources disagree. The finding's severity is the one Trivy chose, and Trivy's rule (its
//! `SeveritySource` names the outcome) is: the distribution's own rating first, for this very
//! package where it has one; then NVD's (for `GHSA-…` ids GitHub's before NVD's); then whatever
//! other source has rated it; else unknown. All ratings are kept beside it.

mod alike;
mod bolt;
mod database;
mod end;
mod others;
mod partitions;
mod report;
pub mod sample_db;
mod wire;

use std::ffi::OsString;

use model::Class;

use crate::advisories::{self, Built, ListError};
use crate::{
    Access, Database, Log, Options, Place, ReportError, Scan, Scanner, Target, TargetKind,
    VulnerabilityDatabase,
};

/// Trivy, by Aqua Security.
#[derive(Debug, Clone, Copy)]
pub struct Trivy;

/// What Trivy logs when it goes on without a part of what it scans.
///
/// The last one is no part, but all of it: for a release that Trivy does not know there are no advisories, and
/// its report lists every package and no vulnerability.
const GAPS: [&str; 7] = [
    "Failed to read content during streaming",
    "scan was broken with InvalidContentError",
    "Partition error",
    "LVM is not supported",
    "Multiple OS components are not supported",
    "Some OS packages were skipped",
    "This OS version is not on the EOL list",
];

/// What a scan with the sample database leaves alone.
const JAVA_ARCHIVES: [&str; 4] = ["**/*.jar", "**/*.war", "**/*.ear", "**/*.par"];

/// A file that exists and is empty: Trivy refuses the name of one that does not exist.
const NOTHING: &str = "/dev/null";

/// The environment variables that Trivy may be given besides `PATH` and the like: proxies,
/// certificates, and where registry credentials are. Never `TRIVY_*`: those would be options that
/// no input shows.
pub const PASSED_ON: &[&str] = &[
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "DOCKER_CONFIG",
    "DOCKER_HOST",
];

impl Log for Trivy {
    fn title(&self) -> &'static str {
        "Trivy"
    }

    fn tells_of_a_gap(&self, line: &str) -> bool {
        GAPS.iter().any(|gap| line.contains(gap))
    }

    fn is_error(&self, line: &str) -> bool {
        line.contains("\tERROR\t") || line.contains("\tFATAL\t")
    }

    fn message<'l>(&self, line: &'l str) -> &'l str {
        line.splitn(3, '\t').nth(2).unwrap_or(line)
    }
}

impl Scanner for Trivy {
    fn name(&self) -> &'static str {
        "trivy"
    }

    fn uri(&self) -> &'static str {
        "https://github.com/aquasecurity/trivy"
    }

    /// On a disk Trivy finds no configuration files, whatever is there; an SBOM has no files.
    fn looks_for(&self, kind: TargetKind) -> &'static [Class] {
        use Class::{License, Misconfiguration, Secret, Vulnerability};
        match kind {
            TargetKind::Disk => &[Vulnerability, Secret, License],
            TargetKind::RootFs | TargetKind::ContainerImage => {
                &[Vulnerability, Secret, License, Misconfiguration]
            }
            TargetKind::Sbom => &[Vulnerability, License],
            TargetKind::Report | TargetKind::Source => &[],
        }
    }

    fn arguments(&self, target: &Target<'_>, options: &Options<'_>) -> Vec<OsString> {
        let mut arguments = Arguments::default();
        arguments.word(match target {
            Target::Disk(_) => "vm",
            Target::RootFs(_) => "rootfs",
            Target::Sbom(_) => "sbom",
            Target::Archive(_) | Target::Reference(_) => "image",
            Target::Source(_) | Target::History(_) => "fs",
        });
        arguments.common(options);
        // `--list-all-pkgs` makes the report an inventory too: an empty list of findings means
        // something only beside the list of what was looked at.
        arguments.words(&["--format", "json", "--list-all-pkgs", "--output"]);
        arguments.value(options.output);
        // What was asked for; a finding never changes the exit code, which is thus left to mean
        // that Trivy failed; and results of an earlier run are never taken for this one's.
        let words: Vec<_> = options.look_for.iter().map(|class| scanner_word(*class)).collect();
        arguments.words(&["--scanners", &words.join(","), "--exit-code", "0", "--cache-backend", "memory"]);
        if options.look_for.contains(&Class::Secret) {
            // Trivy's own rules. With the default name of a file of rules, a file of that name at the
            // root of what is scanned would be passed over.
            arguments.words(&["--secret-config", ""]);
        }
        if options.look_for.contains(&Class::Misconfiguration) {
            // The checks that are built in, which the tool's digest stands for.
            arguments.word("--skip-check-update");
        }
        // An ignore file may lie in the working directory: none is read.
        arguments.words(&["--ignorefile", NOTHING]);
        // The database was brought up to date before, and hashed: it does not change now.
        arguments.word("--skip-db-update");
        if options.access != Access::Network {
            arguments.words(&["--offline-scan", "--skip-java-db-update"]);
        }
        if options.access == Access::Sample && !matches!(target, Target::Sbom(_)) {
            // Java archives are told by a second database, without which Trivy fails on the first
            // archive. The sample has no advisories for them anyway. (An SBOM has no files.)
            for archive in JAVA_ARCHIVES {
                arguments.words(&["--skip-files", archive]);
            }
        }
        if let Target::Archive(_) = target {
            arguments.word("--input");
        } else {
            // What follows is never an option, however it begins.
            arguments.word("--");
        }
        match target {
            Target::Disk(path)
            | Target::RootFs(path)
            | Target::Sbom(path)
            | Target::Archive(path)
            | Target::Source(path)
            | Target::History(path) => arguments.value(path),
            Target::Reference(reference) => arguments.word(reference),
        }
        arguments.0
    }

    fn judges_packages(&self) -> bool {
        true
    }

    fn unseen(&self, disk: &[u8]) -> Vec<String> {
        partitions::unseen(disk)
    }

    fn read_report(&self, bytes: &[u8]) -> Result<Scan, ReportError> {
        report::read(&mut &*bytes)
    }

    fn read_from(&self, report: &mut dyn std::io::Read) -> Result<Scan, ReportError> {
        report::read(report)
    }

    fn lists_packages(&self) -> bool {
        true
    }

    fn database(&self) -> Option<&dyn VulnerabilityDatabase> {
        Some(self)
    }
}

impl VulnerabilityDatabase for Trivy {
    fn place(&self) -> Place {
        Place { folder: "db", database: "trivy.db", metadata: "metadata.json" }
    }

    fn fetch_arguments(&self, options: &Options<'_>) -> Vec<OsString> {
        let mut arguments = Arguments::default();
        arguments.words(&["image", "--download-db-only"]);
        arguments.common(options);
        arguments.0
    }

    fn read_metadata(&self, metadata: &[u8]) -> Result<Database, ReportError> {
        database::read(metadata)
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

/// Trivy's word for what looks for a class.
#[must_use]
pub const fn scanner_word(class: Class) -> &'static str {
    match class {
        Class::Vulnerability => "vuln",
        Class::Secret => "secret",
        Class::License => "license",
        Class::Misconfiguration => "misconfig",
        Class::Weakness => "sast",
    }
}

#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn word(&mut self, word: &str) {
        self.0.push(word.into());
    }

    fn words(&mut self, words: &[&str]) {
        self.0.extend(words.iter().map(OsString::from));
    }

    fn value(&mut self, path: &std::path::Path) {
        self.0.push(path.into());
    }

    /// What every call has: its own cache, no configuration file, nothing sent home.
    fn common(&mut self, options: &Options<'_>) {
        self.word("--cache-dir");
        self.value(options.cache);
        // Without this, `trivy.yaml` of the working directory would be read.
        self.words(&[
            "--config",
            NOTHING,
            "--no-progress",
            "--skip-version-check",
            "--disable-telemetry",
            "--timeout",
        ]);
        self.word(&format!("{}s", options.timeout.as_secs().max(1)));
        for repository in options.database_repositories {
            self.words(&["--db-repository", repository]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;

    fn options() -> Options<'static> {
        Options {
            cache: Path::new("/c"),
            output: Path::new("/o.json"),
            look_for: &[Class::Vulnerability],
            timeout: Duration::from_secs(90),
            access: Access::Cache,
            database_repositories: &[],
            rules: &[],
        }
    }

    fn line(arguments: &[OsString]) -> String {
        arguments.iter().map(|a| a.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn each_target_has_its_command() {
        let end = |target: Target<'_>| {
            let line = line(&Trivy.arguments(&target, &options()));
            let (first, rest) = line.split_once(' ').unwrap();
            let (_, last) = rest.split_once("--skip-java-db-update ").unwrap();
            format!("{first} {last}")
        };
        assert_eq!(end(Target::Disk(Path::new("/d.raw"))), "vm -- /d.raw");
        assert_eq!(end(Target::RootFs(Path::new("/r"))), "rootfs -- /r");
        assert_eq!(end(Target::Sbom(Path::new("/b.json"))), "sbom -- /b.json");
        assert_eq!(end(Target::Archive(Path::new("/a.tar"))), "image --input /a.tar");
        assert_eq!(end(Target::Reference("--debug")), "image -- --debug");
    }

    #[test]
    fn the_whole_line() {
        assert_eq!(
            line(&Trivy.arguments(&Target::RootFs(Path::new("/r")), &options())),
            "rootfs --cache-dir /c --config /dev/null --no-progress --skip-version-check \
             --disable-telemetry --timeout 90s --format json --list-all-pkgs --output /o.json --scanners vuln \
             --exit-code 0 --cache-backend memory --ignorefile /dev/null --skip-db-update \
             --offline-scan --skip-java-db-update -- /r"
        );
        let repositories = ["registry.example/db".to_owned()];
        let options = Options { access: Access::Network, database_repositories: &repositories, ..options() };
        assert_eq!(
            line(&Trivy.fetch_arguments(&options)),
            "image --download-db-only --cache-dir /c --config /dev/null --no-progress \
             --skip-version-check --disable-telemetry --timeout 90s --db-repository registry.example/db"
        );
    }

    #[test]
    fn what_is_looked_for_is_asked_for_and_nothing_else() {
        let look_for = [Class::Vulnerability, Class::Secret, Class::License, Class::Misconfiguration];
        let options = Options { look_for: &look_for, ..options() };
        let line = line(&Trivy.arguments(&Target::RootFs(Path::new("/r")), &options));
        assert!(line.contains("--scanners vuln,secret,license,misconfig "), "{line}");
        assert!(line.contains("--secret-config  --skip-check-update --ignorefile"), "{line}");
        assert_eq!(Trivy.looks_for(TargetKind::Report), &[]);
        assert!(!Trivy.looks_for(TargetKind::Disk).contains(&Class::Misconfiguration));
    }

    #[test]
    fn only_a_scan_with_the_sample_leaves_files_alone() {
        for (access, skips) in [(Access::Network, false), (Access::Cache, false), (Access::Sample, true)] {
            let line =
                line(&Trivy.arguments(&Target::Disk(Path::new("/d")), &Options { access, ..options() }));
            assert_eq!(line.contains("--skip-files"), skips, "{line}");
            assert_eq!(line.contains("--offline-scan"), access != Access::Network, "{line}");
            assert!(line.contains("--skip-db-update"), "{line}");
        }
        let options = Options { access: Access::Sample, ..options() };
        assert!(!line(&Trivy.arguments(&Target::Sbom(Path::new("/b")), &options)).contains("--skip-files"));
    }

    #[test]
    fn a_log_that_tells_of_a_gap() {
        assert!(Trivy.tells_of_a_gap("2026-11-22T22:05:54Z\tWARN\t[vm] Partition error\terr=\"x\""));
        assert!(Trivy.tells_of_a_gap(
            "2026-11-22T23:38:38Z\tWARN\tThis OS version is not on the EOL list\tfamily=\"debian\" version=\"99\""
        ));
        assert!(!Trivy.tells_of_a_gap("INFO\tDetected OS"));
    }

    #[test]
    fn nothing_filters_the_report() {
        for target in [Target::Disk(Path::new("/d")), Target::Reference("x")] {
            let line = line(&Trivy.arguments(&target, &options()));
            for filter in ["--severity", "--ignore-unfixed", "--ignore-status", "--vex", "--ignore-policy"] {
                assert!(!line.contains(filter), "{line}");
            }
        }
    }
}
