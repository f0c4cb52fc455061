use proptest::prelude::*;

use super::*;
use crate::Claims;

fn text(yaml: &[(&str, &str)]) -> RuleText {
    let map: serde_json::Map<_, _> = yaml
        .iter()
        .map(|(name, value)| match *name {
            "waive" => ((*name).to_owned(), serde_json::json!([value])),
            _ => ((*name).to_owned(), serde_json::json!(value)),
        })
        .collect();
    serde_json::from_value(map.into()).unwrap()
}

fn assay() -> Identity {
    Identity {
        issuer: GITHUB_ISSUER.into(),
        subject: "https://github.com/acme/images/.github/workflows/assay.yml@refs/heads/main".into(),
        claims: Claims {
            workflow: Some(
                "https://github.com/acme/images/.github/workflows/assay.yml@refs/heads/main".into(),
            ),
            repository: Some("https://github.com/acme/images".into()),
            git_ref: Some("refs/heads/main".into()),
            environment: Some("production".into()),
            runner_environment: Some("github-hosted".into()),
            trigger: Some("workflow_dispatch".into()),
            ..Claims::default()
        },
    }
}

const WORKFLOW: &str = "acme/images/.github/workflows/assay.yml@refs/heads/main";
const SUBJECT: &str = "https://github.com/acme/images/.github/workflows/assay.yml@refs/heads/main";

#[test]
fn every_field_holds_or_is_named() {
    // What the rule says beside the workflow, and the field that stands against it.
    for (more, mismatch) in [
        (&[][..], None),
        (&[("issuer", GITHUB_ISSUER)], None),
        (&[("issuer", "https://token.actions.githubusercontent.com/")], Some("issuer")),
        (&[("issuer-pattern", "https://token\\.actions\\..*")], None),
        (&[("issuer-pattern", "token\\.actions")], Some("issuer")),
        (&[("issuer-pattern", "https://evil|https://token.*")], None),
        (&[("subject", SUBJECT)], None),
        (&[("subject", &SUBJECT[..40])], Some("subject")),
        (&[("subject-pattern", "https://github\\.com/acme/.*")], None),
        (&[("subject-pattern", "https://github\\.com/acme/")], Some("subject")),
        (&[("subject-pattern", "(?i)HTTPS://GITHUB\\.COM/ACME/.*")], None),
        (&[("repository", "acme/images")], None),
        (&[("repository", "https://github.com/acme/images")], None),
        (&[("repository", "https://ghes.example/acme/images")], Some("repository")),
        (&[("repository", "acme/other")], Some("repository")),
        (&[("ref", "refs/heads/main")], None),
        (&[("ref", "refs/heads/other")], Some("ref")),
        (&[("environment", "production")], None),
        (&[("environment", "Production")], Some("environment")),
        (&[("runner-environment", "self-hosted")], Some("runner-environment")),
        (&[("trigger", "push")], Some("trigger")),
    ] {
        let rule = IdentityRule::new(text(&[&[("workflow", WORKFLOW)], more].concat())).unwrap();
        assert_eq!(rule.mismatch(&assay()), mismatch, "{more:?}");
        assert_eq!(rule.matches(&assay()), mismatch.is_none());
    }
}

#[test]
fn a_claim_that_is_not_there_satisfies_nothing() {
    let bare = Identity { claims: Claims::default(), ..assay() };
    for (field, value) in [
        ("workflow", WORKFLOW),
        ("repository", "acme/images"),
        ("ref", "refs/heads/main"),
        ("environment", "production"),
        ("runner-environment", "github-hosted"),
        ("trigger", "push"),
    ] {
        let rule =
            IdentityRule::new(text(&[("issuer", GITHUB_ISSUER), ("subject", SUBJECT), (field, value)]));
        assert_eq!(rule.unwrap().mismatch(&bare), Some(field));
    }
    // Without an issuer it is somebody only for a rule that waives it.
    let silent = Identity { issuer: String::new(), ..assay() };
    let waived = IdentityRule::new(text(&[("subject", SUBJECT), ("waive", "issuer")])).unwrap();
    assert_eq!((waived.mismatch(&silent), waived.mismatch(&assay())), (None, Some("issuer")));
    assert_eq!(IdentityRule::new(text(&[("workflow", WORKFLOW)])).unwrap().mismatch(&silent), Some("issuer"));
    // Of another forge, github.com's short form is nobody.
    let elsewhere = |url: &str| Identity {
        claims: Claims { workflow: Some(format!("{url}{WORKFLOW}")), ..assay().claims },
        ..assay()
    };
    let rule = IdentityRule::new(text(&[("workflow", WORKFLOW)])).unwrap();
    for url in ["", "http://github.com/", "https://github.com.evil/", "https://github.com/evil/"] {
        assert_eq!(rule.mismatch(&elsewhere(url)), Some("workflow"), "{url}");
    }
    assert_eq!(rule.mismatch(&elsewhere("https://github.com/")), None);
}

/// A workflow that is called by its commit has that where its ref would be.
#[test]
fn a_workflow_may_be_named_by_its_commit() {
    let commit = "0123456789abcdef0123456789abcdef01234567";
    let workflow = format!("acme/images/.github/workflows/assay.yml@{commit}");
    let rule = IdentityRule::new(text(&[("workflow", &workflow)])).unwrap();
    let called = Identity {
        claims: Claims { workflow: Some(format!("https://github.com/{workflow}")), ..assay().claims },
        ..assay()
    };
    assert!(rule.matches(&called));
    let told: Vec<String> = rule.mismatches(&Identity::default()).iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            format!("`issuer` is not in the certificate, and {GITHUB_ISSUER} is wanted"),
            format!("`workflow` is not in the certificate, and https://github.com/{workflow} is wanted"),
            "`repository` is not in the certificate, and https://github.com/acme/images is wanted".to_owned(),
        ]
    );
}

#[test]
fn what_names_nobody_is_refused() {
    for (given, field, says) in [
        (&[][..], None, "no `issuer` is named"),
        (&[("issuer", GITHUB_ISSUER)], None, "nobody is named"),
        (&[("issuer", GITHUB_ISSUER), ("repository", "acme/images")], None, "nobody is named"),
        (&[("subject", "a@example.com")], None, "no `issuer` is named"),
        (&[("issuer", ""), ("subject", "a")], Some("issuer"), "is empty"),
        (&[("issuer", "i"), ("subject", " a")], Some("subject"), "blanks"),
        (&[("issuer", "i"), ("subject", "\n")], Some("subject"), "is empty"),
        (&[("issuer", "i"), ("issuer-pattern", "i"), ("subject", "a")], Some("issuer-pattern"), "both"),
        (&[("issuer", "i"), ("subject", "a"), ("subject-pattern", "a")], Some("subject-pattern"), "both"),
        (&[("issuer", "i"), ("subject-pattern", ".*")], Some("subject-pattern"), "matches anything"),
        (&[("issuer", "i"), ("subject-pattern", "a|")], Some("subject-pattern"), "matches anything"),
        (&[("issuer", "i"), ("subject-pattern", ".+")], Some("subject-pattern"), "anybody"),
        (&[("issuer", "i"), ("subject-pattern", "https?://.+")], Some("subject-pattern"), "anybody"),
        (&[("issuer", "i"), ("subject-pattern", ".*@.*")], Some("subject-pattern"), "anybody"),
        (&[("issuer", "i"), ("subject-pattern", "a)|(b")], Some("subject-pattern"), "does not read"),
        (&[("issuer", "i"), ("subject-pattern", "(")], Some("subject-pattern"), "does not read"),
        (&[("workflow", "acme/images/.github/workflows/assay.yml")], Some("workflow"), "with its ref"),
        (&[("workflow", "acme/images/.github/workflows/assay.yml@")], Some("workflow"), "with its ref"),
        (&[("workflow", "assay.yml@refs/heads/main")], Some("workflow"), "with its ref"),
        (&[("workflow", "acme/images/.github/workflows/assay.yml@main")], Some("workflow"), "with its ref"),
        (&[("workflow", "acme/images/.github/workflows/assay.yml@v1")], Some("workflow"), "with its ref"),
        (&[("workflow", WORKFLOW), ("ref", "main")], Some("ref"), "no whole ref"),
        (
            &[("workflow", WORKFLOW), ("environment", "prod\u{200b}")],
            Some("environment"),
            "cannot be seen: prod\\u{200b}",
        ),
        (&[("workflow", WORKFLOW), ("repository", "images")], Some("repository"), "no repository"),
        (&[("issuer", "i"), ("subject", "a"), ("waive", "issuer")], Some("waive"), "both waived and named"),
        (&[("subject-pattern", "a"), ("waive", "issuer")], Some("waive"), "no `subject`"),
        // Whose issuer a workflow elsewhere has cannot be guessed.
        (
            &[("workflow", "https://ghes.example/a/b/.github/workflows/c.yml@refs/heads/main")],
            None,
            "no `issuer`",
        ),
    ] {
        let error = IdentityRule::new(text(given)).unwrap_err();
        assert!(error.field == field && error.what.contains(says), "{given:?}: {error:?}");
    }
}

#[test]
fn the_fields_are_those_that_are_read() {
    for (field, _) in FIELDS {
        let value =
            if field == "waive" { serde_json::json!(["transparency-log"]) } else { serde_json::json!("x") };
        let read: Result<RuleText, _> = serde_json::from_value(serde_json::json!({ field: value.clone() }));
        assert_eq!(serde_json::to_value(read.unwrap()).unwrap(), serde_json::json!({ field: value }));
    }
    assert!(serde_json::from_str::<RuleText>(r#"{"email": "a"}"#).is_err());
    assert!(serde_json::from_str::<RuleText>(r#"{"waive": ["log"]}"#).is_err());
    for requirement in Requirement::ALL {
        assert_eq!(serde_json::to_value(requirement).unwrap(), requirement.as_str());
    }
}

proptest! {
    /// Saying more never lets more through.
    #[test]
    fn another_field_never_widens(at in 0..8usize, value in "[a-z]{1,3}") {
        let fields = ["issuer", "subject", "repository", "ref", "environment", "runner-environment", "trigger", "workflow"];
        let mut more = text(&[("issuer", GITHUB_ISSUER), ("subject", SUBJECT)]);
        let narrow = serde_json::to_value(&more).unwrap();
        let mut wide = narrow;
        wide[fields[at]] = serde_json::json!(value);
        more = serde_json::from_value(wide).unwrap();
        if let Ok(rule) = IdentityRule::new(more) {
            prop_assert!(!rule.matches(&assay()));
        }
    }
}
