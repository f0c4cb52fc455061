//! What is changed between two steps of the chain is refused by the next one, with a reason of its own, and nothing is
//! published. The real program on the real image; the table is printed (`-- --nocapture` shows it).
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a helper that fails is a test that fails")]

mod approving;
#[path = "../common/mod.rs"]
mod common;
mod deciding;
mod publishing;

use std::ops::Deref;
use std::path::{Path, PathBuf};

use common::{Step, World, tree};

/// What is done; the step that meets it; its exit code; the code of its reason, or with exit code 2 what it says.
type Row = (&'static str, fn(&Place) -> Step, i32, &'static str);

/// A world to be spoilt, and where it would be published, by which policy.
struct Place {
    world: World,
    store: PathBuf,
    policy: String,
}

impl Deref for Place {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Place {
    fn publish(&self) -> Step {
        self.world.publish(&self.store, &self.policy)
    }
}

/// Every row on a copy of its own. Afterwards, publishing all the same is tried: that must fail too.
fn refused(rows: &[Row], good: &World, store: &Path, policy: &str, wrong: &mut Vec<String>) {
    let before = tree::stamps(store);
    for (what, change, code, says) in rows {
        let place = Place { world: good.again(), store: store.to_owned(), policy: policy.to_owned() };
        let step = change(&place);
        let name = step.action();
        let ran = step.run();
        let reasons = ran.reasons();
        let own = if *code == 2 { ran.said().contains(says) } else { reasons.iter().any(|r| r == says) };
        println!("{what:<58} {name:<13} {:<5} {}", ran.code.unwrap_or(-1), reasons.join(", "));
        if ran.code != Some(*code) || !own {
            wrong.push(format!(
                "{what}: wanted {code} {says}, found {:?} {reasons:?}\n{}",
                ran.code,
                ran.said()
            ));
        }
        if name == "gate" {
            let anyway = place.publish().run();
            if anyway.code != Some(1) || anyway.reasons().is_empty() {
                wrong.push(format!("{what}: published all the same: {}", anyway.said()));
            }
        }
        tree::assert_same(&tree::stamps(store), &before, what);
    }
}

#[test]
fn every_change_is_refused_with_its_reason_and_nothing_is_published() {
    // A store in which something is, so that a channel could be moved.
    let base = World::decided("debian-base");
    let store = base.path("store");
    let by = base.statement("verdict").predicate["policy"]["digest"]["sha256"].as_str().unwrap().to_owned();
    base.publish(&store, &by).input("family", "debian-app").run().done();

    println!("{:<58} {:<13} {:<5} reasons", "what was done", "refused by", "code");
    let mut wrong = Vec::new();
    let fresh = World::app();
    let decided = fresh.again();
    let demo = decided.gate("demo").run().done();
    assert_eq!(demo.output("verdict"), "pass", "{}", demo.said());
    let demo = demo.output("policy-digest");
    refused(deciding::ROWS, &fresh, &store, demo, &mut wrong);

    let reviewed = fresh.again();
    let review = reviewed.gate("strict").run().done();
    assert_eq!(review.output("verdict"), "review", "{}", review.said());
    reviewed.approve(&review.output_path("evidence")).run().done();
    refused(approving::ROWS, &reviewed, &store, review.output("policy-digest"), &mut wrong);

    refused(publishing::ROWS, &decided, &store, demo, &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // And with nothing changed, both are published: the refusals were for what was done.
    let approval = reviewed.file("approval");
    let strict = reviewed.resume("strict", &approval).run().done();
    assert_eq!(strict.output("verdict"), "pass");
    decided.publish(&store, demo).run().done();
    let adopted = reviewed.publish(&store, review.output("policy-digest")).run().done();
    assert_eq!(adopted.output("adopted"), "true");
}
