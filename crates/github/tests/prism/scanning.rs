//! Code scanning and the dependency graph: every call is one that GitHub describes.

use github::{
    Built, Client, Commit, Dependency, Detector, Error, Gzipped, Processing, SarifUpload, Snapshot, Why,
};

use super::{acme, commit};

const ID: &str = "47177e22-5596-11eb-80a1-c1e54ef945c6";

fn ok<T>(description: &str, answer: Result<T, Error>) -> T {
    answer.unwrap_or_else(|error| panic!("{description}: {error}"))
}

fn sarif() -> Gzipped {
    Gzipped::of(br#"{"version":"2.1.0","runs":[]}"#).unwrap()
}

/// With everything that may be left out, or with nothing of it.
fn upload<'a>(commit: &'a Commit, reference: &'a str, gzipped: &'a Gzipped, whole: bool) -> SarifUpload<'a> {
    SarifUpload {
        commit,
        reference,
        checkout: whole.then_some("file:///github/workspace/"),
        started: whole.then_some(jiff::Timestamp::UNIX_EPOCH),
        tool: whole.then_some("Trivy"),
        validate: false,
        gzipped,
    }
}

fn built(commit: &Commit, location: bool) -> Built<'_> {
    Built {
        commit,
        reference: "refs/heads/main",
        job: "1",
        correlator: "sbom debian-app amd64",
        detector: Detector { name: "Syft", version: "1.0.0", url: "https://github.com/anchore/syft" },
        scanned: jiff::Timestamp::UNIX_EPOCH,
        name: "debian-app",
        location: location.then_some("images/debian-app"),
    }
}

pub(super) async fn are_described(client: &Client, description: &str) {
    let (gzipped, commit) = (sarif(), commit());
    for reference in [
        "refs/heads/main",
        "refs/heads/gh-readonly-queue/main/pr-7-0123456789abcdef0123456789abcdef01234567",
        "refs/pull/7/merge",
        "refs/pull/7/head",
        "refs/tags/v1",
    ] {
        for whole in [false, true] {
            let upload = upload(&commit, reference, &gzipped, whole);
            assert_eq!(ok(description, client.upload_sarif(&acme(), &upload).await), ID, "{description}");
        }
    }
    // github.com alone describes it.
    let held = SarifUpload { validate: true, ..upload(&commit, "refs/heads/main", &gzipped, true) };
    let answer = client.upload_sarif(&acme(), &held).await;
    assert_eq!(answer.is_ok(), description == "api.github.com.json", "{description}: {answer:?}");
    let status = ok(description, client.sarif_status(&acme(), ID).await);
    assert_eq!(status, Processing::Complete, "{description}");

    let all = [
        Dependency { purl: "pkg:deb/debian/p@1", needs: vec!["pkg:npm/q@2"], ..Dependency::default() },
        Dependency { purl: "pkg:npm/q@2", indirect: true, development: true, needs: vec![] },
    ];
    for location in [false, true] {
        for snapshot in [
            Snapshot::of(&built(&commit, location), all.clone()),
            Snapshot::new(&built(&commit, location), ["pkg:deb/debian/p@1", "pkg:npm/q@2"]),
            Snapshot::new(&built(&commit, location), []),
        ] {
            let (result, said) = ok(description, client.submit_dependencies(&acme(), &snapshot).await);
            assert_eq!(result, "SUCCESS", "{description}");
            assert!(!said.is_empty(), "{description}");
        }
    }
}

/// What this crate never sends is refused: the mock looks at what it is sent.
pub(super) async fn are_held_to_it(client: &Client, description: &str) {
    let (gzipped, commit) = (sarif(), commit());
    let wrong = upload(&commit, "main", &gzipped, false);
    let error = client.upload_sarif(&acme(), &wrong).await.unwrap_err();
    assert!(matches!(error.why, Why::Status(400 | 422, _)), "{description}: {error}");
    let nowhere = Built { correlator: "", reference: "main", ..built(&commit, false) };
    let error = client.submit_dependencies(&acme(), &Snapshot::new(&nowhere, [])).await.unwrap_err();
    assert!(matches!(error.why, Why::Status(400 | 422, _)), "{description}: {error}");
}

/// Answers made up from the schemas: read, or named for what they leave out.
pub(super) async fn can_be_read(client: &Client, say: impl Fn(Error) + Copy) {
    let (gzipped, commit) = (sarif(), commit());
    let left_out = |error: Error| {
        if !error.to_string().contains("missing field `id`") {
            say(error);
        }
    };
    client
        .upload_sarif(&acme(), &upload(&commit, "refs/heads/main", &gzipped, true))
        .await
        .map(drop)
        .unwrap_or_else(left_out);
    let status = |error: Error| {
        if !error.to_string().contains("processing_status is not there") {
            say(error);
        }
    };
    client.sarif_status(&acme(), ID).await.map(drop).unwrap_or_else(status);
    // The description has the word as any text.
    let word = |error: Error| {
        if !matches!(error.why, Why::Status(201, _)) {
            say(error);
        }
    };
    let snapshot = Snapshot::new(&built(&commit, true), ["pkg:npm/q@2"]);
    client.submit_dependencies(&acme(), &snapshot).await.map(drop).unwrap_or_else(word);
}
