//! A decision about a Debian image as it might be: the same each time, with as many findings as are wanted.

use model::{Reason, Severity, Weight};
use report::{
    AutoApproved, Changed, Changes, Evidence, Exception, Finding, Image, Layer, Package, Policy, Source,
    Upgrade, Vex, View,
};

const BASE: &str = "debian-base-20261101";
const APP: &str = "debian-app-20261122";

/// Id, severity, package, installed, fixed in, CVSS, EPSS, title.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str, f64, f64, &'static str);

#[rustfmt::skip]
const KNOWN: &[Row] = &[
    ("CVE-2025-32463", "critical", "sudo", "1.9.13p3-1+deb12u1", "1.9.13p3-1+deb12u2", 9.3, 0.262, "sudo: local privilege escalation through the chroot option"),
    ("CVE-2024-6387", "high", "openssh-server", "1:9.2p1-2+deb12u2", "1:9.2p1-2+deb12u3", 8.1, 0.657, "openssh: regreSSHion, a race in sshd's signal handler lets code run remotely"),
    ("CVE-2023-44487", "high", "libnghttp2-14", "1.52.0-1", "1.52.0-1+deb12u1", 7.5, 0.944, "HTTP/2: many streams that are reset at once exhaust the server (Rapid Reset)"),
    ("CVE-2023-45853", "critical", "zlib1g", "1:1.2.13.dfsg-1", "", 9.8, 0.012, "zlib: integer overflow and heap overflow in zipOpenNewFileInZip4_64 of MiniZip"),
    ("CVE-2024-45491", "critical", "libexpat1", "2.5.0-1", "2.5.0-1+deb12u1", 9.8, 0.007, "libexpat: integer overflow or wraparound in dtdCopy"),
    ("CVE-2024-2961", "high", "libc6", "2.36-9+deb12u4", "2.36-9+deb12u6", 7.3, 0.921, "glibc: out of bounds write in iconv may lead to remote code execution"),
    ("CVE-2023-4911", "high", "libc-bin", "2.36-9+deb12u1", "2.36-9+deb12u3", 7.8, 0.648, "glibc: buffer overflow in ld.so leading to privilege escalation (Looney Tunables)"),
    ("CVE-2025-6020", "high", "libpam-modules", "1.5.2-6+deb12u1", "", 7.8, 0.001, "linux-pam: directory traversal in pam_namespace"),
    ("CVE-2024-28085", "high", "util-linux", "2.38.1-5", "2.38.1-5+deb12u1", 8.4, 0.022, "util-linux: wall: escape sequences in an argument reach other people's terminals"),
    ("CVE-2025-6965", "high", "libsqlite3-0", "3.40.1-2", "3.40.1-2+deb12u2", 7.7, 0.004, "sqlite: the number of aggregate terms can exceed the columns available"),
    ("CVE-2023-31484", "high", "perl-base", "5.36.0-7+deb12u1", "", 8.1, 0.009, "perl: CPAN.pm does not verify TLS certificates when it downloads"),
    ("CVE-2024-5535", "medium", "libssl3", "3.0.11-1~deb12u2", "3.0.15-1~deb12u1", 5.9, 0.043, "openssl: SSL_select_next_proto buffer overread"),
    ("CVE-2023-50495", "medium", "libtinfo6", "6.4-4", "", 6.5, 0.002, "ncurses: segmentation fault through _nc_wrap_entry()"),
    ("CVE-2023-7008", "medium", "systemd", "252.17-1~deb12u1", "252.21-1~deb12u1", 5.9, 0.011, "systemd-resolved: unsigned answers are taken in a zone that is signed"),
    ("CVE-2024-26462", "medium", "libkrb5-3", "1.20.1-2+deb12u1", "1.20.1-2+deb12u2", 5.5, 0.001, "krb5: memory leak in the KDC"),
    ("CVE-2025-4802", "unknown", "libc6", "2.36-9+deb12u4", "2.36-9+deb12u11", 0.0, 0.0, "glibc: a static setuid program searches LD_LIBRARY_PATH"),
    ("CVE-2022-0563", "low", "util-linux", "2.38.1-5", "", 5.5, 0.001, "util-linux: partial disclosure of arbitrary files in chfn and chsh"),
    ("CVE-2011-3374", "low", "apt", "2.6.1", "", 3.7, 0.003, "apt-key in apt, all versions, does not validate GPG keys with the master keyring"),
    ("CVE-2017-18018", "low", "coreutils", "9.1-1", "", 4.7, 0.001, "coreutils: race condition in chown and chgrp"),
    ("CVE-2013-4392", "low", "libsystemd0", "252.17-1~deb12u1", "252.21-1~deb12u1", 3.3, 0.001, "systemd: TOCTOU race when file permissions are updated"),
    ("CVE-2005-2541", "negligible", "tar", "1.34+dfsg-1.2+deb12u1", "", 7.0, 0.021, "tar: does not warn when it extracts setuid files"),
    ("CVE-2010-4756", "negligible", "libc6", "2.36-9+deb12u4", "", 4.0, 0.006, "glibc: glob with many braces exhausts processor and memory"),
    ("CVE-2018-20796", "negligible", "libc-bin", "2.36-9+deb12u4", "", 7.5, 0.018, "glibc: uncontrolled recursion in check_dst_limits_calc_pos_1"),
];

/// The decision, with this many findings (not fewer than the known ones).
pub(crate) fn view(findings: usize) -> View {
    let findings = findings_of(findings.max(KNOWN.len() + 2));
    let changes = changes(&findings);
    let reasons = reasons();
    View {
        image: Image {
            name: "debian-app".into(),
            family: "debian-app".into(),
            architecture: "amd64".into(),
            os: "debian 12".into(),
            content_digest: digest("content"),
            layers: [BASE, APP]
                .map(|name| Layer { name: name.into(), bake_id: digest(name) })
                .into(),
        },
        policy: Policy { name: "acme".into(), digest: digest("policy") },
        verdict: model::Verdict::of(&reasons),
        report_only: true,
        environment: Some("prod".into()),
        sources: [
            ("policy", "acme/images, refs/heads/main: policies/acme.yml"),
            ("policy it extends", "recommended, as this gate ships it"),
            ("exceptions", "acme/images, refs/heads/main: policies/exceptions.yml"),
            ("EPSS", "epss_scores-2026-11-22.csv.gz, of 2026-11-22"),
            ("KEV", "known_exploited_vulnerabilities.json, of 2026-11-21"),
        ]
        .map(|(what, place)| Source { what: what.into(), place: place.into(), digest: digest(place) })
        .into(),
        decided_on: "2026-11-22T09:41:07Z".into(),
        reasons,
        waived: None,
        auto_approved: vec![AutoApproved {
            reason: reason(
                Weight::Review,
                "unfixed-vulnerability",
                "2 medium vulnerabilities without a fix: CVE-2023-50495 in libtinfo6, CVE-2016-2781 in coreutils.",
                &["vulns.4be1c2.sigstore.json"],
                "Wait for a fix, write an exception, or have a person approve.",
            ),
            rule: "auto-approve: unchanged findings of severity medium or low in dev, staging, prod (acme.yml:31)".into(),
        }],
        changes: Some(changes),
        findings,
        exceptions: exceptions(),
        evidence: evidence(),
        packages: packages(),
    }
}

fn findings_of(count: usize) -> Vec<Finding> {
    let mut list: Vec<Finding> = (0..count - 2).map(finding).collect();
    list.push(Finding {
        class: "secret".into(),
        id: "aws-access-key-id".into(),
        severity: Severity::Critical,
        path: Some("opt/app/deploy/.env".into()),
        layer: Some(APP.into()),
        title: "AWS access key id".into(),
        outcome: "fail".into(),
        new: true,
        scanner: "trivy".into(),
        ..Finding::default()
    });
    list.push(Finding {
        class: "license".into(),
        id: "AGPL-3.0-only".into(),
        severity: Severity::High,
        package: "ghostscript".into(),
        version: "10.0.0~dfsg-11+deb12u1".into(),
        layer: Some(APP.into()),
        title: "A licence that asks for the source of whatever is offered over a network".into(),
        outcome: "review".into(),
        scanner: "trivy".into(),
        ..Finding::default()
    });
    let weight = |finding: &Finding| {
        ["fail", "review", "note", "suppressed", "allowed"].iter().position(|one| *one == finding.outcome)
    };
    list.sort_by_key(|finding| (weight(finding), std::cmp::Reverse(finding.severity.rank_for_decision())));
    list
}

fn finding(at: usize) -> Finding {
    let (id, severity, package, version, fixed, cvss, epss, title) = KNOWN[at % KNOWN.len()];
    let round = at / KNOWN.len();
    let severity: Severity = severity.parse().unwrap_or(Severity::Unknown);
    let suppressed = round == 0 && matches!(id, "CVE-2023-45853" | "CVE-2011-3374");
    let again = if round == 0 {
        id.to_owned()
    } else {
        format!("CVE-{}-{}", 2012 + round % 15, 1000 + at * 7 % 60_000)
    };
    let year = again.split('-').nth(1).unwrap_or("2026");
    let published = format!("{year}-0{}-1{}T08:15:00Z", 1 + at % 9, at % 9);
    let kind =
        |package: &str| if round == 0 { package.to_owned() } else { format!("{package}-{}", round % 97) };
    Finding {
        aliases: if at.is_multiple_of(4) { vec![format!("DSA-{}-1", 5200 + at % 700)] } else { vec![] },
        id: again,
        severity,
        package: kind(package),
        source: Some(package.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').into()),
        version: version.into(),
        fixed: Some(fixed).filter(|fixed| !fixed.is_empty()).map(str::to_owned),
        layer: Some(if at.is_multiple_of(3) { APP } else { BASE }.into()),
        title: title.into(),
        description: format!(
            "{title}. An attacker who controls the input may use this.\n\nDebian judges it by how the package is built and \
             used there; other distributions may see it differently."
        ),
        cvss: Some(cvss).filter(|score| *score > 0.0),
        epss: Some(epss).filter(|score| *score > 0.0),
        kev: round.is_multiple_of(50) && matches!(id, "CVE-2025-32463" | "CVE-2023-44487" | "CVE-2023-4911"),
        published: Some(published),
        new: round == 0 && matches!(id, "CVE-2025-32463" | "CVE-2025-6020" | "CVE-2025-4802"),
        outcome: match (suppressed, severity, fixed.is_empty()) {
            (true, _, _) => "suppressed",
            (_, Severity::Critical | Severity::High, false) => "fail",
            (_, Severity::Critical | Severity::High | Severity::Unknown, _) => "review",
            (_, Severity::Medium, false) => "note",
            _ => "allowed",
        }
        .into(),
        exceptions: if suppressed { vec![usize::from(id == "CVE-2011-3374")] } else { vec![] },
        scanner: "trivy".into(),
        links: vec![
            format!("https://security-tracker.debian.org/tracker/{id}"),
            format!("https://nvd.nist.gov/vuln/detail/{id}"),
        ],
        ..Finding::default()
    }
}

fn reasons() -> Vec<Reason> {
    use Weight::{Fail, Note, Review};
    let scan: &[&str] = &[&findings_digest("fail"), "vulns.4be1c2.sigstore.json"];
    vec![
        reason(
            Fail,
            "fixable-vulnerability",
            "2 critical vulnerabilities with a fix: CVE-2024-45491 in libexpat1, CVE-2025-32463 in sudo.",
            scan,
            "Update the packages: bake again from a newer snapshot.",
        ),
        reason(
            Fail,
            "known-exploited",
            "3 vulnerabilities are known to be exploited: CVE-2023-44487 in libnghttp2-14, CVE-2023-4911 in libc-bin, CVE-2025-32463 in sudo.",
            &["KEV of 2026-11-21", "vulns.4be1c2.sigstore.json"],
            "Update the packages, or remove them.",
        ),
        reason(
            Fail,
            "secret",
            "1 critical secret: aws-access-key-id at opt/app/deploy/.env.",
            scan,
            "Remove it from the image, and make it worthless where it is used.",
        ),
        reason(
            Review,
            "license",
            "1 licence: AGPL-3.0-only in ghostscript.",
            scan,
            "Remove the package, or have a person approve.",
        ),
        reason(
            Review,
            "unfixed-vulnerability",
            "3 high vulnerabilities without a fix: CVE-2023-31484 in perl-base, CVE-2025-6020 in libpam-modules, CVE-2025-4802 in libc6.",
            scan,
            "Wait for a fix, write an exception, or have a person approve.",
        ),
        reason(
            Note,
            "exception-ending",
            "The exception for CVE-2023-45853 (line 4) ends after 2026-11-30.",
            &[],
            "Mend what it is about, or have its owner renew it.",
        ),
        reason(
            Note,
            "exception-unused",
            "The exception for openssh-client (line 27) matches nothing in this image.",
            &[],
            "Remove it from the file.",
        ),
    ]
}

fn reason(weight: Weight, code: &str, message: &str, evidence: &[&str], clears: &str) -> Reason {
    Reason {
        weight,
        code: code.into(),
        message: message.into(),
        evidence: evidence.iter().map(|one| (*one).to_owned()).collect(),
        clears: clears.into(),
    }
}

fn changes(findings: &[Finding]) -> Changes {
    let changed = |f: &Finding| Changed {
        class: f.class.clone(),
        id: f.id.clone(),
        severity: f.severity,
        package: f.package.clone(),
        version: f.version.clone(),
        path: f.path.clone(),
        fixed: f.fixed.clone(),
    };
    let new: Vec<Changed> = findings.iter().filter(|f| f.new).map(changed).collect();
    let fixed = [
        ("CVE-2024-3596", "high", "libkrad0"),
        ("CVE-2023-46218", "medium", "libcurl4"),
        ("CVE-2023-5981", "medium", "libgnutls30"),
    ];
    let package = |name: &str, version: &str| Package {
        name: name.into(),
        version: version.into(),
        ..Package::default()
    };
    Changes {
        since: "golden/debian-12/stable: debian-app-20261101".into(),
        unchanged: findings.len() - new.len(),
        new,
        fixed: fixed
            .iter()
            .map(|(id, severity, package)| Changed {
                class: "vulnerability".into(),
                id: (*id).into(),
                severity: severity.parse().unwrap_or(Severity::Unknown),
                package: (*package).into(),
                version: "1.20.1-2".into(),
                path: None,
                fixed: None,
            })
            .collect(),
        added: vec![package("ghostscript", "10.0.0~dfsg-11+deb12u1")],
        removed: vec![package("telnet", "0.17+2.4-2")],
        upgraded: [
            ("curl", "7.88.1-10+deb12u4", "7.88.1-10+deb12u8"),
            ("libgnutls30", "3.7.9-2", "3.7.9-2+deb12u3"),
            ("tzdata", "2024a-0+deb12u1", "2026b-0+deb12u1"),
        ]
        .map(|(name, before, now)| Upgrade { name: name.into(), before: before.into(), now: now.into() })
        .into(),
    }
}

fn exceptions() -> Vec<Exception> {
    vec![
        Exception {
            label: "CVE-2023-45853".into(),
            scope: vec!["package zlib1g".into(), "images debian-*".into()],
            line: 4,
            state: "ending".into(),
            suppressed: 1,
            reason: "MiniZip is not part of Debian's zlib1g: the vulnerable code is not built.".into(),
            owner: "platform@acme.example".into(),
            ticket: "SEC-2231".into(),
            created: "2026-09-01".into(),
            expires: "2026-11-30".into(),
            vex: Some(Vex {
                status: "not_affected".into(),
                justification: Some("vulnerable_code_not_present".into()),
                impact: Some("contrib/minizip is not compiled".into()),
                action: None,
            }),
            ..Exception::default()
        },
        Exception {
            label: "CVE-2011-3374".into(),
            scope: vec!["package apt".into()],
            line: 17,
            state: "holds".into(),
            suppressed: 1,
            reason: "apt-key is not used: keys are files in /etc/apt/keyrings.".into(),
            owner: "platform@acme.example".into(),
            ticket: "SEC-1904".into(),
            created: "2026-10-10".into(),
            expires: "2027-01-08".into(),
            until_fixed: true,
            ..Exception::default()
        },
        Exception {
            label: "openssh-client".into(),
            scope: vec!["versions vers:deb/<1:9.2".into()],
            line: 27,
            state: "unused".into(),
            reason: "Only used to reach the bastion.".into(),
            owner: "network@acme.example".into(),
            ticket: "SEC-2007".into(),
            created: "2026-10-01".into(),
            expires: "2026-12-20".into(),
            ..Exception::default()
        },
    ]
}

fn evidence() -> Vec<Evidence> {
    [
        (
            "provenance",
            "provenance.90c1aa.sigstore.json",
            "bake (key 7d1f03)",
            "2026-11-22T09:12:40Z",
            "decides",
            "",
        ),
        (
            "sbom",
            "sbom.17ee42.sigstore.json",
            "assay (key c2ab91)",
            "2026-11-22T09:31:02Z",
            "decides",
            "disk",
        ),
        (
            "signature-verification",
            "signature-verification.5b02d9.sigstore.json",
            "bake (key 7d1f03)",
            "2026-11-22T09:02:11Z",
            "decides",
            "",
        ),
        (
            "test-result",
            "test-result.0cc7e1.sigstore.json",
            "assay (key c2ab91)",
            "2026-11-22T09:36:55Z",
            "decides",
            "booted",
        ),
        (
            "vulns",
            "vulns.4be1c2.sigstore.json",
            "assay (key c2ab91)",
            "2026-11-22T09:39:20Z",
            "decides",
            "disk",
        ),
        (
            "vulns",
            "vulns.a90d77.sigstore.json",
            "assay (key c2ab91)",
            "2026-11-21T17:05:13Z",
            "superseded",
            "disk",
        ),
    ]
    .map(|(kind, file, signer, issued, state, seen)| Evidence {
        kind: kind.into(),
        file: file.into(),
        signer: signer.into(),
        issued: issued.into(),
        state: state.into(),
        seen: seen.into(),
    })
    .into()
}

fn packages() -> Vec<Package> {
    let named =
        KNOWN.iter().map(|(_, _, package, version, ..)| ((*package).to_owned(), (*version).to_owned()));
    let others = (0..320).map(|n| {
        (
            format!("lib{}{}", ["x11", "gst", "boost", "python3", "perl"][n % 5], n),
            format!("{}.{}-{}", 1 + n % 7, n % 30, 1 + n % 4),
        )
    });
    let mut all: Vec<Package> = named
        .chain(others)
        .enumerate()
        .map(|(at, (name, version))| Package {
            source: Some(name.trim_end_matches(|c: char| c.is_ascii_digit()).into()),
            layer: Some(if at.is_multiple_of(3) { APP } else { BASE }.into()),
            name,
            version,
            path: None,
        })
        .collect();
    all.sort();
    all.dedup();
    all
}

fn findings_digest(of: &str) -> String {
    format!("findings:{}", digest(of))
}

fn digest(of: &str) -> String {
    format!("sha256:{}", model::Sha256::of(of.as_bytes()))
}
