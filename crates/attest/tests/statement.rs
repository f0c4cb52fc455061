//! Statements: exact bytes out, and what is let in.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops where it fails")]

use attest::predicate::{release, vulns};
use attest::{JsonError, Kind, MAX_STATEMENT, STATEMENT_TYPE, Statement, StatementError, read_unsigned};
use model::{ContentDigest, Sha256, Subject};
use serde_json::{Value, json};

const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn read(value: &Value) -> Result<Statement, StatementError> {
    Statement::from_bytes(&serde_json::to_vec(value).unwrap())
}

fn good() -> Value {
    json!({
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "image", "digest": {"hallmarkBlocks1": EMPTY}}],
        "predicateType": Kind::Release.predicate_type(),
        "predicate": {"purl": "pkg:generic/image@1"},
    })
}

#[test]
fn a_statement_is_written_as_these_bytes() {
    let digest = ContentDigest::new(EMPTY.parse().unwrap());
    let subjects = vec![Subject::image("i\u{e9}", digest), Subject::file("image.json", *digest.sha256())];
    let statement = Statement::new(Kind::Verdict, subjects, &json!({"b": 1.0, "a": [], "A": "\n"})).unwrap();
    let expected = format!(
        concat!(
            r#"{{"_type":"https://in-toto.io/Statement/v1","predicate":{{"A":"\n","a":[],"b":1}},"#,
            r#""predicateType":"https://hallmark.dev/verdict/v1","subject":["#,
            r#"{{"digest":{{"hallmarkBlocks1":"{0}"}},"name":"ié"}},"#,
            r#"{{"digest":{{"sha256":"{0}"}},"name":"image.json"}}]}}"#,
        ),
        EMPTY
    );
    let bytes = statement.to_bytes().unwrap();
    assert_eq!(String::from_utf8(bytes.clone()).unwrap(), expected);
    // Read back, it is the same statement, and the same bytes again.
    let again = Statement::from_bytes(&bytes).unwrap();
    assert_eq!(again.to_bytes().unwrap(), bytes);
    assert!(again.is_about(&digest));
    assert!(!again.is_about(&ContentDigest::new(Sha256::of(b"other"))));
    assert_eq!(again.kind().unwrap(), Kind::Verdict);
}

#[test]
fn members_of_others_are_passed_over_as_in_toto_asks() {
    let mut value = good();
    value["extra"] = json!({"x": 1});
    value["subject"][0]["annotations"] = json!({"x": 1});
    assert_eq!(read(&value).unwrap(), read(&good()).unwrap());
}

#[test]
fn what_is_no_statement_is_refused() {
    let with = |pointer: &str, new: Value| {
        let mut value = good();
        *value.pointer_mut(pointer).unwrap() = new;
        value
    };
    let cases = [
        (json!({}), "missing field `_type`"),
        (json!([]), "invalid"),
        (with("/_type", json!("https://in-toto.io/Statement/v0.1")), "_type is"),
        (with("/_type", json!(null)), "invalid type: null"),
        (with("/subject", json!([])), "no subject"),
        (with("/subject", json!(null)), "invalid type: null"),
        (with("/subject", json!({})), "invalid type: map"),
        (with("/subject/0", json!({})), "subject 1 of the statement has no digest"),
        (with("/subject/0", json!({"name": "x"})), "subject 1 of the statement has no digest"),
        (with("/subject/0/digest", json!({"gitCommit": ""})), "has an empty digest"),
        (with("/subject/0/digest", json!({"": "00"})), "has an empty digest"),
        (with("/subject/0/digest", json!({"sha256": EMPTY.to_uppercase()})), "has a sha256 that is not"),
        (with("/subject/0/digest", json!({"hallmarkBlocks1": "00"})), "has a hallmarkBlocks1 digest that"),
        (with("/subject/0/digest", json!({"sha256": 1})), "invalid type: integer"),
        (with("/subject", vec![good()["subject"][0].clone(); 1025].into()), "1025 subjects"),
        (with("/predicate", json!(null)), "not a JSON object"),
        (with("/predicate", json!([])), "not a JSON object"),
        (with("/predicateType", json!(1)), "invalid type: integer"),
    ];
    for (value, wanted) in cases {
        let error = read(&value).unwrap_err().to_string();
        assert!(error.contains(wanted), "{wanted:?} is not in {error:?}");
    }
    assert!(read(&with("/subject", vec![good()["subject"][0].clone(); 1024].into())).is_ok());
}

#[test]
fn repeated_members_are_refused_at_every_depth() {
    let text = serde_json::to_string(&good()).unwrap();
    for (from, to) in [
        ("{\"_type\":", "{\"_type\":\"x\",\"_type\":"),
        ("{\"purl\":", "{\"purl\":\"pkg:generic/other@1\",\"purl\":"),
        ("{\"hallmarkBlocks1\":", "{\"hallmarkBlocks1\":\"00\",\"hallmarkBlocks1\":"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = Statement::from_bytes(text.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        assert!(error.contains("twice"), "{error}");
    }
}

#[test]
fn nothing_longer_than_the_limit_is_written() {
    let big = json!({"x": "x".repeat(MAX_STATEMENT)});
    let statement = Statement::new(Kind::Verdict, vec![Subject::file("f", Sha256::of(b""))], &big).unwrap();
    assert!(matches!(statement.to_bytes(), Err(StatementError::Json(JsonError::TooLong { .. }))));
}

#[test]
fn a_predicate_is_read_as_its_own_kind_only() {
    let statement = read(&good()).unwrap();
    let release: release::Predicate = statement.predicate().unwrap();
    assert_eq!(release.purl, "pkg:generic/image@1");
    assert!(matches!(statement.predicate::<vulns::Predicate>(), Err(StatementError::OtherKind { .. })));
    let mut value = good();
    value["predicateType"] = json!(Kind::Vulns.predicate_type());
    assert!(matches!(
        read(&value).unwrap().predicate::<vulns::Predicate>(),
        Err(StatementError::Predicate { kind: Kind::Vulns, .. })
    ));
    value["predicateType"] = json!("https://example.com/x/v1");
    assert!(matches!(read(&value).unwrap().kind(), Err(StatementError::UnknownPredicateType(_))));
}

#[test]
fn an_unsigned_statement_is_read_as_strictly() {
    let bytes = serde_json::to_vec(&good()).unwrap();
    let unsigned = read_unsigned(&bytes).unwrap();
    assert_eq!((unsigned.kind, unsigned.payload_digest), (Kind::Release, Sha256::of(&bytes)));
    assert!(read_unsigned(b"{}").is_err());
}
