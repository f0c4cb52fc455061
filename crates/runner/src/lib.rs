//! The GitHub runner's contract, and nothing else: how an action is told its inputs, and how it
//! gives back outputs, a summary, annotations, groups, masks and state.
//!
//! An action is a table (`Action`) and a function (`run`). The same program is a command-line
//! tool outside a runner: inputs are flags, and outputs and summary go to the terminal.
//!
//! ```no_run
//! use runner::{Action, Context, Input, Kind, Outcome, Output, Result};
//!
//! pub static ACTION: Action = Action {
//!     name: "greet",
//!     about: "Greets",
//!     inputs: &[Input::new("who", Kind::Text, "Whom to greet").default("world")],
//!     outputs: &[Output { name: "greeting", help: "What was said" }],
//!     run: |ctx| Box::pin(run(ctx)),
//!     post: None,
//! };
//!
//! async fn run(ctx: &mut Context) -> Result<Outcome> {
//!     let greeting = format!("hello {}", ctx.text("who")?);
//!     ctx.output("greeting", &greeting)?;
//!     Ok(Outcome::Done)
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     runner::main(&ACTION)
//! }
//! ```

mod action;
mod annotate;
mod command;
mod console;
mod context;
pub mod escape;
mod file_commands;
mod github;
mod given;
mod host;
mod input;
mod inside;
mod markdown;
mod program;
pub mod screen;
mod secret;
mod strip;
mod summary;
mod terminal;
pub mod testing;
mod value;

pub use action::{Action, Input, Kind, LocalBoxFuture, Outcome, Output, RunFn};
pub use annotate::{Annotation, Level};
pub use console::Progress;
pub use context::Context;
pub use github::GitHub;
pub use host::Clock;
pub use inside::{Inside, With};
pub use program::{main, main_many};
pub use secret::Secret;
pub use summary::Summary;

/// What an action gives back when it could not decide: printed with its chain of causes, exit code 2.
pub type Error = anyhow::Error;

/// The result of everything that can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;
