//! An action as its own program. The tests run it as the runner would, to see how a process ends.

use std::process::ExitCode;

use runner::{Action, Context, Input, Kind, Outcome, Output, Result};

static ACTION: Action = Action {
    name: "assay",
    about: "Assays nothing",
    inputs: &[Input::new("mode", Kind::Choice(&["done", "panic", "much"]), "What to do").default("done")],
    outputs: &[Output { name: "result", help: "The result" }],
    run: |ctx| Box::pin(run(ctx)),
    post: None,
};

#[expect(clippy::panic, reason = "a panic is what is looked at")]
async fn run(ctx: &mut Context) -> Result<Outcome> {
    ctx.output("result", "started")?;
    match ctx.text("mode")?.as_str() {
        "panic" => panic!("boom\n::error::forged"),
        "much" => {
            for _ in 0..100_000 {
                ctx.info("a line that nobody reads");
            }
        }
        _ => {}
    }
    ctx.output("result", "done")?;
    Ok(Outcome::Done)
}

fn main() -> ExitCode {
    runner::main_many("assayer", "Assays", &[&ACTION])
}
