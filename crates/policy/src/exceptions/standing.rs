//! How each exception stands to one image at one time, finding by finding.

use jiff::Timestamp;
use model::{Finding, Reason};

use super::index::Index;
use super::{Exception, ExceptionState, ExceptionUse, Exceptions};
use crate::code::Code;
use crate::policy::{ExceptionLimits, Scope};

/// Exceptions while findings are held against them.
pub(crate) struct Standing<'s> {
    scope: Scope<'s>,
    index: Index,
    uses: Vec<ExceptionUse>,
    /// By exception: what it matched.
    matched: Vec<Matched>,
}

#[derive(Clone, Copy, Default)]
struct Matched {
    /// Something without a fix, or that it covers with one too.
    lasting: bool,
    /// Something that has a fix by now, which ends it.
    fixed: bool,
}

impl<'s> Standing<'s> {
    pub(crate) fn new(
        exceptions: &Exceptions,
        limits: ExceptionLimits,
        scope: Scope<'s>,
        now: Timestamp,
    ) -> Self {
        let each = |exception: &Exception| ExceptionUse {
            state: exception.by_date(now, limits.warn_before),
            broad: exception.is_broad(),
            suppressed: 0,
            exception: exception.clone(),
        };
        let uses: Vec<_> = exceptions.list().iter().map(each).collect();
        let matched = vec![Matched::default(); uses.len()];
        Self { scope, index: Index::new(exceptions), uses, matched }
    }

    /// The exceptions that take this finding away, as places in the list; empty where none does.
    pub(crate) fn suppressing(&mut self, finding: &Finding) -> Vec<usize> {
        let mut suppressing = Vec::new();
        for at in self.index.candidates(finding) {
            let (Some(one), Some(matched)) = (self.uses.get_mut(at), self.matched.get_mut(at)) else {
                continue;
            };
            let holds = matches!(one.state, ExceptionState::Holds | ExceptionState::Ending);
            if !holds || !one.exception.matches(finding, &self.scope) {
                continue;
            }
            if one.exception.until_fixed && finding.fixable() {
                matched.fixed = true;
                continue;
            }
            matched.lasting = true;
            if one.exception.suppresses() {
                one.suppressed += 1;
                suppressing.push(at);
            }
        }
        suppressing
    }

    /// What only shows when every finding was looked at: those that are of no use here.
    pub(crate) fn finish(mut self) -> Vec<ExceptionUse> {
        for (one, matched) in self.uses.iter_mut().zip(self.matched) {
            let holds = matches!(one.state, ExceptionState::Holds | ExceptionState::Ending);
            if holds && !matched.lasting {
                one.state = if matched.fixed { ExceptionState::Lapsed } else { ExceptionState::Unused };
            }
        }
        self.uses
    }
}

impl ExceptionUse {
    /// What is to be said about it, each a note with its place.
    pub(crate) fn reasons(&self) -> Vec<Reason> {
        let exception = &self.exception;
        let say = |code: Code, detail: &str| Reason {
            weight: code.usual_weight(),
            code: code.as_str().into(),
            message: format!(
                "The exception for {} (line {}, column {}) {detail}.",
                exception.label(),
                exception.at.line,
                exception.at.column
            ),
            evidence: vec![],
            clears: code.clears().into(),
        };
        let state = self.state.code().map(|code| say(code, &self.detail()));
        let broad =
            exception.breadth().into_iter().map(|breadth| say(Code::ExceptionBroad, breadth.as_str()));
        state.into_iter().chain(broad).collect()
    }

    fn detail(&self) -> String {
        match self.state {
            ExceptionState::Holds | ExceptionState::Ending => {
                format!("ends after {}", self.exception.expires)
            }
            ExceptionState::Expired => format!("ended after {}", self.exception.expires),
            ExceptionState::NotYet => format!("begins on {}", self.exception.created),
            ExceptionState::Lapsed => "holds until there is a fix, and there is one".into(),
            ExceptionState::Unused => "matches nothing in this image".into(),
        }
    }
}
