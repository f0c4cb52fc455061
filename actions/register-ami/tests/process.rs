//! The real program as the runner starts it: killed with SIGKILL at any time and run again, racing with another, and
//! told to stop by a store that is held.
#![expect(clippy::unwrap_used, reason = "a failing helper is a failing test")]
#![expect(clippy::disallowed_methods, reason = "these tests are about the process itself and its own clock")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Place, tree};
use attest::EvidenceDir;
use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};

/// The program with nothing in its environment but what a runner sets.
fn program(place: &Place, name: &str, extra: &[(&str, &str)]) -> (Command, PathBuf) {
    let files = place.path("runner").join(format!("{name}-{}", extra.len()));
    fs::create_dir_all(&files).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_register-ami"));
    command.env_clear().env("GITHUB_ACTIONS", "true").current_dir(place.folder.path());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    for file in ["GITHUB_OUTPUT", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"] {
        fs::write(files.join(file), "").unwrap();
        command.env(file, files.join(file));
    }
    for (input, value) in
        place.inputs(name).iter().map(|(input, value)| (*input, value.as_str())).chain(extra.iter().copied())
    {
        command.env(format!("INPUT_{}", input.to_uppercase()), value);
    }
    (command, files.join("GITHUB_OUTPUT"))
}

/// Runs it to its end, and gives back its outputs.
fn succeed(place: &Place, name: &str, extra: &[(&str, &str)]) -> BTreeMap<String, String> {
    let (mut command, outputs) = program(place, name, extra);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    read_outputs(&outputs)
}

fn read_outputs(file: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(file).unwrap();
    let mut lines = text.lines();
    let mut outputs = BTreeMap::new();
    while let Some((name, delimiter)) = lines.next().map(|line| line.split_once("<<").unwrap()) {
        let value: Vec<_> = lines.by_ref().take_while(|line| *line != delimiter).collect();
        outputs.insert(name.to_owned(), value.join("\n"));
    }
    outputs
}

/// A place with two images: one that is published, and a larger one that is about to be.
fn place() -> Place {
    let place = Place::at(Timestamp::now());
    place.pass(&place.image("one"));
    let content: Vec<u8> = (0..24_u32 << 20).map(|at| (at / 777) as u8).collect();
    place.pass(&place.image_of("two", 32 << 20, &content));
    succeed(&place, "one", &[]);
    place
}

/// What must hold in the end, whatever happened on the way.
fn assert_converged(place: &Place, shows: &str, steps: usize, releases: usize) {
    let channel = place.channel();
    assert_eq!(channel["current"]["imageId"], shows);
    assert_eq!(channel["history"].as_array().unwrap().len(), steps);
    let count = |folder: &str| fs::read_dir(place.store().join(folder)).unwrap().count();
    assert_eq!((count("images"), count("releases")), (2, 2));
    assert_eq!((count("staging"), count("journal/intents")), (0, 0));
    assert!(!place.store().join("journal/change.json").exists());
    assert_eq!(place.releases().len(), releases);
}

/// Starts the program and kills it at so many twentieths of its life, unless it has ended before: false. Learns then how
/// long that is: it may have been measured on a busier machine.
fn killed_at(mut command: Command, part: u32, whole: &mut Duration) -> bool {
    let begun = Instant::now();
    let mut child = command.spawn().unwrap();
    // Not a synchronisation: whatever the child has come to by then is what is tested.
    while begun.elapsed() < *whole * part / 20 {
        if child.try_wait().unwrap().is_some() {
            *whole = begun.elapsed();
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    let alive = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    alive
}

#[test]
fn killed_at_any_time_and_run_again_it_converges() {
    let mut whole = {
        let place = place();
        let begun = Instant::now();
        succeed(&place, "two", &[]);
        begun.elapsed()
    };
    let mut killed = 0;
    for part in 0..24 {
        let place = place();
        let two = two(&place);
        killed += u32::from(killed_at(program(&place, "two", &[]).0, part, &mut whole));
        // Whatever a consumer reads in between is whole.
        assert!(place.channel()["current"]["imageId"].is_string());

        let outputs = succeed(&place, "two", &[]);
        assert_eq!(outputs["image-id"], two);
        assert_eq!(outputs["prior-image"], place.channel()["prior"][0]["imageId"].as_str().unwrap());
        assert_converged(&place, &two, 2, 2);
    }
    assert!(killed >= 8, "only {killed} of 24 were killed before they ended");
}

#[test]
fn a_killed_rollback_goes_back_one_step() {
    let rollback = [("operation", "rollback")];
    let mut whole = {
        let place = place();
        succeed(&place, "two", &[]);
        let begun = Instant::now();
        succeed(&place, "one", &rollback);
        begun.elapsed()
    };
    for part in 0..12 {
        let place = place();
        succeed(&place, "two", &[]);
        // A third step, so that going back twice would show.
        succeed(&place, "one", &[]);
        let (command, outputs) = program(&place, "one", &rollback);
        killed_at(command, part * 2, &mut whole);
        // It has told all its outputs only if there is nothing left to take up.
        let told = read_outputs(&outputs).contains_key("location");
        let open = fs::read_dir(place.store().join("journal/intents")).unwrap().count();
        if !(told && open == 0) {
            succeed(&place, "one", &rollback);
        }
        assert_converged(&place, &two(&place), 4, place.releases().len());
    }
}

#[test]
fn publishers_that_race_take_turns() {
    let place = place();
    let names: Vec<_> = (0..4).map(|at| format!("racer-{at}")).collect();
    let mut expected: Vec<_> = names
        .iter()
        .map(|name| {
            let manifest = place.image(name);
            place.pass(&manifest);
            manifest.content_digest().sha256().to_string()
        })
        .collect();
    // Each image by two publishers, all at once.
    let children: Vec<_> = (0..2)
        .flat_map(|twin| names.iter().map(move |name| (twin, name)))
        .map(|(twin, name)| {
            let extra = [("provider", "local"), ("lock-timeout", "5m")];
            program(&place, name, &extra[..=twin]).0.spawn().unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let channel = place.channel();
    let history = channel["history"].as_array().unwrap();
    for pair in history.windows(2) {
        assert_eq!(pair[1]["from"], pair[0]["to"]);
    }
    let mut stored: Vec<_> = fs::read_dir(place.store().join("images"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    expected.push(place.image("one").content_digest().sha256().to_string());
    stored.sort();
    expected.sort();
    assert_eq!(stored, expected);
    assert_eq!(EvidenceDir::new(place.evidence()).list().unwrap().strays, []);
}

#[test]
fn a_store_that_is_held_is_given_up_in_time_and_left_as_it_was() {
    let place = place();
    let before = tree(&place.store());
    let holder = File::open(place.store().join("lock")).unwrap();
    flock(&holder, FlockOperation::LockExclusive).unwrap();
    let begun = Instant::now();
    let output = program(&place, "two", &[("lock-timeout", "1s")]).0.output().unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stdout).contains("held by another publisher"));
    assert_eq!(tree(&place.store()), before);
}

fn two(place: &Place) -> String {
    let manifest = model::ImageManifest::parse(&fs::read(place.path("two/image.json")).unwrap()).unwrap();
    manifest.content_digest().sha256().to_string()
}
