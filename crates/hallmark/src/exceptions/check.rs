//! `hallmark exceptions check`: a file as the gate reads it, and what is over or ends soon as of now.

use anyhow::Result;
use policy::ExceptionState;
use runner::{Context, Outcome};

use super::{files, tell};

pub(super) fn run(cx: &mut Context) -> Result<Outcome> {
    let (file, exceptions, limits) = files::exceptions(cx)?;
    let (mut expired, mut ending) = (0, 0);
    for exception in exceptions.list() {
        let (at, label) = (exception.at, exception.label());
        let say = |title: &str, what: String| {
            tell::at(&file, at, format!("The exception for {label} {what}")).title(title)
        };
        match exception.by_date(cx.now(), limits.warn_before) {
            ExceptionState::Expired => {
                expired += 1;
                cx.error(say(
                    "Expired",
                    format!("ended after {}: remove it, or renew it", exception.expires),
                ));
            }
            ExceptionState::Ending => {
                ending += 1;
                cx.warning(say("Ending", format!("ends after {}", exception.expires)));
            }
            ExceptionState::NotYet => cx.notice(say("Not yet", format!("begins on {}", exception.created))),
            ExceptionState::Holds | ExceptionState::Lapsed | ExceptionState::Unused => {}
        }
        for breadth in exception.breadth() {
            cx.notice(say("Broad", breadth.as_str().to_owned()));
        }
    }
    let all = exceptions.list().len();
    cx.info(&format!("{} in {file}: {expired} over, {ending} ending soon", tell::count(all, "exception")));
    for (name, number) in [("entries", all), ("expired", expired), ("ending", ending)] {
        cx.output(name, number.to_string())?;
    }
    Ok(if expired > 0 { Outcome::Against } else { Outcome::Done })
}
