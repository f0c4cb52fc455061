//! A whole action, run in-process as the runner and as a person would.

use runner::testing::Harness;
use runner::{Action, Annotation, Context, Input, Kind, Outcome, Output, Result};

static ACTION: Action = Action {
    name: "assay",
    about: "Assays",
    inputs: &[
        Input::new(
            "mode",
            Kind::Choice(&["done", "review", "against", "fail", "hostile", "many", "secret", "undeclared"]),
            "What to do",
        )
        .default("done"),
        Input::new("count", Kind::Integer, "How many").default("3"),
        Input::new("signing-key", Kind::Secret, "Key"),
        Input::new("wait", Kind::Duration, "Time").default("1h30m"),
        Input::new("vars", Kind::Lines, "Variables"),
        Input::new("image", Kind::Path, "Image"),
        Input::new("dry-run", Kind::Bool, "Nothing is changed"),
    ],
    outputs: &[Output { name: "result", help: "The result" }],
    run: |ctx| Box::pin(run(ctx)),
    post: Some(|ctx| Box::pin(post(ctx))),
};

const HOSTILE: &str = "::set-output name=result::owned\r::add-mask::x\n##[error]y\u{1b}[31m|<script>";

async fn run(ctx: &mut Context) -> Result<Outcome> {
    let mode = ctx.text("mode")?;
    match mode.as_str() {
        "review" => Ok(Outcome::Review),
        "against" => Ok(Outcome::Against),
        "fail" => Err(anyhow::anyhow!("inner\n::error::forged").context("outer")),
        "hostile" => {
            ctx.group(HOSTILE);
            ctx.info(HOSTILE);
            ctx.summary().heading(1, HOSTILE);
            ctx.error(Annotation::new(HOSTILE).title(HOSTILE));
            ctx.output("result", HOSTILE)?;
            Ok(Outcome::Done)
        }
        "many" => {
            for number in 1..=ctx.integer("count")? {
                ctx.error(Annotation::new(format!("error {number}")));
            }
            Ok(Outcome::Done)
        }
        "secret" => {
            let secret = ctx.secret("signing-key")?.ok_or_else(|| anyhow::anyhow!("no key"))?;
            ctx.info(&format!("{secret:?}"));
            ctx.output("result", secret.expose().trim())?;
            Ok(Outcome::Done)
        }
        "undeclared" => ctx.output("nope", "1").map(|()| Outcome::Done),
        _ => {
            ctx.group("Work");
            ctx.info("working");
            ctx.end_group();
            ctx.state("started", "yes")?;
            let result = format!(
                "{} {:?} {:?} {} {} {}",
                ctx.integer("count")?,
                ctx.duration("wait")?,
                ctx.lines("vars")?,
                ctx.opt_path("image")?.is_some_and(|path| path.is_absolute()),
                ctx.flag("dry-run")?,
                ctx.now()
            );
            ctx.output("result", result)?;
            ctx.summary().heading(2, "Pass").table(&["Test", "N"], &[vec!["a|b", "1"]]);
            ctx.warning(Annotation::new("look").file(ctx.cwd().join("a.yml").to_string_lossy()).line(3));
            Ok(Outcome::Done)
        }
    }
}

async fn post(ctx: &mut Context) -> Result<Outcome> {
    let started = ctx.saved_state("started").unwrap_or("nothing").to_owned();
    ctx.info(&format!("cleaning {started}"));
    Ok(Outcome::Done)
}

fn mode(mode: &str) -> Harness {
    Harness::new().input("mode", mode)
}

#[test]
fn on_a_runner() {
    let run = Harness::new()
        .input("count", " 7\n")
        .input("vars", "a=1,2\nb=3")
        .input("image", "disk.raw")
        .run(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!(run.outputs["result"], "7 5400s [\"a=1,2\", \"b=3\"] true false 2026-01-02T03:04:05Z");
    assert_eq!(run.stdout, "::group::Work\nworking\n::endgroup::\n::warning file=a.yml,line=3::look\n");
    assert_eq!(run.stderr, "");
    assert_eq!(run.summary, "## Pass\n\n| Test | N |\n| --- | --- |\n| a\\|b | 1 |\n\n");
    assert!(run.state.starts_with("started<<hallmark_"), "{}", run.state);
    assert!(run.state.contains("\nyes\n"), "{}", run.state);
}

#[test]
fn on_a_terminal() {
    let run = Harness::new().off_runner().arg("--count=7").arg("--dry-run").run(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(
        run.stdout,
        "Pass\n\n  Test  N\n  a|b   1\n\nOutputs\n  result  7 5400s [] false true 2026-01-02T03:04:05Z\n"
    );
    assert_eq!(run.stderr, "▸ Work\n  working\nwarning: a.yml:3: look\n");
    assert_eq!(run.state, "");

    let coloured = Harness::new().off_runner().terminal().env("TERM", "xterm").run(&ACTION);
    assert!(coloured.stdout.starts_with("\u{1b}[1mPass\u{1b}[0m\n"), "{:?}", coloured.stdout);
    assert!(coloured.stderr.contains("\u{1b}[1;33mwarning\u{1b}[0m: "), "{:?}", coloured.stderr);
    let plain = Harness::new().off_runner().terminal().env("NO_COLOR", "1").run(&ACTION);
    assert!(!plain.stdout.contains('\u{1b}'), "{:?}", plain.stdout);
}

#[test]
fn exit_codes() {
    for (mode_name, code) in [("done", 0), ("review", 0), ("against", 1), ("fail", 2), ("undeclared", 2)] {
        assert_eq!(mode(mode_name).run(&ACTION).code, code, "{mode_name}");
    }
}

#[test]
fn an_error_is_one_annotation_with_its_causes() {
    let run = mode("fail").run(&ACTION);
    assert_eq!(run.stdout, "::error title=assay::outer: inner%0A::error::forged\n");
    assert_eq!(run.summary, "Could not decide: outer: inner ::error::forged\n\n");
    let run = mode("fail").off_runner().run(&ACTION);
    assert_eq!(run.stderr, "error: assay: outer: inner\n  :\u{200b}:error::forged\n");
    assert_eq!(run.stdout, "");
}

#[test]
fn bad_inputs_are_refused_before_anything_is_done() {
    let run = Harness::new().input("count", "many").input("mode", "dnoe").run(&ACTION);
    assert_eq!(run.code, 2);
    assert_eq!(
        run.stdout,
        "::error title=assay::2 inputs are wrong:%0A\
         input `count`: \"many\" is not accepted; give a whole number from 0 to 18446744073709551615%0A\
         input `mode`: \"dnoe\" is not accepted; give one of done, review, against, fail, hostile, many, secret, undeclared\n"
    );
    assert!(run.outputs.is_empty() && run.state.is_empty());
    let run = Harness::new().without_env("GITHUB_OUTPUT").run(&ACTION);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("GITHUB_OUTPUT is not set"), "{}", run.stdout);
    assert!(!run.stdout.contains("::group::"), "{}", run.stdout);
}

#[test]
fn a_summary_that_cannot_be_written_is_an_error() {
    let run = Harness::new().without_env("GITHUB_STEP_SUMMARY").run(&ACTION);
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("GITHUB_STEP_SUMMARY is not set"), "{}", run.stdout);
}

#[test]
fn an_undeclared_output_is_an_error() {
    let run = mode("undeclared").run(&ACTION);
    assert!(
        run.stdout.contains("output `nope` is written, but the action does not declare it"),
        "{}",
        run.stdout
    );
}

#[test]
fn hostile_text_is_inert() {
    let run = mode("hostile").run(&ACTION);
    assert_eq!(run.code, 0, "{}", run.stdout);
    let inert = ":\u{200b}:set-output name=result::owned";
    let lines: Vec<&str> = run.stdout.split('\n').collect();
    assert_eq!(
        lines,
        [
            // The title of a group is the data of our own command: only its end matters.
            &format!("::group::{inert}::add-mask::x ##\u{200b}[error]y|<script>"),
            inert,
            ":\u{200b}:add-mask::x",
            "##\u{200b}[error]y|<script>",
            "::error title=%3A%3Aset-output name=result%3A%3Aowned%3A%3Aadd-mask%3A%3Ax ##[error]y|<script>\
             ::::set-output name=result::owned%0A::add-mask::x%0A##[error]y|<script>",
            "::endgroup::",
            "",
        ]
    );
    assert_eq!(run.outputs["result"], HOSTILE, "an output is data: it is kept as it is");
    assert_eq!(
        run.summary,
        "# ::set-output name=result::owned ::add-mask::x \\#\u{200b}\\#\u{200b}\\[error\\]y\\|&lt;script&gt;\n\n"
    );
}

#[test]
fn ten_annotations_of_a_level_are_shown_and_the_rest_is_counted() {
    for (count, commands, last) in [(0, 0, None), (9, 9, Some("error 9")), (10, 10, Some("error 10"))] {
        let run = mode("many").input("count", count.to_string()).run(&ACTION);
        let shown: Vec<&str> = run.stdout.lines().filter_map(|line| line.strip_prefix("::error::")).collect();
        assert_eq!((shown.len(), shown.last().copied()), (commands, last), "{count}");
    }
    let run = mode("many").input("count", "25").run(&ACTION);
    let shown: Vec<&str> = run.stdout.lines().filter_map(|line| line.strip_prefix("::error::")).collect();
    assert_eq!(shown.len(), 10);
    assert_eq!(shown[9], "error 10%0A(and 15 more of level error, in this step's log)");
    assert_eq!(run.stdout.lines().filter(|line| line.starts_with("error: error ")).count(), 15);
}

#[test]
fn secrets_are_masked_redacted_and_kept_out_of_outputs() {
    let key = "-----BEGIN PRIVATE KEY-----\nAAAABBBB\nCCCCDDDD\n-----END PRIVATE KEY-----\n";
    let run = mode("secret").input("signing-key", key).run(&ACTION);
    assert_eq!(run.code, 2);
    let (masks, rest) = run.stdout.split_once("Secret(***)\n").unwrap();
    assert_eq!(masks, "::add-mask::AAAABBBB\n::add-mask::CCCCDDDD\n");
    assert!(rest.contains("output `result` contains a secret") && !rest.contains("AAAA"), "{rest}");

    let harness = Harness::new().off_runner().arg("--mode=secret").arg("--signing-key=key.pem");
    harness.file("key.pem", key);
    let run = harness.run(&ACTION);
    assert!(run.stderr.contains("contains a secret"), "{}", run.stderr);
    assert!(!run.stderr.contains("add-mask") && !run.stdout.contains("add-mask"));
    let run = Harness::new().off_runner().arg("--signing-key=hunter2").run(&ACTION);
    assert!(run.code == 2 && !run.stderr.contains("hunter2"), "{}", run.stderr);
}

#[test]
fn the_clean_up_runs_in_spite_of_bad_inputs() {
    let run = Harness::new().input("count", "many").env("STATE_started", "yes").post(&ACTION);
    assert_eq!((run.code, run.stdout.as_str()), (0, "cleaning yes\n"));
}

#[test]
fn help_and_wrong_flags() {
    let run = Harness::new().arg("--help").run(&ACTION);
    assert_eq!(run.code, 0);
    assert!(run.stdout.contains("[env: INPUT_SIGNING-KEY]"), "{}", run.stdout);
    let run = Harness::new().arg("--signing-kye").arg("x").run(&ACTION);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--signing-key"), "{}", run.stderr);
    assert_eq!(
        Harness::new().arg("--version").run(&ACTION).stdout,
        format!("assay {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn work_below_run_can_be_tested_with_a_context() {
    let (result, run) = Harness::new().with_context(&ACTION, async |ctx| {
        ctx.info("inside");
        ctx.integer("count")
    });
    assert_eq!((result.unwrap(), run.stdout.as_str()), (3, "inside\n"));
    let (result, run) = Harness::new().with_context(&ACTION, async |_| Err::<(), _>(anyhow::anyhow!("no")));
    assert_eq!((result.unwrap_err().to_string().as_str(), run.code), ("no", 2));
}

#[test]
fn the_event_is_read_from_its_file() {
    let harness = Harness::new();
    let path = harness.file("event.json", r#"{"action":"opened"}"#);
    let harness = harness.env("GITHUB_EVENT_PATH", path.to_string_lossy());
    let (event, _) = harness.with_context(&ACTION, async |ctx| ctx.event());
    assert_eq!(event.unwrap()["action"], "opened");
    let (event, _) = Harness::new().with_context(&ACTION, async |ctx| ctx.event());
    assert!(event.unwrap().is_null());
}
