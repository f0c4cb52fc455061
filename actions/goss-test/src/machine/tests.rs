//! A run with a fake QEMU: which ends are results, and which are none.

use super::*;
use process::{Fake, Script};
use runner::testing::{Harness, Run};

static BARE: runner::Action = runner::Action {
    name: "goss-test",
    about: "",
    inputs: &[],
    outputs: &[],
    run: |_| Box::pin(async { Ok(runner::Outcome::Done) }),
    post: None,
};

const WHOLE: &[u8] = b"hallmark-results-1 0 2 0\n{}hallmark-end 1\n";

/// Writes to the results disk, as a guest does.
fn guest_writes(bytes: &'static [u8]) -> impl FnOnce(&Spec) {
    move |spec: &Spec| {
        let words = spec.arguments().iter().map(|word| word.to_string_lossy());
        let mut drive =
            words.filter_map(|word| word.split_once("id=results,").map(|(_, rest)| rest.to_owned()));
        let path = drive.next_back().unwrap().split_once("file=").unwrap().1.to_owned();
        let mut disk = std::fs::read(&path).unwrap();
        disk[..bytes.len()].copy_from_slice(bytes);
        std::fs::write(path, disk).unwrap();
    }
}

fn run_with(qemu: Script) -> (Result<Vec<Results>>, Run, Fake) {
    let harness = Harness::new();
    let disk = harness.file("disk.raw", [1; 512]);
    let goss = harness.file("goss", "the program");
    let spec = harness.file("goss.yaml", "file: {}\n");
    let log = harness.workspace().join("logs/console.log");
    let fake = Fake::new()
        .then("qemu-img", Script::exits(0))
        .then("mke2fs", Script::exits(0))
        .then("qemu-system-x86_64", qemu);
    let (result, run) = harness.with_context(&BARE, async |ctx| {
        let image = Image::open(&disk, |_| ())?;
        let specs = Specs::read(std::slice::from_ref(&spec), "booted")?;
        let plan = Plan {
            image: &image,
            bring: Bring::Booted,
            goss: &goss,
            specs: &specs,
            vars: None,
            memory_mib: 512,
            cpus: 1,
            accelerator: Wanted::Tcg,
            timeout: Duration::from_secs(60),
            patience: Patience {
                retry_timeout: Duration::ZERO,
                sleep: Duration::from_secs(1),
                start: Duration::from_secs(30),
            },
            console_log: Some(log.clone()),
        };
        let files = BootFiles {
            kernel: vec![],
            initrd: vec![],
            arguments: vec!["ro".to_owned()],
            found: String::new(),
        };
        run(ctx, &fake, &plan, &files, Architecture::Amd64).await
    });
    (result, run, fake)
}

#[test]
fn only_whole_results_are_results() {
    let ended = "hallmark: goss ended\r\n";
    let slow = Duration::from_secs(61);
    for (name, qemu, expected) in [
        ("whole", Script::exits(0).effect(guest_writes(WHOLE)), Ok(1)),
        (
            "no results",
            Script::exits(0).stdout("hallmark: running goss\n"),
            Err("went off without results, while Goss ran"),
        ),
        ("silence", Script::exits(0), Err("before its kernel said anything")),
        ("cut off", Script::exits(0).effect(guest_writes(b"hallmark-results-1 0 2 0\n{}")), Err("cut off")),
        (
            "QEMU fails",
            Script::exits(1).stderr("could not load kernel\n"),
            Err("ended with exit code 1: could not load kernel"),
        ),
        (
            "QEMU fails with results",
            Script::exits(1).effect(guest_writes(WHOLE)),
            Err("ended with exit code 1"),
        ),
        ("QEMU dies", Script::dies_of(9), Err("ended by signal 9")),
        ("QEMU is not there", Script::is_missing(), Err("install QEMU")),
        ("cancelled", Script::is_cancelled(), Err("cancelled")),
        (
            "never boots",
            Script::exits(0).stdout("[ 0.0] Linux\n").takes(slow),
            Err("when its 60 s were up, while its kernel"),
        ),
        (
            "never boots, and a file lies there",
            Script::exits(0).effect(guest_writes(WHOLE)).takes(slow),
            Err("when its 60 s were up"),
        ),
        ("never goes off", Script::exits(0).stdout(ended).effect(guest_writes(WHOLE)).takes(slow), Ok(1)),
    ] {
        let (result, run, fake) = run_with(qemu);
        match (result, expected) {
            (Ok(results), Ok(runs)) => assert_eq!(results.len(), runs, "{name}"),
            (Err(error), Err(part)) => assert!(format!("{error:#}").contains(part), "{name}: {error:#}"),
            (got, _) => panic!("{name}: {got:?} {}", run.stdout),
        }
        assert!(fake.is_done(), "{name}");
    }
}

#[test]
fn the_disk_under_test_is_only_ever_a_backing_file() {
    let (_, _, fake) = run_with(Script::exits(0).effect(guest_writes(WHOLE)));
    let calls = fake.calls();
    let words = |at: usize| -> Vec<String> {
        calls[at].arguments().iter().map(|word| word.to_string_lossy().into_owned()).collect()
    };
    assert_eq!(words(0)[..7], ["create", "-q", "-f", "qcow2", "-F", "raw", "-b"]);
    assert!(words(0)[7].ends_with("disk.raw"));
    assert!(!words(2).iter().any(|word| word.contains("disk.raw")), "{:?}", words(2));
    assert!(
        calls
            .iter()
            .all(|call| !call.environment().keys().any(|name| name.to_string_lossy().contains("GITHUB")))
    );
}

#[test]
fn what_the_guest_says_is_inert_and_kept() {
    let hostile = "::error::forged\r\n\u{1b}[2Jhi\r\n";
    let (_, run, _) = run_with(Script::exits(0).stdout(hostile).effect(guest_writes(WHOLE)));
    assert!(run.stdout.contains("\n:\u{200b}:error::forged\nhi\n::endgroup::\n"), "{:?}", run.stdout);
}
