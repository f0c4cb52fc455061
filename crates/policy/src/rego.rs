//! The optional Rego module of a policy: it reads one documented document and can add reasons, and
//! nothing else. It cannot take a reason away, reach outside, tell the time or draw lots.

mod builtins;
mod calls;
mod denial;
mod input;
mod nesting;
mod order;
mod table;
#[cfg(test)]
mod tests;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use regorus::unstable::{self as ast, Expr, Rule, RuleHead};
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, Value};

pub use denial::Denial;
pub(crate) use denial::reasons;
pub(crate) use input::{Input, document};

use crate::problem::{At, Problem, Problems};

/// The package that a module has to be in.
const PACKAGE: &str = "data.hallmark";
/// The rule whose elements are denials.
const RULE: &str = "deny";
/// Work that is not done by then is given up, which is a reason to fail.
const TIME: Duration = Duration::from_secs(60);
/// How many steps there are between two looks at the clock.
const STEPS: NonZeroU32 = NonZeroU32::new(1000).unwrap();
/// Room for rules that build on one another as deep as they may, each nested as deep as it may be.
const STACK: usize = 256 << 20;

/// A checked module.
#[derive(Clone)]
pub struct Module {
    source: Arc<str>,
    engine: Engine,
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Module")
    }
}

impl Module {
    /// Reads and checks a module.
    ///
    /// # Errors
    /// What is no Rego (v1), another package, no `deny contains`, or a call of what a module may not call.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        if let Some(at) = nesting::too_deep(text) {
            let what = format!("brackets nest more than {} deep", nesting::MAX_NESTING);
            let mend = "give what is inside a rule of its own".to_owned();
            return Err(Problems(vec![Problem { file: file.into(), at, what, mend }]));
        }
        let mut engine = Engine::new();
        builtins::add(&mut engine);
        engine.set_strict_builtin_errors(true);
        engine.set_execution_timer_config(ExecutionTimerConfig { limit: TIME, check_interval: STEPS });
        let mistaken = |error: &dyn fmt::Display, mend: &str| {
            let said = Said::of(&error.to_string());
            Problems(vec![Problem { file: file.into(), at: said.at, what: said.what, mend: mend.into() }])
        };
        engine
            .add_policy(file.to_owned(), text.to_owned())
            .map_err(|error| mistaken(&error, "write Rego v1: `opa check` tells the same mistakes"))?;
        let problems: Vec<Problem> =
            engine.get_modules().iter().flat_map(|module| check(file, module)).collect();
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let entry = format!("{PACKAGE}.{RULE}");
        engine
            .compile_with_entrypoint(&entry.as_str().into())
            .map_err(|error| mistaken(&error, "mend the rule: `opa check` tells the same mistakes"))?;
        Ok(Self { source: text.into(), engine })
    }

    /// Its text.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// What the module has against a document, heaviest first, each once.
    ///
    /// # Errors
    /// One line: what could not be computed, or is no denial. Nothing may be concluded from the rest then.
    pub fn evaluate(&self, input: Value) -> Result<Vec<Denial>, String> {
        let mut engine = self.engine.clone();
        engine.set_input(input);
        let work = move || engine.eval_rule(format!("{PACKAGE}.{RULE}"));
        let ended = thread::Builder::new()
            .stack_size(STACK)
            .spawn(work)
            .map_err(|error| format!("there is no thread for it: {error}"))?
            .join();
        let value = ended
            .map_err(|_| "its evaluation broke down".to_owned())?
            .map_err(|error| Said::of(&error.to_string()).to_string())?;
        denial::read(&value)
    }
}

/// What the module says of itself before it runs.
fn check(file: &str, module: &ast::Module) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut problem = |span: &ast::Span, what: String, mend: String| {
        let at = At::new(u64::from(span.line), u64::from(span.col));
        problems.push(Problem { file: file.into(), at, what, mend });
    };
    let package = module.package.refr.span().text();
    if format!("data.{package}") != PACKAGE {
        let mend = "write `package hallmark`".to_owned();
        problem(module.package.refr.span(), format!("the package is `{}`", package.escape_debug()), mend);
    }
    for import in &module.imports {
        let path = import.refr.span().text();
        if !["rego.v1", "future.keywords", "input"]
            .iter()
            .any(|root| path == *root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('.')))
        {
            let what = format!("`{}` cannot be imported", path.escape_debug());
            problem(import.refr.span(), what, "a module stands alone: write its rules here".into());
        }
    }
    let mut denies = false;
    for rule in &module.policy {
        let (refr, partial) = head(rule);
        if root(refr.span().text()) == RULE {
            denies = true;
            if !partial {
                let what = format!("`{RULE}` is no set here");
                problem(refr.span(), what, format!("write `{RULE} contains message if {{ … }}`"));
            }
        }
    }
    if !denies {
        let what = format!("there is no rule `{RULE}`");
        problem(&module.package.span, what, format!("write `{RULE} contains message if {{ … }}`"));
    }
    for mistake in calls::mistakes(module) {
        problem(&mistake.span, mistake.what, mistake.mend);
    }
    problems.sort();
    problems
}

/// The name that a rule gives a value to, and whether it adds an element to a set.
fn head(rule: &Rule) -> (&Expr, bool) {
    match rule {
        Rule::Default { refr, .. } => (refr, false),
        Rule::Spec { head, .. } => match head {
            RuleHead::Compr { refr, .. } | RuleHead::Func { refr, .. } => (refr, false),
            RuleHead::Set { refr, key, .. } => (refr, key.is_some() && refr.span().text() == RULE),
        },
    }
}

/// `deny.x` and `deny["x"]` are about `deny`.
fn root(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path).trim()
}

/// An error of the engine without its picture of the source.
struct Said {
    at: At,
    what: String,
}

impl Said {
    fn of(text: &str) -> Self {
        let mut at = At::default();
        let mut what = None;
        for line in text.lines() {
            if let Some(place) = line.trim_start().strip_prefix("--> ") {
                let mut parts = place.rsplit(':').map(str::parse);
                if let (Some(Ok(column)), Some(Ok(line))) = (parts.next(), parts.next()) {
                    at = At::new(line, column);
                }
            }
            what = line.strip_prefix("error: ").or(what);
        }
        let what = what.unwrap_or_else(|| text.lines().next().unwrap_or_default()).trim();
        Self { at, what: denial::short(what.trim_end_matches('.')) }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if self.at == At::default() {
            return Ok(());
        }
        write!(f, " (line {}, column {})", self.at.line, self.at.column)
    }
}
