//! From the process to an action and back to an exit code.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use crate::action::{Action, COULD_NOT_DECIDE, Outcome};
use crate::command::{self, Asked};
use crate::context::Context;
use crate::host::Host;
use crate::summary::Summary;
use crate::terminal::colours;
use crate::{Annotation, Result, escape};

/// A program with one action: `fn main() -> ExitCode { runner::main(&gate::ACTION) }`.
#[must_use]
pub fn main(action: &'static Action) -> ExitCode {
    with_host(|host| run(action, host).code)
}

/// A program with several actions, each a subcommand: `hallmark gate …`.
#[must_use]
pub fn main_many(name: &'static str, about: &'static str, actions: &[&'static Action]) -> ExitCode {
    with_host(|host| {
        let command = command::of_actions(name, about, actions);
        match command::parse_many(command, actions, &host.args) {
            Ok((action, asked)) => run_asked(action, &asked, host).code,
            Err(error) => explain(&error, host),
        }
    })
}

/// What a run gave back, for tests.
#[derive(Debug, Default)]
pub(crate) struct Finished {
    pub(crate) code: u8,
    pub(crate) outputs: BTreeMap<String, String>,
    pub(crate) summary: Summary,
}

impl Finished {
    fn undecided() -> Self {
        Self { code: COULD_NOT_DECIDE, ..Self::default() }
    }
}

/// Runs an action as the arguments ask.
pub(crate) fn run(action: &'static Action, host: Host) -> Finished {
    match command::parse(command::of_action(action), action, &host.args) {
        Ok(asked) => run_asked(action, &asked, host),
        Err(error) => Finished { code: explain(&error, host), ..Finished::default() },
    }
}

fn run_asked(action: &'static Action, asked: &Asked, host: Host) -> Finished {
    let context = Context::new(action, host, &asked.flags);
    let work = async |context: &mut Context| {
        if asked.post {
            match action.post {
                Some(post) => post(context).await,
                None => Ok(Outcome::Done),
            }
        } else {
            context.check()?;
            (action.run)(context).await
        }
    };
    drive(context, work).1
}

/// Runs work on a context, and finishes it: the one path by which every run ends.
pub(crate) fn drive(
    mut context: Context,
    work: impl AsyncFnOnce(&mut Context) -> Result<Outcome>,
) -> (Result<Outcome>, Finished) {
    let decided = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(work(&mut context)),
        Err(error) => Err(crate::Error::new(error).context("cannot start the async runtime")),
    };
    if let Err(error) = &decided {
        context.fail(error);
    }
    let code = decided.as_ref().map_or(COULD_NOT_DECIDE, |outcome| outcome.exit_code());
    let finished = context
        .finish()
        .map_or_else(|_| Finished::undecided(), |(outputs, summary)| Finished { code, outputs, summary });
    (decided, finished)
}

/// `--help` and `--version` are answers; anything else clap says is an error in the arguments.
fn explain(error: &clap::Error, mut host: Host) -> u8 {
    let is_answer = !error.use_stderr();
    let stream = if is_answer { &mut host.stdout } else { &mut host.stderr };
    let rendered = error.render();
    let text = if colours(&host.env, stream.is_terminal) {
        rendered.ansi().to_string()
    } else {
        rendered.to_string()
    };
    stream.writer.write_all(text.as_bytes()).and_then(|()| stream.writer.flush()).ok();
    if is_answer { 0 } else { COULD_NOT_DECIDE }
}

fn with_host(work: impl FnOnce(Host) -> u8) -> ExitCode {
    std::panic::set_hook(Box::new(panicked));
    match Host::of_this_process() {
        Ok(host) => ExitCode::from(work(host)),
        Err(message) => {
            eprint(&format!("error: {message}"));
            ExitCode::from(COULD_NOT_DECIDE)
        }
    }
}

/// A panic is a mistake of ours, so nothing was decided. The process ends here, with that exit code,
/// whether the build unwinds or aborts.
#[expect(
    clippy::exit,
    clippy::disallowed_methods,
    reason = "a panic must not end as anything but `could not decide`"
)]
fn panicked(info: &std::panic::PanicHookInfo<'_>) {
    // What is said has to be seen, and the prompt to be usable after it.
    crate::screen::restore(&mut std::io::stdout());
    let message = info.payload_as_str().unwrap_or("no message");
    let place =
        info.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
    let text = format!("internal error{place}: {message}. This is a bug in Hallmark; nothing was decided.");
    if std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") {
        let command = crate::annotate::command(crate::Level::Error, &Annotation::new(text));
        std::io::stdout().write_all(format!("\n{command}\n").as_bytes()).ok();
    } else {
        eprint(&format!("error: {}", escape::log_line(&text)));
    }
    std::process::exit(COULD_NOT_DECIDE.into())
}

#[expect(clippy::disallowed_methods, reason = "there is no context to report with")]
fn eprint(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).ok();
}
