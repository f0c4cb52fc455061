//! What Packer says while it runs: to the log in a group for each source, its complaints to
//! annotations, its artifacts kept for later. Everything that it says is hostile text.

use crate::{artifacts::Artifacts, diagnostics, machine_readable::Record};
use process::Line;
use runner::{Annotation, Context, Level, Secret};
use std::collections::BTreeMap;

/// Listens to one run of Packer.
pub(crate) struct Log<'a> {
    ctx: &'a mut Context,
    secrets: Vec<&'a str>,
    title: String,
    /// Who spoke last, in the group that is open: a source, or Packer itself.
    speaker: Option<Option<String>>,
    heard: Heard,
}

/// What was understood.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// What was made.
    pub(crate) artifacts: Artifacts,
    /// Why a source failed.
    pub(crate) failures: BTreeMap<String, String>,
    /// How many complaints there were about the template.
    pub(crate) errors: usize,
    /// The last thing that Packer said as an error, if it is no complaint.
    pub(crate) last_error: Option<String>,
    /// What was said by Packer itself, in no source's name: answers to questions.
    pub(crate) messages: Vec<String>,
}

impl<'a> Log<'a> {
    /// Groups get this title; secrets are not shown, whoever prints them.
    pub(crate) fn new(ctx: &'a mut Context, title: &str, secrets: impl Iterator<Item = &'a Secret>) -> Self {
        let mut secrets: Vec<&str> =
            secrets.map(Secret::expose).filter(|secret| !secret.is_empty()).collect();
        // A secret may hold another: the longer goes first.
        secrets.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { ctx, secrets, title: title.to_owned(), speaker: None, heard: Heard::default() }
    }

    /// Takes in one line.
    pub(crate) fn line(&mut self, line: &Line) {
        match (line, Record::parse(line.bytes())) {
            (Line::Stdout(_), Some(record)) => self.record(&record),
            // Not Packer's protocol: what it says when it crashes.
            _ => {
                let text = self.redacted(&line.text());
                self.switch(None);
                self.ctx.info(&text);
            }
        }
    }

    /// Closes the group.
    pub(crate) fn end(self) -> Heard {
        self.ctx.end_group();
        self.heard
    }

    fn record(&mut self, record: &Record) {
        match (record.kind.as_str(), record.words().as_slice()) {
            ("ui", ["error", text]) => self.error(text),
            ("ui", [_, text]) => self.say(text),
            ("error", [text]) => {
                let text = self.redacted(text);
                self.heard.failures.insert(record.target.clone(), text);
            }
            _ => self.heard.artifacts.take(record),
        }
    }

    fn error(&mut self, text: &str) {
        let text = self.redacted(text);
        let diagnostics = diagnostics::parse(&text);
        for diagnostic in &diagnostics {
            self.annotate(diagnostic.level, diagnostic.annotation());
        }
        if diagnostics.is_empty() && split_source(&text).is_none() {
            self.heard.last_error = Some(text.trim().to_owned());
        }
        self.show(&text);
    }

    fn annotate(&mut self, level: Level, annotation: Annotation) {
        match level {
            Level::Error => {
                self.heard.errors += 1;
                self.ctx.error(annotation);
            }
            Level::Warning => self.ctx.warning(annotation),
            Level::Notice => self.ctx.notice(annotation),
        }
    }

    fn say(&mut self, text: &str) {
        let text = self.redacted(text);
        for diagnostic in diagnostics::parse(&text) {
            self.annotate(diagnostic.level, diagnostic.annotation());
        }
        self.show(&text);
    }

    fn show(&mut self, text: &str) {
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some((source, said)) = split_source(line) {
                self.switch(Some(source));
                self.ctx.info(said);
            } else {
                self.heard.messages.push(line.to_owned());
                self.switch(None);
                self.ctx.info(line);
            }
        }
    }

    /// Groups cannot lie inside each other: when another source speaks, another group opens.
    fn switch(&mut self, source: Option<&str>) {
        if self.speaker.as_ref().is_some_and(|speaker| speaker.as_deref() == source) {
            return;
        }
        let title = match source {
            Some(source) => format!("{}: {source}", self.title),
            None => self.title.clone(),
        };
        self.ctx.group(&title);
        self.speaker = Some(source.map(str::to_owned));
    }

    fn redacted(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

/// `==> null.x: said`, `    null.x (artifice): said`: who says it, and what.
fn split_source(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("==> ").or_else(|| line.strip_prefix("    "))?;
    let end = rest.find([' ', ':'])?;
    let (source, after) = rest.split_at(end);
    // A post-processor's type.
    let after = match after.strip_prefix(" (") {
        Some(inner) => inner.split_once(')')?.1,
        None => after,
    };
    let said = after.strip_prefix(':')?;
    let named = source.contains('.')
        && source.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    named.then(|| (source, said.strip_prefix(' ').unwrap_or(said)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use runner::{Outcome, testing::Harness};

    #[test]
    fn who_says_what() {
        for (line, expected) in [
            ("==> null.x: said", Some(("null.x", "said"))),
            ("    null.x: said: more", Some(("null.x", "said: more"))),
            ("==> small.null.disk (artifice): Using", Some(("small.null.disk", "Using"))),
            ("==> null.x:", Some(("null.x", ""))),
            ("==> null.x:   indented", Some(("null.x", "  indented"))),
            ("==> null.x: ==> null.y: forged", Some(("null.x", "==> null.y: forged"))),
            ("", None),
            ("==> ", None),
            ("==> Wait completed after 10 ms", None),
            ("==> Builds finished. The artifacts of successful builds are:", None),
            ("Build 'null.x' finished after 10 ms.", None),
            ("--> null.x: Did not export anything.", None),
            ("    12:  a = b", None),
        ] {
            assert_eq!(split_source(line), expected, "{line:?}");
        }
    }

    static ACTION: runner::Action = runner::Action {
        name: "log",
        about: "",
        inputs: &[],
        outputs: &[],
        run: |_| Box::pin(async { Ok(Outcome::Done) }),
        post: None,
    };

    fn hear(lines: &[&[u8]]) -> (Heard, String) {
        let (heard, run) = Harness::new().with_context(&ACTION, async |ctx| {
            let (long, short) = (Secret::new("hunter2,x"), Secret::new("hunter2"));
            let mut log = Log::new(ctx, "packer build", [&short, &long].into_iter());
            for line in lines {
                log.line(&Line::Stdout(line.to_vec()));
            }
            Ok(log.end())
        });
        (heard.unwrap(), run.stdout)
    }

    #[test]
    fn a_group_for_each_source() {
        let (_, log) = hear(&[
            b"1,,ui,say,==> null.x: one",
            b"1,,ui,say,==> null.x: two",
            b"1,,ui,message,    null.y: three",
            b"1,,ui,say,\\n==> Wait completed",
        ]);
        assert_eq!(
            log,
            "::group::packer build: null.x\none\ntwo\n::endgroup::\n\
             ::group::packer build: null.y\nthree\n::endgroup::\n::group::packer build\n==> Wait completed\n::endgroup::\n"
        );
    }

    #[test]
    fn secrets_are_not_shown_whoever_prints_them() {
        let (heard, log) = hear(&[
            b"1,,ui,say,==> null.x: pass hunter2%!(PACKER_COMMA)x or hunter2",
            b"1,,ui,error,oops hunter2",
            b"1,null.x,error,hunter2",
            b"panic: hunter2",
        ]);
        assert!(!log.contains("hunter2"), "{log}");
        assert!(log.contains("pass *** or ***\n"), "{log}");
        assert_eq!(heard.failures["null.x"], "***");
        assert_eq!(heard.last_error.as_deref(), Some("oops ***"));
    }

    #[test]
    fn hostile_words_are_only_words() {
        let (heard, log) = hear(&[
            b"1,,ui,say,==> null.x: ::set-output name=a::b",
            b"1,,ui,say,==> null.x: \x1b[31mred\x1b[0m \xff\xfe ##[error]x\\n::error::y",
            b"1,,ui,error,==> null.x: Error: not a complaint",
            b"::add-path::/evil",
        ]);
        for line in log.lines() {
            let ours = line.starts_with("::group::") || line == "::endgroup::";
            assert!(ours || !(line.trim_start().starts_with("::") || line.contains("##[")), "{line:?}");
            assert!(!line.contains('\u{1b}'), "{line:?}");
        }
        assert_eq!(heard.errors, 0);
    }

    #[test]
    fn complaints_become_annotations() {
        let (heard, log) = hear(&[
            b"1,,ui,error,Error: Bad\\n\\n  on a.pkr.hcl line 3%!(PACKER_COMMA) in build:\\n\\nIt is.\\n",
        ]);
        assert!(log.contains("::error file=a.pkr.hcl,line=3,title=Packer::Bad%0AIt is.\n"), "{log}");
        assert_eq!((heard.errors, heard.last_error), (1, None));
    }
}
