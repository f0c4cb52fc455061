//! What is published of which exception, and that it comes back as it went.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::super::super::{Entry, Format, Given, Source, new_file};
use super::*;
use crate::Exceptions;
use crate::interchange::openvex::Justification;
use crate::policy::ExceptionLimits;

const IMAGE: &str = "pkg:oci/web@sha256%3A00";

fn exceptions(text: &str) -> Exceptions {
    let day = SignedDuration::from_hours(24);
    let limits = ExceptionLimits { max_lifetime: day * 90, warn_before: day, package_level: true };
    Exceptions::parse("e", text, limits).unwrap()
}

fn one(text: &str) -> Exceptions {
    let rest = "owner: o, created: 2026-01-01, expires: 2026-02-01";
    exceptions(&format!("version: 1\nexceptions:\n  - {{reason: Why, {rest}, {text}}}\n"))
}

fn publication<'a>(product: &'a Product, images: &'a [String]) -> Publication<'a> {
    Publication { author: "Acme", product, images, now: "2026-01-02T03:04:05Z".parse().unwrap() }
}

fn published(text: &str, images: &[&str]) -> Exported {
    let product = Product::parse(IMAGE).unwrap();
    let images: Vec<String> = images.iter().map(|image| (*image).to_owned()).collect();
    export(one(text).list(), &publication(&product, &images))
}

/// The statement as JSON, without product and name.
fn said(text: &str) -> String {
    let document = published(text, &["web"]).document.unwrap();
    let mut statement = serde_json::to_value(&document.statements[0]).unwrap();
    let statement = statement.as_object_mut().unwrap();
    statement.remove("products");
    statement.remove("vulnerability");
    serde_json::to_string(statement).unwrap()
}

#[test]
fn what_is_said_of_each_status() {
    for (text, wanted) in [
        (
            "id: A-1",
            r#"{"action_statement":"The risk is accepted until 2026-02-01: Why","status":"affected"}"#,
        ),
        (
            "id: A-1, until: fixed",
            r#"{"action_statement":"The risk is accepted until 2026-02-01, or until there is a fix, which is to be installed then: Why","status":"affected"}"#,
        ),
        (
            "id: A-1, vex: {status: not_affected, justification: component_not_present}",
            r#"{"justification":"component_not_present","status":"not_affected","status_notes":"Why"}"#,
        ),
        (
            "id: A-1, vex: {status: not_affected, impact: Why}",
            r#"{"impact_statement":"Why","status":"not_affected"}"#,
        ),
        (
            "id: A-1, vex: {status: affected, action: Wait}",
            r#"{"action_statement":"Wait","status":"affected","status_notes":"Why"}"#,
        ),
        ("id: A-1, vex: {status: fixed}", r#"{"status":"fixed","status_notes":"Why"}"#),
        (
            "id: A-1, vex: {status: under_investigation}",
            r#"{"status":"under_investigation","status_notes":"Why"}"#,
        ),
    ] {
        assert_eq!(said(text), wanted, "{text}");
    }
}

#[test]
fn what_is_published_and_what_is_not() {
    for (text, images, wanted) in [
        ("id: A-1", &[][..], Ok("")),
        ("id: A-1, purl: pkg:deb/debian/x", &[], Ok("pkg:deb/debian/x")),
        ("id: A-1, purl: pkg:deb/debian/x, version: \"1:2\"", &[], Ok("pkg:deb/debian/x@1%3A2")),
        ("id: A-1, purl: pkg:deb/debian/x@1, package: x", &[], Ok("pkg:deb/debian/x@1")),
        (
            "id: A-1, purl: pkg:golang/github.com/a/b, package: github.com/a/b",
            &[],
            Ok("pkg:golang/github.com/a/b"),
        ),
        ("id: A-1, images: [web]", &["web"], Ok("")),
        ("id: A-1, images: [\"w*\", db]", &["web"], Ok("")),
        ("id: A-1, images: [web]", &[], Err((Effect::Lost, "it is for some images"))),
        ("id: A-1, images: [db]", &["web"], Err((Effect::Idle, "it is for other images"))),
        ("package: x", &[], Err((Effect::Lost, "without naming a vulnerability"))),
        ("id: A-1, package: x", &[], Err((Effect::Lost, "named by its purl"))),
        ("id: A-1, purl: pkg:deb/debian/x, package: y", &[], Err((Effect::Lost, "`y` is not the package"))),
        ("id: A-1, purl: \"pkg:deb/debian/x@1?arch=amd64\"", &[], Err((Effect::Lost, "qualifiers"))),
        ("id: A-1, purl: pkg:generic/x", &[], Err((Effect::Lost, "may begin other packages"))),
        ("id: A-1, purl: pkg:deb/debian/x, versions: vers:deb/<2", &[], Err((Effect::Lost, "no ranges"))),
        ("id: A-1, paths: [usr/x]", &[], Err((Effect::Lost, "no paths"))),
        ("id: A-1, environments: [dev]", &[], Err((Effect::Lost, "no environments"))),
        ("id: key, class: secret", &[], Err((Effect::Idle, "vulnerabilities only"))),
        ("id: A-1, created: 2026-01-03, x", &[], Err((Effect::Idle, "does not hold today"))),
        ("id: A-1, expires: 2026-01-01, x", &[], Err((Effect::Idle, "does not hold today"))),
    ] {
        let exported = match text.strip_suffix(", x") {
            None => published(text, images),
            Some(dated) => {
                let product = Product::parse(IMAGE).unwrap();
                let (key, _) = dated.split_once(": A-1, ").unwrap();
                let rest =
                    if dated.contains("created") { "expires: 2026-02-01" } else { "created: 2026-01-01" };
                let dated = dated.replace(", ", "\n    ");
                let text = format!(
                    "version: 1\nexceptions:\n  - {dated}\n    reason: r\n    owner: o\n    {rest}\n"
                );
                assert_eq!(key, "id");
                export(exceptions(&text).list(), &publication(&product, &[]))
            }
        };
        match wanted {
            Ok(purl) => {
                let document = exported.document.unwrap_or_else(|| panic!("{text}: {:?}", exported.left_out));
                let product = &document.statements[0].products[0];
                assert_eq!(product.id.as_deref(), Some(IMAGE));
                let parts: Vec<_> =
                    product.subcomponents.iter().filter_map(|part| part.id.as_deref()).collect();
                assert_eq!(parts.concat(), purl, "{text}");
            }
            Err((effect, what)) => {
                assert!(exported.document.is_none(), "{text}");
                let left_out = &exported.left_out[0];
                assert_eq!(left_out.effect, effect, "{text}");
                assert!(left_out.what.contains(what), "{text}: {}", left_out.what);
                assert!(left_out.at.line > 1);
            }
        }
    }
}

#[test]
fn products() {
    let digest = "0".repeat(64);
    for (text, json) in [
        (IMAGE.to_owned(), format!(r#"{{"@id":"{IMAGE}","identifiers":{{"purl":"{IMAGE}"}}}}"#)),
        (
            format!("sha256:{digest}"),
            format!(r#"{{"@id":"sha256:{digest}","hashes":{{"sha-256":"{digest}"}}}}"#),
        ),
        (format!("hallmarkBlocks1:{digest}"), format!(r#"{{"@id":"hallmarkBlocks1:{digest}"}}"#)),
    ] {
        let Product(component) = Product::parse(&text).unwrap();
        assert_eq!(serde_json::to_string(&component).unwrap(), json);
    }
    for text in ["", "web", "sha256:00", "pkg:", "pkg:oci", "pkg:oci/", "pkg:oci/a b", "pkg:oci/é", "md5:00"]
    {
        assert!(Product::parse(text).unwrap_err().contains("neither"), "{text}");
    }
}

#[test]
fn the_same_gives_the_same_bytes_and_anything_else_another_id() {
    let product = Product::parse(IMAGE).unwrap();
    let list = one("id: A-1");
    let document = |publication: &Publication<'_>| export(list.list(), publication).document.unwrap();
    let first = document(&publication(&product, &[]));
    assert_eq!(first, document(&publication(&product, &[])));
    assert!(
        first.id.starts_with("https://openvex.dev/docs/public/vex-") && first.id.len() == 100,
        "{}",
        first.id
    );
    let later = Publication { now: "2026-01-02T03:04:06Z".parse().unwrap(), ..publication(&product, &[]) };
    let other = Publication { author: "Other", ..publication(&product, &[]) };
    assert_ne!(first.id, document(&later).id);
    assert_ne!(first.id, document(&other).id);
    assert_eq!(first.timestamp, "2026-01-02T03:04:05Z");
}

#[test]
fn a_file_shows_every_character() {
    let product = Product::parse(IMAGE).unwrap();
    let publication = Publication { author: "\u{202e}a\u{9b}\u{e0041}é", ..publication(&product, &[]) };
    let document = export(one("id: A-1").list(), &publication).document.unwrap();
    let text = document.to_json();
    assert!(text.contains(r#""author": "\u202ea\u009b\udb40\udc41é""#), "{text}");
    assert_eq!(serde_json::from_str::<Document>(&text).unwrap(), document);
}

/// A document read into entries: as the product for one family.
fn read(document: &Document) -> Vec<Entry> {
    let source = Source {
        file: "v",
        text: &document.to_json(),
        today: "2026-01-02".parse().unwrap(),
        product: Some(IMAGE),
    };
    Format::named("openvex").unwrap().read(&source).unwrap().entries
}

/// What of an entry has to come back.
fn lasting(entry: &Entry) -> impl PartialEq + std::fmt::Debug + use<> {
    (entry.is_active(), entry.terms.clone(), entry.reason.clone(), entry.vex.clone())
}

fn statements() -> impl Strategy<Value = Vec<Statement>> {
    let text = || "[a-zA-Z:#'\"\n\u{e9} -]{0,12}x".prop_map(String::from);
    let word = prop::sample::select(Justification::ALL.to_vec());
    let status = prop_oneof![
        (prop::option::of(text()), prop::option::of(word)).prop_map(|(impact, word)| Statement {
            status: Status::NotAffected,
            impact_statement: impact.or_else(|| word.is_none().then(|| "x".to_owned())),
            justification: word,
            ..Statement::default()
        }),
        text().prop_map(|text| Statement {
            status: Status::Affected,
            action_statement: Some(text),
            ..Statement::default()
        }),
        prop::sample::select(vec![Status::Fixed, Status::UnderInvestigation])
            .prop_map(|status| Statement { status, ..Statement::default() }),
    ];
    let purl = prop::sample::select(vec![
        "",
        "pkg:deb/debian/x",
        "pkg:deb/debian/x@1:2",
        "pkg:npm/%40a/b",
        "pkg:golang/github.com/A/b",
        "pkg:rpm/r/l++@1~2",
    ]);
    let aliases = prop::sample::subsequence(vec!["GHSA-1-1".to_owned(), "CVE-9-9".to_owned()], 0..=2);
    let statement = (status, purl, aliases, text()).prop_map(|(mut statement, purl, aliases, notes)| {
        let Product(mut product) = Product::parse(IMAGE).unwrap();
        if !purl.is_empty() {
            product.subcomponents = vec![Component { id: Some(purl.to_owned()), ..Component::default() }];
        }
        statement.products = vec![product];
        statement.vulnerability.aliases = aliases;
        statement.status_notes = Some(notes);
        statement
    });
    prop::collection::vec(statement, 1..6).prop_map(|mut list| {
        for (index, statement) in list.iter_mut().enumerate() {
            // Names of their own: what takes whose place has its own table.
            statement.vulnerability.name = format!("CVE-1-{index}");
            for alias in &mut statement.vulnerability.aliases {
                *alias = format!("{alias}{index}");
            }
        }
        list
    })
}

proptest! {
    #[test]
    fn in_and_out_and_in_again_is_in(list in statements()) {
        let product = Product::parse(IMAGE).unwrap();
        let images = ["web".to_owned()];
        let publication = publication(&product, &images);
        let first = read(&document(list, &publication));
        prop_assert!(first.iter().all(Entry::is_active), "{:?}", first);
        let given = Given {
            created: "2026-01-02".parse().unwrap(),
            owner: Some("o".to_owned()),
            expires: Some("2026-02-01".parse().unwrap()),
            ticket: None,
            reason: None,
            images: images.to_vec(),
        };
        let imported = crate::interchange::Imported { entries: first.clone(), strays: vec![] };
        let file = new_file(&imported, &given, "v");
        let exported = export(exceptions(&file).list(), &publication);
        prop_assert!(exported.left_out.is_empty(), "{:?}\n{}", exported.left_out, file);
        let again = read(&exported.document.unwrap());
        let lasting = |list: &[Entry]| list.iter().map(lasting).collect::<Vec<_>>();
        prop_assert_eq!(lasting(&first), lasting(&again));
    }
}
