//! The action at a provider that dies before or after any of its operations: run again, it ends where it would have
//! ended, with the same evidence, and nothing is done twice.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use provider::{
    Answer, Begun, Capabilities, Channel, ChannelName, Created, Distribution, Error, Image, ImageId, Intent,
    Name, NewImage, Provider, Reader, ReleaseId, Repointed,
};
use runner::{Outcome, Result};

use crate::common::{Place, tree};
use crate::place::{Heard, local};
use crate::request::Request;
use crate::{ACTION, decide};

/// Passes everything on to a real provider until it dies, and then nothing any more.
struct Mortal {
    real: Box<dyn Provider>,
    left: Cell<usize>,
    /// It dies after doing what it was asked, instead of before.
    after: bool,
}

impl Mortal {
    fn go<'a, T: 'a>(&'a self, operation: Answer<'a, T>) -> Answer<'a, T> {
        Box::pin(async move {
            let left = self.left.get();
            self.left.set(left.saturating_sub(1));
            if left > 1 {
                return operation.await;
            }
            if left == 1 && self.after {
                operation.await?;
            }
            Err(Error::Unsupported { provider: "mortal", what: "do anything any more" })
        })
    }
}

impl Provider for Mortal {
    fn name(&self) -> &'static str {
        self.real.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.real.capabilities()
    }

    fn distribution(&self) -> Distribution {
        self.real.distribution()
    }

    fn image_id(&self, content: &model::ContentDigest) -> Option<ImageId> {
        self.real.image_id(content)
    }

    fn find<'a>(&'a self, name: &'a Name, release: &'a ReleaseId) -> Answer<'a, Option<Image>> {
        self.go(self.real.find(name, release))
    }

    fn describe<'a>(&'a self, image: &'a ImageId, verify: bool) -> Answer<'a, Image> {
        self.go(self.real.describe(image, verify))
    }

    fn create<'a>(&'a self, new: &'a NewImage) -> Answer<'a, Created> {
        self.go(self.real.create(new))
    }

    fn channel<'a>(&'a self, channel: &'a ChannelName) -> Answer<'a, Option<Channel>> {
        self.go(self.real.channel(channel))
    }

    fn set_channel<'a>(
        &'a self,
        channel: &'a ChannelName,
        release: &'a ReleaseId,
        at: Timestamp,
    ) -> Answer<'a, Repointed> {
        self.go(self.real.set_channel(channel, release, at))
    }

    fn restore_channel<'a>(
        &'a self,
        channel: &'a ChannelName,
        leaving: &'a ReleaseId,
        at: Timestamp,
    ) -> Answer<'a, Repointed> {
        self.go(self.real.restore_channel(channel, leaving, at))
    }

    fn deprecate<'a>(&'a self, image: &'a ImageId, at: Timestamp) -> Answer<'a, Image> {
        self.go(self.real.deprecate(image, at))
    }

    fn disable<'a>(&'a self, image: &'a ImageId, at: Timestamp) -> Answer<'a, Image> {
        self.go(self.real.disable(image, at))
    }

    fn delete<'a>(&'a self, image: &'a ImageId, at: Timestamp) -> Answer<'a, bool> {
        self.go(self.real.delete(image, at))
    }

    fn read_disk<'a>(&'a self, image: &'a ImageId, device: &'a str) -> Answer<'a, Reader> {
        self.go(self.real.read_disk(image, device))
    }

    fn seal<'a>(&'a self, release: &'a ReleaseId) -> Answer<'a, ()> {
        self.go(self.real.seal(release))
    }

    fn begin<'a>(&'a self, intent: &'a Intent) -> Answer<'a, Begun> {
        self.go(self.real.begin(intent))
    }

    fn finish<'a>(&'a self, intent: &'a Intent) -> Answer<'a, ()> {
        self.go(self.real.finish(intent))
    }
}

/// Runs an operation at a provider that lives for so many operations, and says whether it came to its end.
fn run(place: &Place, name: &str, operation: &str, lives: usize, after: bool) -> Result<Outcome> {
    run_and_hear(place, name, operation, lives, after).0
}

/// The same, with what it told the log.
fn run_and_hear(
    place: &Place,
    name: &str,
    operation: &str,
    lives: usize,
    after: bool,
) -> (Result<Outcome>, String) {
    let harness = place.harness(name).input("operation", operation);
    let (outcome, run) = harness.with_context(&ACTION, async |ctx| {
        let request = Request::read(ctx)?;
        let mortal = Mortal { real: local(place.store(), &request), left: Cell::new(lives), after };
        decide(ctx, &request, &mortal, &Heard::nothing()).await
    });
    (outcome, run.stdout)
}

const FOREVER: usize = usize::MAX;

/// Three images that may be published, and these of them published one after the other.
fn place(published: &[&str]) -> Place {
    let place = Place::new();
    for name in ["one", "two", "three"] {
        place.pass(&place.image(name));
    }
    for name in published {
        assert!(matches!(run(&place, name, "publish", FOREVER, false), Ok(Outcome::Done)));
    }
    place
}

/// What must be the same in the end: the store to the byte, and the verified release statements.
fn state(place: &Place) -> (impl PartialEq + std::fmt::Debug + use<>, Vec<attest::Statement>) {
    (tree(&place.store()), place.releases())
}

/// The killed runs begin where the undisturbed one began: links serve, because no file is ever changed in place.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).into_iter().flatten() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { fs::hard_link(&path, &target).unwrap() }
    }
}

#[test]
fn killed_at_any_operation_and_run_again_it_ends_in_the_same_state() {
    for (operation, published) in
        [("publish", vec![]), ("publish", vec!["one"]), ("rollback", vec!["one", "three", "two"])]
    {
        let place = place(&published);
        let folders =
            [(place.store(), place.path("store-before")), (place.evidence(), place.path("evidence-before"))];
        for (folder, before) in &folders {
            copy(folder, before);
        }
        assert!(matches!(run(&place, "two", operation, FOREVER, false), Ok(Outcome::Done)));
        let expected = state(&place);

        for after in [false, true] {
            let mut deaths = 0;
            for lives in 1.. {
                for (folder, before) in &folders {
                    fs::remove_dir_all(folder).unwrap();
                    copy(before, folder);
                }
                if run(&place, "two", operation, lives, after).is_ok() {
                    break;
                }
                deaths += 1;
                // Once the journal has struck a rollback out it is done, and asking again is another one.
                if operation == "publish" || state(&place) != expected {
                    let outcome = run(&place, "two", operation, FOREVER, false);
                    let done = matches!(outcome, Ok(Outcome::Done));
                    assert!(done, "{operation} {published:?} {after} {lives}: {outcome:?}");
                }
                assert_eq!(state(&place), expected, "{operation} {published:?} {after} {lives}");
            }
            assert!(deaths >= 4, "{operation}: {deaths}");
        }
    }
}

#[test]
fn a_rollback_that_was_begun_and_overtaken_is_dropped() {
    let place = place(&["one", "two"]);
    // It dies right after it wrote down what it was going to do.
    assert!(run(&place, "two", "rollback", 2, true).is_err());
    assert!(matches!(run(&place, "three", "publish", FOREVER, false), Ok(Outcome::Done)));
    assert!(matches!(run(&place, "three", "rollback", FOREVER, false), Ok(Outcome::Done)));
    let two = place.image("two").content_digest().sha256().to_string();
    assert_eq!(place.channel()["current"]["imageId"], two);
}

#[test]
fn what_is_taken_up_is_told() {
    for operation in ["publish", "rollback"] {
        let place = place(&["one", "three"]);
        // One operation before the last: everything is done, and nothing is struck out yet.
        assert!(run(&place, "two", operation, 3, true).is_err());
        let (outcome, log) = run_and_hear(&place, "two", operation, FOREVER, false);
        assert!(matches!(outcome, Ok(Outcome::Done)), "{operation}: {outcome:?}");
        assert!(log.contains(&format!("::notice::Taking up the {operation}")), "{operation}: {log}");
    }
}
