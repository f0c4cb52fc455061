//! One action inside another, in the same process: with its own table, inputs, outputs, summary and
//! state, and with everything else (log, clock, masks, annotations, signals) in common.
//!
//! What it gives back goes to whoever ran it, and not to the runner.

use std::collections::{BTreeMap, BTreeSet};

use crate::Result;
use crate::action::{Action, Kind, Outcome};
use crate::context::Context;
use crate::input::{Flags, Given, Inputs};
use crate::secret::Secret;
use crate::summary::Summary;

/// What an action inside another is given: what stands under `with:` in a workflow.
#[derive(Debug, Clone, Default)]
pub struct With {
    texts: Flags,
    secrets: BTreeMap<&'static str, Secret>,
}

impl With {
    /// Sets an input that is no secret, as it would be written. Empty counts as not given.
    pub fn text(&mut self, name: &'static str, value: impl Into<String>) -> &mut Self {
        self.texts.insert(name, vec![value.into()]);
        self
    }

    /// Sets a secret, which goes from hand to hand and through no variable.
    pub fn secret(&mut self, name: &'static str, secret: Secret) -> &mut Self {
        self.secrets.insert(name, secret);
        self
    }

    /// What does not fit the table: a mistake of whoever runs the action, and no bad input.
    fn misfit(&self, action: &Action) -> Option<&'static str> {
        let fits = |name: &str, secret: bool| {
            action.inputs.iter().any(|input| input.name == name && (input.kind == Kind::Secret) == secret)
        };
        let texts = self.texts.keys().filter(|name| !fits(name, false));
        texts.chain(self.secrets.keys().filter(|name| !fits(name, true))).copied().next()
    }
}

/// What came of an action inside another, whether it went well or not.
#[derive(Debug)]
pub struct Inside<T> {
    /// What it decided, or why it could not.
    pub result: Result<T>,
    /// What it gave back so far.
    pub outputs: BTreeMap<String, String>,
    /// What it had to say.
    pub summary: Summary,
}

impl Context {
    /// Runs another action to its end.
    pub async fn run_inside(&mut self, action: &'static Action, with: &With) -> Inside<Outcome> {
        self.inside(action, with, async |ctx: &mut Self| (action.run)(ctx).await).await
    }

    /// Does some work as another action: what it does before it runs, or a part of it. Its inputs
    /// are checked first.
    pub async fn inside<T>(
        &mut self,
        action: &'static Action,
        with: &With,
        work: impl AsyncFnOnce(&mut Self) -> Result<T>,
    ) -> Inside<T> {
        if let Some(name) = with.misfit(action) {
            let result = Err(anyhow::anyhow!(
                "`{name}` is given to {}, which declares no such input of its kind",
                action.name
            ));
            return Inside { result, outputs: BTreeMap::new(), summary: Summary::default() };
        }
        self.within(action, with, async |ctx| {
            ctx.check()?;
            work(ctx).await
        })
        .await
    }

    /// Runs another action's clean-up, if it has one.
    ///
    /// # Errors
    /// Whatever the clean-up could not do.
    pub async fn post_inside(&mut self, action: &'static Action) -> Result<Outcome> {
        let Some(post) = action.post else { return Ok(Outcome::Done) };
        // Inputs are of the run, and a clean-up rests on its state alone.
        self.within(action, &With::default(), async |ctx| post(ctx).await).await.result
    }

    async fn within<T>(
        &mut self,
        action: &'static Action,
        with: &With,
        work: impl AsyncFnOnce(&mut Self) -> Result<T>,
    ) -> Inside<T> {
        let given = Given {
            flags: &with.texts,
            env: &BTreeMap::new(),
            undecodable: &BTreeSet::new(),
            cwd: self.cwd(),
        };
        let inputs = Inputs::resolve_with(action, &given, &with.secrets);
        for secret in with.secrets.values() {
            self.mask(secret);
        }
        let mut own =
            Own { action, inputs, outputs: BTreeMap::new(), summary: Summary::default(), inside: true };
        own.swap(self);
        let result = work(self).await;
        own.swap(self);
        Inside { result, outputs: own.outputs, summary: own.summary }
    }
}

/// What an action inside another does not share.
struct Own {
    action: &'static Action,
    inputs: Inputs,
    outputs: BTreeMap<String, String>,
    summary: Summary,
    inside: bool,
}

impl Own {
    fn swap(&mut self, ctx: &mut Context) {
        std::mem::swap(&mut self.action, &mut ctx.action);
        std::mem::swap(&mut self.inputs, &mut ctx.inputs);
        std::mem::swap(&mut self.outputs, &mut ctx.outputs);
        std::mem::swap(&mut self.summary, &mut ctx.summary);
        std::mem::swap(&mut self.inside, &mut ctx.inside);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Input, Output};
    use crate::testing::Harness;

    static INNER: Action = Action {
        name: "inner",
        about: "",
        inputs: &[
            Input::new("who", Kind::Text, "Whom").required(),
            Input::new("times", Kind::Integer, "How often").default("2"),
            Input::new("key", Kind::Secret, "Key"),
        ],
        outputs: &[Output { name: "greeting", help: "" }],
        run: |ctx| Box::pin(greet(ctx)),
        post: Some(|ctx| {
            Box::pin(async move {
                let kept = ctx.saved_state("kept").unwrap_or("nothing").to_owned();
                ctx.info(&format!("inner cleans up {kept}"));
                Ok(Outcome::Done)
            })
        }),
    };

    async fn greet(ctx: &mut Context) -> Result<Outcome> {
        ctx.state("kept", "inner's")?;
        ctx.group("Greeting");
        ctx.info(&format!("hello {}", ctx.text("who")?.repeat(usize::try_from(ctx.integer("times")?)?)));
        ctx.end_group();
        ctx.output("greeting", "hello")?;
        ctx.summary().heading(2, "Greeted");
        ctx.warning("mind the gap");
        match ctx.secret("key")? {
            Some(key) if key.expose() == "hunter2" => Ok(Outcome::Review),
            Some(_) => ctx.output("greeting", "this is opensesame").map(|()| Outcome::Done),
            None => anyhow::bail!("there is no key"),
        }
    }

    static OUTER: Action = Action {
        name: "outer",
        about: "",
        inputs: &[Input::new("who", Kind::Text, "Whom").default("x"), Input::new("key", Kind::Secret, "Key")],
        outputs: &[Output { name: "greeting", help: "" }, Output { name: "said", help: "" }],
        run: |ctx| Box::pin(outer(ctx)),
        post: Some(|ctx| {
            Box::pin(async move {
                let kept = ctx.saved_state("kept").unwrap_or("nothing").to_owned();
                ctx.info(&format!("outer cleans up {kept}"));
                ctx.post_inside(&INNER).await
            })
        }),
    };

    async fn outer(ctx: &mut Context) -> Result<Outcome> {
        ctx.state("kept", "outer's")?;
        ctx.group("Inner");
        let mut with = With::default();
        with.text("who", ctx.text("who")?);
        if let Some(key) = ctx.secret("key")? {
            with.secret("key", key);
        }
        let ran = ctx.run_inside(&INNER, &with).await;
        ctx.info("still in the group");
        ctx.end_group();
        ctx.summary().heading(1, "Outer").append(ran.summary);
        ctx.output("said", ran.outputs.get("greeting").map_or("", String::as_str))?;
        ran.result
    }

    #[test]
    fn it_has_its_own_inputs_outputs_summary_and_state_and_shares_the_rest() {
        let run = Harness::new().input("key", "hunter2").input("who", "ab").run(&OUTER);
        assert_eq!(run.code, 0, "{}", run.stdout);
        assert_eq!(run.outputs.into_iter().collect::<Vec<_>>(), [("said".to_owned(), "hello".to_owned())]);
        assert_eq!(run.summary, "# Outer\n\n## Greeted\n\n");
        assert_eq!(
            run.stdout,
            "::add-mask::hunter2\n::group::Inner\n▸ Greeting\nhello abab\n::warning::mind the gap\n\
             still in the group\n::endgroup::\n"
        );
        for name in ["kept<<", "inner_kept<<"] {
            assert_eq!(run.state.lines().filter(|line| line.starts_with(name)).count(), 1, "{}", run.state);
        }
    }

    #[test]
    fn what_it_decided_or_could_not_is_the_outer_ones_to_tell() {
        let run = Harness::new().run(&OUTER);
        assert_eq!(run.code, 2);
        assert!(run.stdout.contains("::error title=outer::there is no key"), "{}", run.stdout);
        assert_eq!(run.outputs["said"], "hello", "what was given back before is not lost");
        assert!(run.summary.starts_with("# Outer\n\n## Greeted\n\n"), "{}", run.summary);
        let secret = Harness::new().input("key", "opensesame").run(&OUTER);
        assert_eq!(secret.code, 2);
        assert!(secret.stdout.contains("contains a secret: refused"), "{}", secret.stdout);
    }

    #[test]
    fn its_inputs_are_checked_against_its_own_table() {
        for (name, secret, expected) in [
            ("who", false, None),
            ("times", false, Some("input `times`: \"x\" is not accepted")),
            ("key", true, Some("input `who` is required")),
            ("key", false, Some("declares no such input of its kind")),
            ("who", true, Some("declares no such input of its kind")),
            ("nope", false, Some("declares no such input of its kind")),
        ] {
            let mut with = With::default();
            match (name, secret) {
                ("times", _) => with.text("who", "a").text("times", "x"),
                (name, true) => with.secret(name, Secret::new("hunter2")),
                (name, false) => with.text(name, "a"),
            };
            let harness = Harness::new();
            let (result, _) = harness.with_context(&OUTER, async |ctx| {
                Ok(ctx.inside(&INNER, &with, async |ctx| ctx.text("who")).await.result)
            });
            match (result.unwrap(), expected) {
                (Ok(who), None) => assert_eq!(who, "a"),
                (Err(error), Some(expected)) => assert!(error.to_string().contains(expected), "{error}"),
                (result, _) => panic!("{name}: {result:?}"),
            }
        }
    }

    #[test]
    fn a_clean_up_finds_the_state_of_its_own_action() {
        let run = Harness::new().env("STATE_kept", "outer's").env("STATE_inner_kept", "inner's").post(&OUTER);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (0, "outer cleans up outer's\ninner cleans up inner's\n")
        );
        let run = Harness::new().post(&OUTER);
        assert_eq!(run.stdout, "outer cleans up nothing\ninner cleans up nothing\n");
    }
}
