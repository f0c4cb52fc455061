//! Kind and signer: what is published on whose word. Real certificates and log entries, of an instance of the tests'
//! own.
#![allow(clippy::unwrap_used, reason = "a failing helper is a failing test")]

use crate::common::Place;
use attest::{EvidenceDir, Identity, Kind, Sign, Statement};
use jiff::SignedDuration;
use model::ImageManifest;
use register_ami::ACTION;
use runner::testing::Harness;
use serde_json::Value;
use signers::instance::{Instance, Making};
use signers::{Claims, GITHUB_ISSUER};

const RULE: &str = "\
workflow: acme/images/.github/workflows/assay.yml@refs/heads/main
repository: acme/images
ref: refs/heads/main
environment: assay
runner-environment: github-hosted
";

/// The job that decides, as its certificate has it.
fn assay() -> Identity {
    workflow("acme/images", "assay.yml", "refs/heads/main")
}

fn workflow(repository: &str, file: &str, git_ref: &str) -> Identity {
    let url = format!("https://github.com/{repository}/.github/workflows/{file}@{git_ref}");
    Identity {
        issuer: GITHUB_ISSUER.into(),
        subject: url.clone(),
        claims: Claims {
            workflow: Some(url),
            repository: Some(format!("https://github.com/{repository}")),
            git_ref: Some(git_ref.into()),
            environment: Some("assay".into()),
            runner_environment: Some("github-hosted".into()),
            ..Claims::default()
        },
    }
}

fn changed(change: impl FnOnce(&mut Claims)) -> Identity {
    let mut identity = assay();
    change(&mut identity.claims);
    identity
}

/// An instance whose certificates begin when the gate decided.
fn instance(place: &Place) -> Instance {
    Instance::new(place.now - SignedDuration::from_hours(1))
}

/// Writes the two statements, one of them by somebody in particular.
fn put(place: &Place, image: &ImageManifest, kind: Kind, by: Option<&dyn Sign>, usual: &dyn Sign) {
    for (each, predicate) in
        [(Kind::Verdict, place.verdict("pass", 60)), (Kind::Vsa, place.summary("PASSED", 60))]
    {
        write(place, image, each, &predicate, if each == kind { by } else { Some(usual) });
    }
}

fn write(place: &Place, image: &ImageManifest, kind: Kind, predicate: &Value, by: Option<&dyn Sign>) {
    let statement = Statement::new(kind, image.subjects().unwrap(), predicate).unwrap();
    EvidenceDir::new(place.evidence()).write(&statement, by).unwrap();
}

fn trusting_identity(place: &Place, instance: &Instance) -> Harness {
    std::fs::write(place.path("root.json"), instance.trusted_root()).unwrap();
    place
        .harness("one")
        .input("verdict-signer", "")
        .input("verdict-identity", RULE)
        .input_path("trusted-root", place.path("root.json"))
}

/// By whom, in words and as they sign; and the code and a part of the sentence that refuses it.
type Row<'i> = (&'static str, Option<Box<dyn Sign + 'i>>, Option<(String, String)>);

#[test]
fn only_the_identity_that_is_trusted_is_believed() {
    for kind in [Kind::Verdict, Kind::Vsa] {
        let place = Place::new();
        let (ours, theirs) = (instance(&place), instance(&place));
        let wrong = |field: &str| Some((format!("{kind}-wrong-signer"), format!("`{field}` is ")));
        let by = |identity: Identity| Box::new(ours.signer(identity)) as Box<dyn Sign + '_>;
        let table: Vec<Row<'_>> = vec![
            ("the right one", Some(by(assay())), None),
            ("another run of it", Some(by(changed(|c| c.run = Some("https://github.com/x".into())))), None),
            (
                "another file",
                Some(by(workflow("acme/images", "bake.yml", "refs/heads/main"))),
                wrong("workflow"),
            ),
            (
                "another ref",
                Some(by(workflow("acme/images", "assay.yml", "refs/heads/x"))),
                wrong("workflow"),
            ),
            (
                "a ref that is built by it",
                Some(by(changed(|c| c.git_ref = Some("refs/heads/x".into())))),
                wrong("ref"),
            ),
            (
                "another repository",
                Some(by(workflow("mallory/images", "assay.yml", "refs/heads/main"))),
                wrong("workflow"),
            ),
            (
                "a repository that calls it",
                Some(by(changed(|c| c.repository = Some("https://github.com/mallory/images".into())))),
                wrong("repository"),
            ),
            (
                "another environment",
                Some(by(changed(|c| c.environment = Some("dev".into())))),
                wrong("environment"),
            ),
            ("no environment", Some(by(changed(|c| c.environment = None))), wrong("environment")),
            (
                "a machine of somebody's own",
                Some(by(changed(|c| c.runner_environment = Some("self-hosted".into())))),
                wrong("runner-environment"),
            ),
            (
                "another issuer",
                Some(by(Identity {
                    issuer: "https://token.actions.githubusercontent.com.mallory.test".into(),
                    ..assay()
                })),
                wrong("issuer"),
            ),
            (
                "the same by another instance's word",
                Some(Box::new(theirs.signer(assay()))),
                Some((format!("{kind}-unknown-log"), "the trusted root does not name".into())),
            ),
            (
                "without a certificate log",
                Some(Box::new(
                    ours.signer_with(assay(), Making { certificate_log: false, ..Making::default() }),
                )),
                Some((format!("{kind}-bad-certificate-log"), "SCT".into())),
            ),
            (
                "a key",
                Some(Box::new(attest::PrivateKey::from_pem(&place.assay.pem).unwrap())),
                Some((format!("{kind}-wrong-signer"), "which is none that is trusted here".into())),
            ),
            ("nobody", None, Some((format!("{kind}-unsigned"), "could be anybody's".into()))),
        ];
        for (name, signer, refused) in table {
            let place = Place::at(place.now);
            let image = place.image("one");
            put(&place, &image, kind, signer.as_deref(), &ours.signer(assay()));
            let run = trusting_identity(&place, &ours).run(&ACTION);
            match refused {
                None => assert_eq!(run.code, 0, "{kind} by {name}: {}", run.stdout),
                Some((code, says)) => {
                    assert_eq!(run.code, 1, "{kind} by {name}: {}", run.stdout);
                    assert!(
                        run.stdout.contains(&format!("title={code}")),
                        "{kind} by {name}: {}",
                        run.stdout
                    );
                    assert!(run.stdout.contains(&says), "{kind} by {name}: {}", run.stdout);
                    assert!(!place.store().exists(), "{kind} by {name}");
                }
            }
        }
    }
}

#[test]
fn where_a_key_is_trusted_no_identity_is() {
    for kind in [Kind::Verdict, Kind::Vsa] {
        let place = Place::new();
        let instance = instance(&place);
        let image = place.image("one");
        put(&place, &image, kind, Some(&instance.signer(assay())), &place.assay.private);
        let run = place.harness("one").run(&ACTION);
        assert_eq!(run.code, 1, "{kind}: {}", run.stdout);
        assert!(run.stdout.contains(&format!("title={kind}-wrong-signer")), "{}", run.stdout);
        assert!(run.stdout.contains("no identity is trusted here"), "{}", run.stdout);
        // Beside what the key signed, what somebody else did is nothing to this publisher.
        place.pass(&image);
        assert_eq!(place.harness("one").run(&ACTION).code, 0);
    }
}

/// The verdict's own clock against the log's.
#[test]
fn a_decision_is_as_old_as_the_log_says_and_never_younger() {
    for (says, logged, max_age, code) in [
        // It says so, and the log has it right then.
        (60, 60, "24h", None),
        // Signed long after it was decided: as old as it says.
        (120, 60, "90m", Some("expired")),
        // A clock that is a little ahead: as old as the log says.
        (57, 60, "58m", Some("expired")),
        (57, 60, "61m", None),
        // Dated after it was signed.
        (50, 60, "24h", Some("misdated")),
        (0, 600, "24h", Some("misdated")),
    ] {
        let place = Place::new();
        let instance = Instance::new(place.now - SignedDuration::from_mins(logged));
        let image = place.image("one");
        let signer = instance.signer(assay());
        write(&place, &image, Kind::Verdict, &place.verdict("pass", says), Some(&signer));
        write(&place, &image, Kind::Vsa, &place.summary("PASSED", says), Some(&signer));
        let run = trusting_identity(&place, &instance).input("max-verdict-age", max_age).run(&ACTION);
        match code {
            None => assert_eq!(run.code, 0, "{says} {logged} {max_age}: {}", run.stdout),
            Some(code) => {
                assert_eq!(run.code, 1, "{says} {logged} {max_age}: {}", run.stdout);
                for kind in ["verdict", "vsa"] {
                    assert!(run.stdout.contains(&format!("title={kind}-{code}")), "{}", run.stdout);
                }
            }
        }
    }
}
