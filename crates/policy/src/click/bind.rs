//! Which approvals count: one for each environment, each by another person who neither started the run
//! nor wrote the change, and each for the brief that was shown.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::comment::{self, Bounds, Comment};
use super::{Account, Answer, CommentDemand, Guard, Refusal, RunFacts, Said};
use crate::code::Code;
use crate::exceptions::Exception;
use crate::policy::Policy;

/// What counts, and what speaks against it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bound {
    /// The approval of each environment, in their order; all of them or none.
    pub counted: Vec<Counted>,
    /// The exceptions that those who approved made for this decision.
    pub exceptions: Vec<Exception>,
    /// What speaks against it.
    pub refusals: Vec<Refusal>,
}

/// An approval that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// The environment.
    pub environment: String,
    /// Who.
    pub by: Account,
    /// Their words. Hostile text.
    pub comment: String,
}

/// An approval of one environment against which nothing speaks.
struct Candidate<'f> {
    by: &'f Account,
    said: &'f Said,
    exceptions: Vec<Exception>,
}

/// Binds what was said to what was shown.
#[must_use]
pub fn bind(policy: &Policy, facts: &RunFacts, now: Timestamp) -> Bound {
    let mut bound = Bound::default();
    let rules = Rules { policy, facts, now };
    if facts.environments.is_empty() {
        bound.refuse(Code::ApprovalMissing, "No environment is named in which somebody could have approved.");
    }
    if facts.unknown_authors > 0 {
        let message = format!(
            "{} authors or committers of the change are of no account in GitHub, so nobody can tell whether the approver is one.",
            facts.unknown_authors
        );
        bound.refuse(Code::AuthorUnknown, message);
    }
    let candidates: Vec<Vec<Candidate<'_>>> = facts
        .environments
        .iter()
        .map(|guard| {
            guarded(guard, &mut bound);
            rules.candidates(guard, &mut bound)
        })
        .collect();
    if candidates.iter().any(Vec::is_empty) {
        return bound;
    }
    let Some(chosen) = distinct(&candidates, &mut BTreeSet::new()) else {
        let message = format!(
            "{} environments need the approvals of as many people, and there are fewer.",
            facts.environments.len()
        );
        bound.refuse(Code::ApprovalNotDistinct, message);
        return bound;
    };
    for (guard, one) in facts.environments.iter().zip(chosen) {
        bound.counted.push(Counted {
            environment: guard.name.clone(),
            by: one.by.clone(),
            comment: one.said.comment.clone(),
        });
        for exception in &one.exceptions {
            bound.except(exception);
        }
    }
    bound
}

impl Bound {
    fn refuse(&mut self, code: Code, message: impl Into<String>) {
        let refusal = Refusal { code, message: message.into() };
        if !self.refusals.contains(&refusal) {
            self.refusals.push(refusal);
        }
    }

    /// Of two for the same thing, the one that ends first.
    fn except(&mut self, exception: &Exception) {
        let same = |one: &&mut Exception| (&one.id, &one.package) == (&exception.id, &exception.package);
        match self.exceptions.iter_mut().find(same) {
            Some(known) if exception.expires < known.expires => *known = exception.clone(),
            Some(_) => {}
            None => self.exceptions.push(exception.clone()),
        }
    }
}

/// Whether an environment makes its jobs wait for somebody.
fn guarded(guard: &Guard, bound: &mut Bound) {
    let name = &guard.name;
    let Some(rules) = &guard.rules else {
        let message = format!("There is no environment `{name}`, or it is hidden from the token.");
        return bound.refuse(Code::EnvironmentMissing, message);
    };
    if rules.reviewers == 0 {
        let message = format!("Nobody has to agree to a job in the environment `{name}`.");
        bound.refuse(Code::EnvironmentOpen, message);
    }
    if !rules.prevents_self_review {
        let message = format!("Who starts a run may approve it in the environment `{name}`.");
        bound.refuse(Code::EnvironmentSelfReview, message);
    }
    if rules.admins_bypass != Some(false) {
        let may = if rules.admins_bypass.is_some() { "may" } else { "may, for all that GitHub says," };
        let message = format!("Administrators {may} pass by the rules of the environment `{name}`.");
        bound.refuse(Code::EnvironmentBypass, message);
    }
    if !rules.restricts_branches {
        let message = format!("A job of any branch may use the environment `{name}`.");
        bound.refuse(Code::EnvironmentBranches, message);
    }
}

/// What one approval is held to.
struct Rules<'f> {
    policy: &'f Policy,
    facts: &'f RunFacts,
    now: Timestamp,
}

impl<'f> Rules<'f> {
    /// The approvals of an environment that count; where none does, what speaks against each.
    fn candidates(&self, guard: &Guard, bound: &mut Bound) -> Vec<Candidate<'f>> {
        let mut found: Vec<Candidate<'f>> = Vec::new();
        let mut refusals = Vec::new();
        for said in self.facts.said.iter().filter(|said| is_about(said, guard)) {
            match said.answer {
                Answer::Approved => match self.candidate(said) {
                    Ok(candidate) if found.iter().all(|known| known.by.id != candidate.by.id) => {
                        found.push(candidate);
                    }
                    Ok(_) => {}
                    Err(refusal) => refusals.push(refusal),
                },
                Answer::Rejected => self.reject(said, guard, bound),
                Answer::Open => {}
            }
        }
        if !found.is_empty() {
            return found;
        }
        if refusals.is_empty() {
            let message = format!("Nobody has approved the run in the environment `{}`.", guard.name);
            bound.refuse(Code::ApprovalMissing, message);
        }
        for refusal in refusals {
            bound.refuse(refusal.code, refusal.message);
        }
        found
    }

    /// A rejection of an earlier attempt is over, where it does not name this brief.
    fn reject(&self, said: &Said, guard: &Guard, bound: &mut Bound) {
        if self.facts.attempt > 1 && !said.comment.contains(&self.facts.brief.short()) {
            return;
        }
        let who = said.by.as_ref().map_or_else(|| "Somebody".to_owned(), Account::shown);
        let message = format!("{who} has rejected the run in the environment `{}`.", guard.name);
        bound.refuse(Code::ApprovalRejected, message);
    }

    fn candidate(&self, said: &'f Said) -> Result<Candidate<'f>, Refusal> {
        let refuse = |code: Code, message: String| Err(Refusal { code, message });
        let Some(by) = &said.by else {
            return refuse(Code::ApprovalMissing, "GitHub does not say who approved.".to_owned());
        };
        let who = by.shown();
        for (starter, what) in [
            (&self.facts.actor, "started the run"),
            (&self.facts.triggering_actor, "started this attempt of the run"),
        ] {
            match starter {
                None => {
                    let message = format!("GitHub does not say who {what}, so it may be {who}.");
                    return refuse(Code::ApprovalByStarter, message);
                }
                Some(starter) if starter.id == by.id => {
                    return refuse(Code::ApprovalByStarter, format!("{who} approved, and {what}."));
                }
                Some(_) => {}
            }
        }
        if self.facts.authors.iter().any(|author| author.id == by.id) {
            return refuse(Code::ApprovalByAuthor, format!("{who} approved, and wrote of the change."));
        }
        let bounds = Bounds {
            today: TimeZone::UTC.to_datetime(self.now).date(),
            limits: self.policy.exception_limits(),
            by,
        };
        match comment::read(&said.comment, &bounds) {
            Err(why) => refuse(Code::ApprovalComment, format!("What {who} wrote is not understood: {why}.")),
            Ok(read) => match self.unbound(&read) {
                Some(why) => refuse(Code::ApprovalUnbound, format!("{who} approved, but {why}.")),
                None => Ok(Candidate { by, said, exceptions: read.exceptions }),
            },
        }
    }

    /// Why an approval is not known to be for this brief.
    fn unbound(&self, read: &Comment) -> Option<String> {
        let words = self.facts.words();
        match &read.approves {
            Some(digits) if comment::names(digits, self.facts.brief) => None,
            Some(_) => Some("the comment names another brief than the one that stands".to_owned()),
            None if self.policy.comment_demand() == CommentDemand::Required => {
                Some(format!("the policy wants the comment `{words}`"))
            }
            None if self.facts.attempt != 1 => Some(format!(
                "this is attempt {} of the run, and GitHub does not say which one was approved: `{words}` is wanted as comment",
                self.facts.attempt
            )),
            None => None,
        }
    }
}

/// Environments are one where their numbers are; where a number is not known, by their names, in which GitHub
/// does not tell large letters from small ones.
fn is_about(said: &Said, guard: &Guard) -> bool {
    let id = guard.rules.as_ref().and_then(|rules| rules.id);
    said.environments.iter().any(|one| match (one.id, id) {
        (Some(one), Some(id)) => one == id,
        _ => one.name.eq_ignore_ascii_case(&guard.name),
    })
}

/// One approval for each environment, all by different people, if there is a way to choose them.
fn distinct<'c, 'f>(
    candidates: &'c [Vec<Candidate<'f>>],
    taken: &mut BTreeSet<i64>,
) -> Option<Vec<&'c Candidate<'f>>> {
    let Some((first, others)) = candidates.split_first() else { return Some(Vec::new()) };
    for one in first {
        if !taken.insert(one.by.id) {
            continue;
        }
        if let Some(mut rest) = distinct(others, taken) {
            rest.insert(0, one);
            return Some(rest);
        }
        taken.remove(&one.by.id);
    }
    None
}
