//! The evidence comes from an archive, in a folder and in S3.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::Path;

use crate::common::{Place, VERIFIER, tree};
use crate::s3s::S3s;
use archive::{Archive, Draft, Keeping, Location, Role, Run as Ran};
use attest::{EvidenceDir, Kind};
use model::ImageManifest;
use runner::testing::{Harness, Run};
use serde_json::Value;
use verify_image::ACTION;

/// Where an archive is, and the variables that lead there.
struct Kept {
    location: String,
    env: Vec<(&'static str, String)>,
}

impl Kept {
    fn folder(place: &Place) -> Self {
        Self { location: place.path("archive").to_string_lossy().into_owned(), env: Vec::new() }
    }

    fn bucket(server: &S3s) -> Self {
        Self { location: "s3://golden/images".into(), env: server.env().to_vec() }
    }

    /// Puts the evidence that lies about, by a run.
    fn put(&self, place: &Place, run: &str) {
        let run = Ran { repository: "acme/images".into(), id: run.into(), attempt: "1".into() };
        let mut draft = Draft::new(&place.path("one/image.json"), Some(run)).unwrap();
        for file in EvidenceDir::new(place.evidence()).list().unwrap().files {
            draft.add(Role::Evidence, &file.name, &file.path).unwrap();
        }
        let env =
            |name: &str| self.env.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        let location = Location::parse(&self.location, Path::new("/")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let archive = Archive::open_to_put(&location, &env, Keeping::default()).await.unwrap();
            archive.put(&draft).await.unwrap();
        });
        fs::remove_dir_all(place.evidence()).unwrap();
    }

    fn ask(&self, place: &Place) -> Harness {
        let harness = Harness::new()
            .now(place.now)
            .input_path("image", place.path("one/image.json"))
            .input("evidence", &self.location)
            .input_path("verdict-signer", place.path("assay.pub"))
            .input("verifier-id", VERIFIER)
            .input("policy-digest", Place::policy().to_string());
        self.env.iter().fold(harness, |harness, (name, value)| harness.env(name, value))
    }
}

fn codes(run: &Run) -> Vec<String> {
    let reasons: Vec<Value> = serde_json::from_str(
        run.outputs.get("reasons").unwrap_or_else(|| panic!("no answer: {}\n{}", run.stdout, run.stderr)),
    )
    .unwrap();
    reasons.iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
}

fn both(test: impl Fn(&Place, &ImageManifest, &Kept, &Path)) {
    let place = Place::new();
    let image = place.image("one");
    test(&place, &image, &Kept::folder(&place), &place.path("archive"));
    let (place, server) = (Place::new(), S3s::start("golden"));
    let image = place.image("one");
    test(&place, &image, &Kept::bucket(&server), &server.root().join("golden/images"));
}

#[test]
fn yes_by_what_is_kept() {
    both(|place, image, kept, root| {
        place.pass(image);
        kept.put(place, "1");
        let before = tree(root);
        let run = kept.ask(place).run(&ACTION);
        assert_eq!((run.code, run.outputs["verified"].as_str()), (0, "true"), "{}{}", run.stdout, run.stderr);
        assert!(!format!("{run:?}").contains(crate::s3s::SECRET));
        // By the content digest alone, the same.
        let run = kept.ask(place).input("image", image.content_digest().to_string()).run(&ACTION);
        assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
        assert_eq!(tree(root), before, "nothing is written");
    });
}

#[test]
fn every_entry_counts_and_the_newest_decides() {
    both(|place, image, kept, _| {
        place.pass(image);
        kept.put(place, "1");
        place.put(image, Kind::Verdict, &place.verdict("fail", 30), &place.assay);
        place.put(image, Kind::Vsa, &place.summary("FAILED", 30), &place.assay);
        kept.put(place, "2");
        let run = kept.ask(place).run(&ACTION);
        assert_eq!(
            (run.code, codes(&run)),
            (1, vec!["verdict-fail".to_owned(), "vsa-failed".into()]),
            "{}",
            run.stdout
        );
        place.put(image, Kind::Verdict, &place.verdict("pass", 10), &place.assay);
        place.put(image, Kind::Vsa, &place.summary("PASSED", 10), &place.assay);
        kept.put(place, "3");
        assert_eq!(kept.ask(place).run(&ACTION).code, 0);
    });
}

#[test]
fn an_archive_proves_nothing_by_itself() {
    both(|place, image, kept, _| {
        place.put(image, Kind::Verdict, &place.verdict("pass", 60), &place.bake);
        place.put(image, Kind::Vsa, &place.summary("PASSED", 60), &place.bake);
        kept.put(place, "1");
        let run = kept.ask(place).run(&ACTION);
        let wanted = ["verdict-wrong-signer", "vsa-wrong-signer"];
        assert_eq!((run.code, codes(&run)), (1, wanted.map(str::to_owned).to_vec()), "{}", run.stdout);
        // Nothing is kept of another image.
        let other = place.image("other");
        let run = kept.ask(place).input("image", other.content_digest().to_string()).run(&ACTION);
        assert_eq!(
            (run.code, codes(&run)),
            (1, ["verdict-missing", "vsa-missing"].map(str::to_owned).to_vec())
        );
    });
}

#[test]
fn an_archive_that_was_changed_decides_nothing() {
    both(|place, image, kept, root| {
        place.pass(image);
        kept.put(place, "1");
        let objects: Vec<_> =
            tree(&root.join("objects")).into_iter().filter(|(_, file)| file.is_some()).collect();
        let statement = objects
            .iter()
            .map(|(name, _)| root.join("objects").join(name))
            .find(|path| fs::read_to_string(path).unwrap().contains("dsseEnvelope"))
            .unwrap();
        let text = fs::read_to_string(&statement).unwrap();
        fs::write(&statement, text.replace("payload", "Payload")).unwrap();
        let run = kept.ask(place).run(&ACTION);
        let said = run.stdout.clone() + &run.stderr;
        assert!(run.code == 2 && said.contains("was changed: it has the SHA-256"), "{said}");
        fs::remove_file(&statement).unwrap();
        let run = kept.ask(place).run(&ACTION);
        let said = run.stdout.clone() + &run.stderr;
        assert!(run.code == 2 && said.contains("is missing, and the entry"), "{said}");
    });
}

#[test]
fn a_place_without_an_archive_decides_nothing() {
    let (place, server) = (Place::new(), S3s::start("golden"));
    place.image("one");
    for (location, says) in [
        ("s3://golden/elsewhere", "there is no archive at s3://golden/elsewhere/"),
        ("s3://no-such-bucket/images", "there is no archive at s3://no-such-bucket/images/"),
        ("s3://golden/../x", "is no place for an archive"),
        ("https://golden.example/images", "is no place for an archive"),
    ] {
        let run = Kept::bucket(&server).ask(&place).input("evidence", location).run(&ACTION);
        let said = run.stdout.clone() + &run.stderr;
        assert!(run.code == 2 && said.contains(says), "{location}: {said}");
    }
    // A disk that differs needs no evidence to be refused, and nobody is asked for any.
    let place = Place::new();
    let image = place.image("one");
    place.pass(&image);
    fs::OpenOptions::new().write(true).open(place.path("one/disk.raw")).unwrap().set_len(25 << 20).unwrap();
    let kept = Kept { location: "s3://golden/images".into(), env: Vec::new() };
    let run = kept.ask(&place).run(&ACTION);
    assert_eq!((run.code, codes(&run)), (1, vec!["content-differs".to_owned()]), "{}", run.stdout);
}
