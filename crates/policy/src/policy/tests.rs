use super::*;

const GOOD: &str = "\
version: 1
name: p
signers: {bake: {key: b.pub}, assay: }
evidence:
  provenance: {signed-by: [bake], required: true}
  vulns: {signed-by: [assay], required: true, seen: [disk], max-age: 24h}
vulnerabilities:
  - {severity: critical, fixable: true, then: fail}
reasons: {sample-database: note}
";

fn keys() -> BTreeMap<String, String> {
    ["bake", "assay"]
        .map(|name| (name.into(), format!("-----BEGIN PUBLIC KEY-----\n{name}\n-----END PUBLIC KEY-----\n")))
        .into()
}

#[test]
fn a_good_policy_reads() {
    let policy = Policy::parse("p.yml", GOOD).unwrap();
    assert_eq!(policy.name(), "p");
    assert_eq!(policy.signers_of(EvidenceKind::Vulns), ["assay"]);
    assert_eq!(policy.signers_of(EvidenceKind::Release), [""; 0]);
    assert_eq!(policy.weight(Code::SampleDatabase), Weight::Note);
    assert_eq!(policy.weight(Code::MissingEvidence), Weight::Fail);
    assert_eq!(
        policy.signers().collect::<Vec<_>>(),
        [("assay", None), ("bake", Some(&Credential::KeyFile("b.pub".into())))]
    );
}

#[test]
fn resolved_bytes_read_back_to_the_same_bytes() {
    let resolved = Policy::parse("p.yml", GOOD).unwrap().resolve(&keys()).unwrap();
    let text = String::from_utf8(resolved.bytes().to_vec()).unwrap();
    let again = ResolvedPolicy::parse("resolved.json", &text).unwrap();
    assert_eq!(again.bytes(), resolved.bytes());
    assert_eq!(again.digest(), resolved.digest());
    assert!(text.contains(r#""missing-evidence":"fail""#), "defaults are written out: {text}");
}

#[test]
fn spelling_does_not_change_the_digest_and_meaning_does() {
    let digest = |text: &str, keys: &BTreeMap<String, String>| {
        Policy::parse("p.yml", text).unwrap().resolve(keys).unwrap().digest()
    };
    let first = digest(GOOD, &keys());
    let crlf = keys()
        .into_iter()
        .map(|(name, pem)| (name, format!("a comment\r\n{}", pem.replace('\n', "\r\n"))))
        .collect();
    assert_eq!(first, digest(GOOD, &crlf));
    assert_eq!(first, digest(&format!("# a comment\n{}", GOOD.replace("24h", "1d")), &keys()));
    assert_ne!(first, digest(&GOOD.replace("24h", "2d"), &keys()));
    let long = |at: usize| {
        let body = "A".repeat(124);
        let (head, tail) = body.split_at(at);
        let mut keys = keys();
        keys.insert(
            "bake".into(),
            format!("-----BEGIN PUBLIC KEY-----\n{head}\n{tail}\n-----END PUBLIC KEY-----\n"),
        );
        digest(GOOD, &keys)
    };
    assert_eq!(long(64), long(76), "however long its lines are");
    assert_ne!(long(64), first);
    let mut other = keys();
    other.insert("bake".into(), other["assay"].clone());
    assert_ne!(first, digest(GOOD, &other));
}

#[test]
fn a_signer_without_a_key_and_a_key_for_nobody_are_refused() {
    let mut given = keys();
    given.remove("bake");
    given.insert("mallory".into(), "k".into());
    let problems = Policy::parse("p.yml", GOOD).unwrap().resolve(&given).unwrap_err().to_string();
    assert!(problems.contains("p.yml:3:11: the signer `bake` has no key"), "{problems}");
    assert!(problems.contains("`mallory`, which is none of the policy's signers"), "{problems}");
}

#[test]
fn a_key_that_the_policy_carries_is_not_exchanged() {
    let text = GOOD.replace("{key: b.pub}", "{pem: 'mine'}");
    let resolve = |key: &str| {
        let given: BTreeMap<String, String> =
            [("bake", key), ("assay", "a")].map(|(name, pem)| (name.into(), pem.into())).into();
        Policy::parse("p.yml", &text).unwrap().resolve(&given)
    };
    assert_eq!(resolve(" mine\r\n").unwrap().signers()["bake"], ResolvedSigner::Key("mine\n".into()));
    let problems = resolve("theirs").unwrap_err().to_string();
    assert!(
        problems.contains("another key is given for the signer `bake` than the policy carries"),
        "{problems}"
    );
}

/// Each row: what is changed in the good policy, and the problem that comes of it, in full.
#[test]
fn mistakes_say_where_what_and_how_to_mend() {
    let mut wrong = String::new();
    for (from, to, wanted) in [
        (
            "version: 1",
            "version: 2",
            "p.yml:1:10: this version is not known: this program reads `version: 1`",
        ),
        ("version: 1\n", "", "p.yml:1:1: the policy has no `version`: add `version: 1`"),
        ("name: p", "name: 'P p'", "p.yml:2:7: `P p` is no name: use small letters, digits and dashes"),
        ("name: p", "name: 1.5", "p.yml:2:7: `name` reads as a fraction: put it in quotes"),
        ("name: p", "nmae: p", "p.yml:2:1: `nmae` is not known in the policy: did you mean `name`?"),
        (
            "provenance:",
            "provenence:",
            "p.yml:5:3: `provenence` is not known in evidence: did you mean `provenance`?",
        ),
        (
            "signed-by: [bake]",
            "signed-by: [bakr]",
            "p.yml:5:28: `bakr` is none of the policy's signers: did you mean `bake`?",
        ),
        ("signed-by: [bake], ", "", "p.yml:5:15: `provenance` has no `signed-by`: add `signed-by: [assay]`"),
        (
            "signed-by: [bake]",
            "signed-by: []",
            "p.yml:5:27: nobody may sign `provenance`: name at least one signer",
        ),
        (
            "seen: [disk]",
            "seen: [in-build]",
            "p.yml:6:54: `in-build` is not known in seen: one of `disk`, `rootfs`, `source` is wanted",
        ),
        (
            "max-age: 24h",
            "max-age: 24",
            "p.yml:6:70: `max-age` is 24, without a unit: write one behind it, such as `24h` or `7d`",
        ),
        (
            "max-age: 24h",
            "max-age: 1y",
            "p.yml:6:70: `max-age` is `1y`: a whole number with `s`, `m`, `h`, `d` or `w` is wanted, such as `24h` or `7d`",
        ),
        ("max-age: 24h", "min-tests: 1", "p.yml:6:61: `min-tests` is not known in `vulns`"),
        (
            "max-age: 24h",
            "min-packages: 0",
            "p.yml:6:75: `min-packages` is 0: at least 1 is wanted: nothing seen proves nothing",
        ),
        (
            "required: true, seen",
            "required: yes please, seen",
            "p.yml:6:41: `required` is text: `true` or `false` is wanted",
        ),
        ("severity: critical", "severity: crit", "p.yml:8:16: `crit` is not known in severity"),
        (
            "severity: critical",
            "severity: []",
            "p.yml:8:16: a rule for no severity matches nothing: name at least one severity",
        ),
        (
            "then: fail",
            "then: block",
            "p.yml:8:47: `block` is not known in then: one of `fail`, `review`, `note` is wanted",
        ),
        (", then: fail", "", "p.yml:8:5: a rule has no `then`: add `then: fail`"),
        (
            "  vulns: {signed-by: [assay], required: true,",
            "  vulns: {signed-by: [assay], required: false,",
            "p.yml:8:3: there are rules for vulnerabilities, but no scan is required: add `vulns: {signed-by: […], required: true}` to `evidence`",
        ),
        (
            "sample-database: note",
            "sample-databse: note",
            "p.yml:9:11: `sample-databse` is no reason: did you mean `sample-database`?",
        ),
        (
            "sample-database: note",
            "bad-signature: note",
            "p.yml:9:11: `bad-signature` always leads to `fail`: remove this line",
        ),
        (
            "sample-database: note",
            "fixable-vulnerability: note",
            "p.yml:9:11: `fixable-vulnerability` has no weight of its own: write a rule under `vulnerabilities`",
        ),
        (
            "sample-database: note",
            "sample-database: refuse",
            "p.yml:9:28: `refuse` is not known in sample-database: one of `fail`, `review`, `note` is wanted",
        ),
        (
            "assay: }",
            "assay: , extra: {key: x}}",
            "p.yml:3:40: the signer `extra` may sign nothing: name it in a `signed-by`, or remove it",
        ),
        (
            "{key: b.pub}",
            "{key: b.pub, pem: x}",
            "p.yml:3:17: the signer `bake` has two keys: keep `key` or `pem`",
        ),
        (
            "reasons: {sample-database: note}",
            "exceptions: {max-lifetime: long}",
            "p.yml:9:28: `max-lifetime` is `long`",
        ),
        (
            "reasons: {sample-database: note}",
            "reasons: [a]",
            "p.yml:9:10: `reasons` is a list: a mapping is wanted",
        ),
        (
            "reasons: {sample-database: note}",
            "name: q",
            "p.yml:9:1: the key `name` is there twice: keep one of them",
        ),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let problems = Policy::parse("p.yml", &GOOD.replacen(from, to, 1)).unwrap_err().to_string();
        if !problems.lines().any(|line| line.starts_with(wanted)) {
            wrong.push_str(&format!(
                "{to}:
wanted {wanted}
found  {problems}
"
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_policy_that_asks_for_nothing_is_refused() {
    for text in [
        "",
        "version: 1",
        "[]",
        "~",
        "a",
        "version: 1\nname: p\nsigners: {a: }\nevidence: {vulns: {signed-by: a}}\nvulnerabilities: []\n",
    ] {
        assert!(Policy::parse("p.yml", text).is_err(), "{text:?}");
    }
}

#[test]
fn every_mistake_is_told_at_once_and_in_order() {
    let text = GOOD.replace("version: 1", "version: 3").replace("then: fail", "then: block");
    assert_eq!(Policy::parse("p.yml", &text).unwrap_err().0.len(), 2);
}

/// Which severities a rule is for; the empty list is about every one.
#[test]
fn severities_truth_table() {
    use Severity::{Critical, High, Low, Medium, Negligible, Unknown};
    let rule = |severity: &[Severity]| Rule { severity: severity.to_vec(), ..Rule::about_all(Weight::Fail) };
    for (rule, severity, fits) in [
        (rule(&[]), Critical, true),
        (rule(&[]), Unknown, true),
        (rule(&[Critical]), Critical, true),
        (rule(&[Critical]), High, false),
        (rule(&[High, Critical]), High, true),
        (rule(&[Unknown]), Unknown, true),
        (rule(&[Low]), Unknown, true),
        (rule(&[Medium]), Unknown, true),
        (rule(&[High]), Unknown, false),
        (rule(&[Negligible]), Unknown, false),
        (rule(&[Unknown]), Low, false),
        (rule(&[Low]), Medium, false),
    ] {
        assert_eq!(rule.covers(severity), fits, "{rule:?} {severity}");
    }
}

/// Everything that a policy can say, in the order in which it is written.
const WHOLE: &str = "\
mode: report-only
secrets: [{severity: [critical, high], then: fail}, {id: aws-key, path: ['home/**'], then: review}]
licenses: [{id: 'AGPL-*', package: openssl, then: review}]
misconfigurations: [{severity: critical, then: fail}]
feeds: {epss: {max-age: 3d}, kev: {max-age: 7d}}
exceptions: {max-lifetime: 30d, warn-before: 7d, package-level: allow}
auto-approve:
  - {reasons: [unfixed-vulnerability], environments: [dev], images: ['db-*'], severity: low, unchanged: true}
";

const CONDITIONS: &str = "{severity: high, fixable: true, cvss-at-least: 9.0, epss-at-least: 0.1, kev: true, \
    older-than: 30d, package: [a, 'b-*'], layer: image, id: 'CVE-*', path: 'usr/**', unscored: ignore, then: review}";

#[test]
fn a_policy_that_says_everything_resolves_and_reads_back() {
    let text =
        format!("{GOOD}{WHOLE}").replace("{severity: critical, fixable: true, then: fail}", CONDITIONS);
    let resolved = Policy::parse("p.yml", &text).unwrap().resolve(&keys()).unwrap();
    let written = String::from_utf8(resolved.bytes().to_vec()).unwrap();
    let again = ResolvedPolicy::parse("resolved.json", &written).unwrap();
    assert_eq!(again.bytes(), resolved.bytes());
    assert!(again.policy().report_only() && again.policy().exception_limits().package_level);
    assert_eq!(again.policy().rules(Class::Vulnerability), resolved.policy().rules(Class::Vulnerability));
    for part in [
        r#""mode":"report-only""#,
        r#""cvss-at-least":9,"#,
        r#""epss-at-least":0.1,"#,
        r#""feeds":{"epss":{"max-age":"3d"},"kev":{"max-age":"7d"}}"#,
        r#""package-level":"allow""#,
        r#""unscored":"ignore""#,
        r#"{"environments":["dev"],"images":["db-*"],"reasons":["unfixed-vulnerability"],"severity":["low"],"unchanged":true}"#,
    ] {
        assert!(written.contains(part), "{part} is not in {written}");
    }
}

/// A policy that says nothing of the later sections resolves to bytes that do not name them.
#[test]
fn what_a_policy_does_not_say_is_not_written() {
    let resolved = Policy::parse("p.yml", GOOD).unwrap().resolve(&keys()).unwrap();
    let written = String::from_utf8(resolved.bytes().to_vec()).unwrap();
    for key in ["mode", "secrets", "licenses", "misconfigurations", "feeds", "auto-approve", "package-level"]
    {
        assert!(!written.contains(&format!("\"{key}\":")), "{key} is in {written}");
    }
}

/// Each row: a rule or an entry, and the problem that comes of it.
#[test]
fn mistaken_conditions_say_how_to_mend() {
    let mut wrong = String::new();
    for (section, text, wanted) in [
        (
            "secrets",
            "{then: fail}",
            "p.yml:10:11: a rule without a condition would be about everything: say which",
        ),
        ("secrets", "{severity: high, kev: true, then: fail}", "p.yml:10:28: `kev` is not known in a rule"),
        ("secrets", "{id: [], then: fail}", "p.yml:10:16: `id` is empty: write one such as"),
        ("secrets", "{id: 'a*b', then: fail}", "p.yml:10:16: `a*b` has a `*` that is not at its end"),
        ("secrets", "{path: 'a[', then: fail}", "p.yml:10:18: `a[` is no path with wildcards"),
        (
            "licenses",
            "{severity: high, unscored: ignore, then: fail}",
            "p.yml:10:29: `unscored` is not known in a rule",
        ),
        ("auto-approve", "{reasons: []}", "p.yml:10:26: an entry for no reason clears nothing"),
        ("auto-approve", "{unchanged: true}", "p.yml:10:16: an entry of auto-approve has no `reasons`"),
        (
            "auto-approve",
            "{reasons: [bad-signature]}",
            "p.yml:10:27: nothing clears `bad-signature` by itself: remove it",
        ),
        (
            "auto-approve",
            "{reasons: [tests-warned], unchanged: true}",
            "p.yml:10:27: `tests-warned` is about no findings",
        ),
        (
            "auto-approve",
            "{reasons: [tests-wrned]}",
            "p.yml:10:27: `tests-wrned` is no reason: did you mean `tests-warned`?",
        ),
    ] {
        let text = format!("{GOOD}{section}: [{text}]\n");
        let problems = Policy::parse("p.yml", &text).unwrap_err().to_string();
        if !problems.lines().any(|line| line.starts_with(wanted)) {
            wrong.push_str(&format!("{text}\nwanted {wanted}\nfound  {problems}\n"));
        }
    }
    for (condition, wanted) in [
        ("cvss-at-least: 11", "`cvss-at-least` is 11: a number above 0 and up to 10 is wanted"),
        ("cvss-at-least: 0", "`cvss-at-least` is 0: a number above 0"),
        ("epss-at-least: 10", "`epss-at-least` is 10: a number above 0 and up to 1 is wanted, such as 0.1"),
        ("epss-at-least: -0.1", "`epss-at-least` is -0.1"),
        ("epss-at-least: .nan", "value `.nan` is not a finite number"),
        ("epss-at-least: '0.1'", "`epss-at-least` is text"),
        ("kev: false", "`kev: false` would let go of what becomes known to be exploited"),
        ("kev: 1", "`kev` is a number: `true` or `false` is wanted"),
        ("older-than: 30", "`older-than` is 30, without a unit"),
        ("unscored: ignore", "a rule without a condition"),
        ("severity: high, unscored: ignore", "`unscored` in a rule that reads no score"),
        ("severity: high, unscored: count", "`count` is not known in unscored"),
    ] {
        let text = GOOD.replace("severity: critical, fixable: true", condition);
        let problems = Policy::parse("p.yml", &text).unwrap_err().to_string();
        if !problems.lines().any(|line| line.contains(wanted)) {
            wrong.push_str(&format!("{condition}\nwanted {wanted}\nfound  {problems}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
