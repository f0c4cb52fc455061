//! One table for both: what a shell script really does, and what the fake says that it does.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use process::{Exit, Fake, Line, Processes, Real, Script, Spec, Stream};
use std::time::Duration;

struct Case {
    name: &'static str,
    shell: &'static str,
    script: fn() -> Script,
    stdin: Option<&'static [u8]>,
    timeout: Option<Duration>,
    lines: &'static [(char, &'static [u8])],
    code: Option<i32>,
    signal: Option<i32>,
    timed_out: bool,
}

const QUIET: Case = Case {
    name: "quiet",
    shell: "exit 0",
    script: || Script::exits(0),
    stdin: None,
    timeout: None,
    lines: &[],
    code: Some(0),
    signal: None,
    timed_out: false,
};

const CASES: &[Case] = &[
    QUIET,
    Case { name: "fails", shell: "exit 3", script: || Script::exits(3), code: Some(3), ..QUIET },
    Case {
        name: "killed",
        shell: "kill -9 $$",
        script: || Script::dies_of(9),
        code: None,
        signal: Some(9),
        ..QUIET
    },
    Case {
        name: "both streams, empty lines, no last newline",
        shell: r"printf 'a\n\nb'; exec >&-; printf 'c\nd' >&2",
        script: || Script::exits(0).stdout("a\n\nb").stderr("c\nd"),
        lines: &[('o', b"a"), ('o', b""), ('o', b"b"), ('e', b"c"), ('e', b"d")],
        ..QUIET
    },
    Case {
        name: "invalid UTF-8, NUL, ANSI and workflow commands are bytes like any other",
        shell: r"printf '\377\376\000\n\033[31m\n::set-output name=x::y\r\n'",
        script: || Script::exits(0).stdout(b"\xff\xfe\0\n\x1b[31m\n::set-output name=x::y\r\n".as_slice()),
        lines: &[('o', b"\xff\xfe\0"), ('o', b"\x1b[31m"), ('o', b"::set-output name=x::y\r")],
        ..QUIET
    },
    Case {
        name: "standard input",
        shell: "cat",
        script: || Script::exits(0).stdout("given\n"),
        stdin: Some(b"given\n"),
        lines: &[('o', b"given")],
        ..QUIET
    },
    Case { name: "no standard input", shell: "cat", ..QUIET },
    Case { name: "unread standard input", stdin: Some(&[b'x'; 1 << 20]), ..QUIET },
    Case {
        name: "too slow",
        shell: "echo begun; exec sleep 1000",
        script: || Script::exits(0).stdout("begun\n").takes(Duration::from_secs(1000)),
        // More than a shell takes to begin, on a busy machine too.
        timeout: Some(Duration::from_secs(3)),
        lines: &[('o', b"begun")],
        code: None,
        signal: Some(2),
        timed_out: true,
        ..QUIET
    },
    Case { name: "fast enough", timeout: Some(Duration::from_secs(600)), ..QUIET },
];

async fn check(processes: &dyn Processes, program: &str, case: &Case) {
    let mut spec = Spec::new(program).args(["-c", case.shell]).env("PATH", "/usr/bin:/bin");
    if let Some(stdin) = case.stdin {
        spec = spec.stdin(stdin);
    }
    if let Some(timeout) = case.timeout {
        spec = spec.timeout(timeout);
    }
    let mut lines = Vec::new();
    let exit = processes.run(spec, &mut |line| lines.push(line)).await.unwrap();
    // What is written to both at once may arrive either way around.
    lines.sort_by_key(|line: &Line| line.stream() == Stream::Stderr);
    let expected: Vec<Line> = case
        .lines
        .iter()
        .map(|(stream, bytes)| match stream {
            'o' => Line::Stdout(bytes.to_vec()),
            _ => Line::Stderr(bytes.to_vec()),
        })
        .collect();
    assert_eq!(lines, expected, "{}", case.name);
    let ended = Exit {
        code: case.code,
        signal: case.signal,
        timed_out: case.timed_out,
        duration: exit.duration,
        ..Exit::default()
    };
    assert_eq!(exit, ended, "{}", case.name);
}

#[tokio::test]
async fn the_real_and_the_fake_do_the_same() {
    for case in CASES {
        check(&Real, "/bin/sh", case).await;
        check(&Fake::new().then("sh", (case.script)()), "/bin/sh", case).await;
    }
}

#[tokio::test]
async fn both_say_the_same_of_a_program_that_is_not_there() {
    let fake = Fake::new().then("none", Script::is_missing());
    let mut told = Vec::new();
    for processes in [&Real as &dyn Processes, &fake] {
        let error = processes.run(Spec::new("/nowhere/none"), &mut |_| {}).await.unwrap_err();
        told.push(error.to_string());
    }
    assert!(told[0].starts_with("cannot start /nowhere/none: "), "{told:?}");
    assert!(
        told.iter().all(|error| error.ends_with("(is it installed, and its interpreter too?)")),
        "{told:?}"
    );
}

#[tokio::test]
async fn the_fake_keeps_to_its_script() {
    let fake = Fake::new().then("git", Script::exits(0));
    let error = fake.run(Spec::new("/usr/bin/go"), &mut |_| {}).await.unwrap_err();
    assert_eq!(error.to_string(), "the fake was asked to run go, but its script says git");
    let error = fake.run(Spec::new("/usr/bin/go"), &mut |_| {}).await.unwrap_err();
    assert_eq!(error.to_string(), "the fake was asked to run go, but its script says nothing more");
    assert!(fake.is_done() && fake.calls().is_empty());
}
