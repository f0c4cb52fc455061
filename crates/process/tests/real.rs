//! What only real programs can show: bounds, what is left behind, what the environment holds.

use process::{
    Error, LINE_CAP, Line, Processes, Real, Spec,
    Stream::{Stderr, Stdout},
    end_left_behind, output,
};
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

const ENOUGH: Duration = Duration::from_secs(60);

fn shell(script: &str) -> Spec {
    Spec::new("sh").args(["-c", script]).env("PATH", "/usr/bin:/bin")
}

/// The process has ended (or was never there).
fn ended(pid: &str) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit(") ").next().is_none_or(|rest| rest.is_empty() || rest.starts_with(['Z', 'X']))
}

fn file(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).to_string_lossy().into_owned()
}

/// Lets a spawned run go on until `path` has a whole line.
async fn until_written(path: &str) -> String {
    let started = Instant::now();
    loop {
        match fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text,
            _ => assert!(started.elapsed() < ENOUGH, "{path} was never written"),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_ten_megabyte_line_is_cut_and_says_so() {
    let script = "head -c 10485760 /dev/zero | tr '\\0' x; echo; echo after";
    let mut lines = Vec::new();
    let exit = Real.run(shell(script), &mut |line| lines.push(line)).await.unwrap();
    assert!(exit.success());
    assert_eq!(lines.len(), 2);
    let (kept, mark) = lines[0].bytes().split_at(LINE_CAP);
    assert!(kept.iter().all(|&byte| byte == b'x'));
    assert_eq!(mark, b" [9437184 more bytes of this line dropped]");
    assert_eq!(lines[1], Line::Stdout(b"after".to_vec()));
}

#[tokio::test]
async fn lines_of_both_streams_come_in_order_of_arrival() {
    let folder = tempfile::tempdir().unwrap();
    // Each line is written when the one before has been heard.
    let script =
        "n=0; for to in 1 2 1 2 2 1; do echo $n >&$to; while ! test -e $n; do :; done; n=$((n+1)); done";
    let mut heard = Vec::new();
    let spec = shell(script).cwd(folder.path());
    let exit = Real
        .run(spec, &mut |line| {
            fs::write(folder.path().join(line.text().as_ref()), "").unwrap();
            heard.push((line.stream(), line.text().into_owned()));
        })
        .await
        .unwrap();
    assert!(exit.success());
    let expected = [Stdout, Stderr, Stdout, Stderr, Stderr, Stdout].into_iter().zip(0..);
    assert_eq!(heard, expected.map(|(stream, n)| (stream, n.to_string())).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_whole_output_is_whole_or_an_error() {
    // One line longer than a line may be: not cut here.
    let two_mib = shell("head -c 2097152 /dev/zero; echo oops >&2; exit 4");
    let all = output(&Real, two_mib, 3 << 20).await.unwrap();
    assert_eq!(
        (all.stdout.len(), all.stderr.as_slice(), all.exit.code),
        (2 << 20, b"oops\n".as_slice(), Some(4))
    );
    let started = Instant::now();
    let error = output(&Real, shell("yes"), 1 << 20).await.unwrap_err();
    assert!(matches!(error, Error::TooMuchOutput { max_bytes: 0x10_0000, .. }), "{error}");
    assert!(started.elapsed() < ENOUGH);
}

#[tokio::test]
async fn the_environment_holds_what_was_given_and_the_mark() {
    let spec = Spec::new("/usr/bin/env").env("A", "1").base_env(&[("B", "2"), ("A", "3")]);
    let all = output(&Real, spec, 4096).await.unwrap();
    let text = String::from_utf8(all.stdout).unwrap();
    let mut names: Vec<&str> = text.lines().map(|line| line.split('=').next().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["A", "B", Spec::MARK]);
    assert!(text.contains("A=3\n") && text.contains("B=2\n"), "{text}");
}

#[tokio::test]
async fn arguments_are_never_seen_by_a_shell() {
    let spec = Spec::new("/usr/bin/printf").args(["%s\n", "$HOME; echo `id` '", "--", "a b", ""]);
    let all = output(&Real, spec, 4096).await.unwrap();
    assert_eq!(all.stdout, b"$HOME; echo `id` '\n--\na b\n\n");
}

#[tokio::test]
async fn a_missing_working_folder_is_named() {
    let error = Real.run(shell("true").cwd("/nowhere/at/all"), &mut |_| {}).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot start sh: its working folder /nowhere/at/all is not there");
}

/// Each way to stay behind: in the group, in a group of one's own, in a session of one's own with
/// the output held open, deaf to polite signals.
const STRAGGLERS: &[(&str, &str)] = &[
    ("in the group", "sleep 1000 & echo $! >$OUT"),
    ("own session", "setsid sh -c 'echo $$ >$OUT; exec sleep 1000' & while ! test -s $OUT; do :; done"),
    ("own group", "set -m; sleep 1000 & echo $! >$OUT"),
    (
        "deaf",
        "sh -c 'trap \"\" INT TERM HUP; echo $$ >$OUT; while :; do sleep 1; done' & while ! test -s $OUT; do :; done",
    ),
    ("environment cleared", "env -i /bin/sleep 1000 & echo $! >$OUT"),
];

#[tokio::test]
async fn what_is_left_behind_is_ended() {
    for (name, script) in STRAGGLERS {
        let folder = tempfile::tempdir().unwrap();
        let out = file(&folder, "pid");
        let spec = shell(script).env("OUT", &out).kill_grace(Duration::from_millis(200));
        let started = Instant::now();
        let exit = Real.run(spec, &mut |_| {}).await.unwrap();
        assert_eq!(exit.code, Some(0), "{name}");
        assert!(exit.left_behind > 0, "{name}");
        assert!(ended(&fs::read_to_string(&out).unwrap()), "{name}");
        assert!(started.elapsed() < ENOUGH, "{name}");
    }
}

/// Each for a script that had not begun when the one before was up: the machine is busy.
const TIME_OUTS: [Duration; 3] =
    [Duration::from_millis(300), Duration::from_secs(3), Duration::from_secs(30)];

#[tokio::test]
async fn a_time_out_ends_the_deaf_too() {
    let folder = tempfile::tempdir().unwrap();
    let out = file(&folder, "pid");
    let script = "trap '' INT TERM; echo $$ >$OUT; while :; do sleep 1; done";
    for time_out in TIME_OUTS {
        let spec = shell(script).env("OUT", &out).timeout(time_out).kill_grace(Duration::from_millis(100));
        let exit = Real.run(spec, &mut |_| {}).await.unwrap();
        assert!(exit.timed_out);
        let pid = fs::read_to_string(&out).unwrap_or_default();
        if pid.ends_with('\n') {
            assert_eq!((exit.code, exit.signal), (None, Some(9)));
            return assert!(ended(&pid));
        }
    }
    panic!("it never began");
}

#[tokio::test]
async fn the_polite_may_clean_up() {
    let script = "trap 'echo cleaning; exit 7' INT; echo begun; while :; do sleep 0.05; done";
    for time_out in TIME_OUTS {
        let mut lines = Vec::new();
        let spec = shell(script).timeout(time_out);
        let exit = Real.run(spec, &mut |line| lines.push(line.text().into_owned())).await.unwrap();
        assert!(exit.timed_out);
        if !lines.is_empty() {
            assert_eq!(lines, ["begun", "cleaning"]);
            return assert_eq!(exit.code, Some(7));
        }
    }
    panic!("it never began");
}

#[tokio::test]
async fn dropping_the_run_kills_it() {
    let folder = tempfile::tempdir().unwrap();
    let (leader, child) = (file(&folder, "leader"), file(&folder, "child"));
    let script = "trap '' INT TERM; setsid sh -c 'echo $$ >$CHILD; exec sleep 1000' & echo $$ >$LEADER; wait";
    let spec = shell(script).env("LEADER", &leader).env("CHILD", &child);
    let mut ignore = |_| {};
    tokio::select! {
        exit = Real.run(spec, &mut ignore) => panic!("it ended by itself: {exit:?}"),
        _ = async { until_written(&leader).await; until_written(&child).await } => {}
    }
    let started = Instant::now();
    for path in [&leader, &child] {
        let pid = fs::read_to_string(path).unwrap();
        while !ended(&pid) {
            assert!(started.elapsed() < ENOUGH, "{path} lives on");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn a_note_stays_only_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("note");
    let spec = shell("cat \"$NOTE\"").env("NOTE", &note).note(&note);
    let all = output(&Real, spec, 4096).await.unwrap();
    let text = String::from_utf8(all.stdout).unwrap();
    assert!(text.starts_with("HALLMARK_RUN=") && text.ends_with('\n'), "{text}");
    assert!(!note.exists());
    assert_eq!(end_left_behind(&note, ENOUGH).await.unwrap(), 0);
}

#[tokio::test]
async fn a_note_that_names_no_run_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("note");
    for text in ["", "HALLMARK_RUN=\n", "HALLMARK_RUN=x", "OTHER=x\n"] {
        fs::write(&note, text).unwrap();
        let error = end_left_behind(Path::new(&note), ENOUGH).await.unwrap_err();
        assert!(error.to_string().ends_with("it names no run"), "{text:?}: {error}");
    }
}
