//! Where somebody is, and what a key does there: no terminal, no clock, no network.

use runner::screen::{Event, Key};

use super::field::Field;
use crate::review::accepted::Accepted;
use crate::review::browse;
use crate::review::desk::Desk;

/// A page.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Page {
    /// The decision.
    Brief,
    /// What blocks.
    Findings,
    /// One of them.
    Finding,
    /// Accepting it.
    Accept(Box<Form>),
    /// What would come of an approval.
    Preview(Result<Box<gate::Foreseen>, String>),
    /// Before it is sent.
    Confirm(Ask, Field),
    /// The keys.
    Help,
}

/// What is about to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Approve,
    Reject,
    Propose,
}

/// An exception in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) reason: Field,
    pub(super) until: Field,
    /// Whether `until` is being written.
    pub(super) second: bool,
    /// Why it is none yet.
    pub(super) wrong: String,
}

/// What is to be done outside.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Show an address where one reads such things.
    Open(String),
    /// Send.
    Send(Ask),
    /// Leave; nothing is sent.
    Quit,
    /// Foresee what would come of it, on this page.
    Foresee,
}

/// Where somebody is.
pub(super) struct State {
    pub(super) page: Page,
    /// Where Escape leads to.
    back: Vec<Page>,
    /// The finding that is chosen.
    pub(super) at: usize,
    /// The first line that is shown.
    pub(super) top: usize,
    /// How many lines the page has, and how many are shown: of the last drawing.
    pub(super) lines: usize,
    pub(super) rows: usize,
    /// What has just happened.
    pub(super) note: String,
}

impl State {
    pub(super) fn new() -> Self {
        Self { page: Page::Brief, back: Vec::new(), at: 0, top: 0, lines: 0, rows: 0, note: String::new() }
    }

    fn go(&mut self, page: Page) {
        self.back.push(std::mem::replace(&mut self.page, page));
        self.top = 0;
        self.note.clear();
    }

    fn leave(&mut self) {
        if let Some(page) = self.back.pop() {
            self.page = page;
            self.top = 0;
        }
    }

    /// What an event does.
    pub(super) fn take(&mut self, event: Event, desk: &mut Desk) -> Option<Act> {
        match event {
            Event::Stop => Some(Act::Quit),
            Event::Resized => None,
            Event::Key(Key::Control('c')) => Some(Act::Quit),
            Event::Key(key) => self.press(key, desk),
            Event::Pasted(text) => {
                if let Some(field) = self.field() {
                    field.put(&text);
                }
                None
            }
        }
    }

    /// The line that is being written, where one is.
    fn field(&mut self) -> Option<&mut Field> {
        match &mut self.page {
            Page::Accept(form) => {
                let Form { reason, until, second, .. } = form.as_mut();
                Some(if *second { until } else { reason })
            }
            Page::Confirm(Ask::Approve | Ask::Reject, field) => Some(field),
            _ => None,
        }
    }

    fn press(&mut self, key: Key, desk: &mut Desk) -> Option<Act> {
        if key == Key::Escape {
            if self.back.is_empty() {
                "q leaves; nothing is sent by it".clone_into(&mut self.note);
            } else {
                self.note.clear();
            }
            self.leave();
            return None;
        }
        match &self.page {
            Page::Accept(_) => self.fill(key, desk),
            Page::Confirm(..) => self.confirm(key, desk),
            _ => self.walk(key, desk),
        }
    }

    /// On a page that is read.
    fn walk(&mut self, key: Key, desk: &mut Desk) -> Option<Act> {
        let chooses = self.page == Page::Findings;
        let count = desk.blocking().len();
        match key {
            Key::Char('q') => return Some(Act::Quit),
            Key::Char('?') if self.page != Page::Help => self.go(Page::Help),
            Key::Up | Key::Char('k') if chooses => self.at = self.at.saturating_sub(1),
            Key::Down | Key::Char('j') if chooses => self.at = (self.at + 1).min(count.saturating_sub(1)),
            Key::Home | Key::Char('g') if chooses => self.at = 0,
            Key::End | Key::Char('G') if chooses => self.at = count.saturating_sub(1),
            Key::Up | Key::Char('k') => self.top = self.top.saturating_sub(1),
            Key::Down | Key::Char('j') => self.top += 1,
            Key::PageUp => self.top = self.top.saturating_sub(self.rows.max(1)),
            Key::PageDown | Key::Char(' ') => self.top += self.rows.max(1),
            Key::Home | Key::Char('g') => self.top = 0,
            Key::End | Key::Char('G') => self.top = self.lines,
            Key::Enter if chooses && count > 0 => self.go(Page::Finding),
            Key::Char('f') if !matches!(self.page, Page::Findings | Page::Finding) => self.go(Page::Findings),
            Key::Char('e') if matches!(self.page, Page::Findings | Page::Finding) => self.form(desk),
            Key::Char('n') if self.page == Page::Finding => self.step(1, count),
            Key::Char('b') if self.page == Page::Finding => self.step(-1, count),
            Key::Char('x') if matches!(self.page, Page::Findings | Page::Finding) => self.take_back(desk),
            Key::Char('o') if self.page == Page::Finding => return self.open(desk),
            Key::Char('p') if !matches!(self.page, Page::Preview(_)) => return Some(Act::Foresee),
            Key::Char('a') => return self.approve(desk),
            Key::Char('r') => self.ask(Ask::Reject, desk),
            Key::Char('P') => self.ask(Ask::Propose, desk),
            _ => {}
        }
        None
    }

    fn step(&mut self, by: isize, count: usize) {
        self.at = self.at.saturating_add_signed(by).min(count.saturating_sub(1));
        self.top = 0;
        self.note.clear();
    }

    fn form(&mut self, desk: &Desk) {
        let blocking = desk.blocking();
        let Some(finding) = blocking.get(self.at) else { return };
        if finding.class != "vulnerability" {
            self.note = format!("a {} is excepted in the exceptions file, not here", finding.class);
            return;
        }
        let known = desk.accepted.iter().find(|one| one.covers(&finding.id, &finding.package));
        let month = desk.rules.today().checked_add(jiff::Span::new().days(30)).unwrap_or(desk.rules.today());
        let until = known.map_or(month.min(desk.rules.longest()), |one| one.exception.expires);
        let reason = known.map(|one| one.exception.reason.clone()).unwrap_or_default();
        let form = Form {
            reason: Field::with(&reason),
            until: Field::with(&until.to_string()),
            second: false,
            wrong: String::new(),
        };
        self.go(Page::Accept(Box::new(form)));
    }

    fn fill(&mut self, key: Key, desk: &mut Desk) -> Option<Act> {
        let Page::Accept(form) = &mut self.page else { return None };
        match key {
            Key::Tab | Key::BackTab | Key::Up | Key::Down => form.second = !form.second,
            Key::Enter if !form.second => form.second = true,
            Key::Enter => {
                let made = accepted(form, self.at, desk);
                match made {
                    Ok(one) => {
                        self.leave();
                        self.note = format!(
                            "accepted for this decision: {} until {}",
                            one.id(),
                            one.exception.expires
                        );
                        desk.accept(one);
                    }
                    Err(why) => form.wrong = why,
                }
            }
            key => {
                form.wrong.clear();
                let field = if form.second { &mut form.until } else { &mut form.reason };
                field.press(key);
            }
        }
        None
    }

    fn take_back(&mut self, desk: &mut Desk) {
        let blocking = desk.blocking();
        let Some(finding) = blocking.get(self.at) else { return };
        let (id, package) = (finding.id.clone(), finding.package.clone());
        let before = desk.accepted.len();
        desk.accepted.retain(|one| !one.covers(&id, &package));
        let what = if desk.accepted.len() < before { "is no longer accepted" } else { "was not accepted" };
        self.note = format!("{id} {what}");
    }

    fn open(&mut self, desk: &Desk) -> Option<Act> {
        let blocking = desk.blocking();
        let links = blocking.get(self.at).map(|finding| finding.links.as_slice()).unwrap_or_default();
        match links.iter().find(|link| browse::is_safe(link)) {
            Some(link) => Some(Act::Open(link.clone())),
            None => {
                "there is no HTTPS address of an advisory".clone_into(&mut self.note);
                None
            }
        }
    }

    /// An approval is sent only from the page that shows what comes of it.
    fn approve(&mut self, desk: &Desk) -> Option<Act> {
        match &self.page {
            Page::Preview(Ok(foreseen)) if foreseen.verdict == model::Verdict::Pass => {
                self.ask(Ask::Approve, desk);
                None
            }
            Page::Preview(_) => {
                "it would not pass: approving it publishes nothing".clone_into(&mut self.note);
                None
            }
            _ => Some(Act::Foresee),
        }
    }

    fn ask(&mut self, ask: Ask, desk: &Desk) {
        if let (Some(why), true) = (&desk.mute, desk.facts.is_some() && ask != Ask::Propose) {
            self.note = format!("nothing can be sent: {why}");
            return;
        }
        if let (Ask::Approve, Some(Err(_))) = (ask, &desk.facts) {
            "nothing can be approved: GitHub did not say who may".clone_into(&mut self.note);
            return;
        }
        if ask == Ask::Propose && desk.facts.is_none() {
            "a pull request needs GitHub".clone_into(&mut self.note);
            return;
        }
        if ask == Ask::Propose && desk.accepted.is_empty() {
            "accept something first (f, then e)".clone_into(&mut self.note);
            return;
        }
        self.go(Page::Confirm(ask, Field::with(&desk.words)));
    }

    fn confirm(&mut self, key: Key, desk: &mut Desk) -> Option<Act> {
        let Page::Confirm(ask, field) = &mut self.page else { return None };
        let ask = *ask;
        // A key that nobody presses by mistake while writing.
        if key == Key::Control('s') || (ask == Ask::Propose && key == Key::Enter) {
            desk.words = field.text();
            let ready = match ask {
                Ask::Approve => desk.approving().map(drop),
                Ask::Reject => desk.rejecting().map(drop),
                Ask::Propose => Ok(()),
            };
            return match ready {
                Ok(()) => Some(Act::Send(ask)),
                Err(error) => {
                    self.note = format!("{error:#}");
                    None
                }
            };
        }
        if ask != Ask::Propose {
            self.note.clear();
            field.press(key);
            desk.words = field.text();
        }
        None
    }

    /// Shows what would come of an approval.
    pub(super) fn foresee(&mut self, desk: &Desk) {
        let foreseen = desk.foreseen().map(Box::new).map_err(|error| format!("{error:#}"));
        self.go(Page::Preview(foreseen));
    }
}

fn accepted(form: &Form, at: usize, desk: &Desk) -> Result<Accepted, String> {
    let blocking = desk.blocking();
    let finding = blocking.get(at).ok_or("there is no finding")?;
    let package = (!finding.package.is_empty()).then_some(finding.package.as_str());
    Accepted::of((&finding.id, package), &form.until.text(), &form.reason.text(), &desk.by, &desk.rules)
}
