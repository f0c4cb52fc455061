//! Where lines go: to the runner's log as text and workflow commands, or to a terminal.

use std::io::Write;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::annotate::{self, Annotation, Level};
use crate::escape;
use crate::host::Stream;
use crate::terminal::{Style, paint};

/// GitHub shows so many annotations of a level for a step.
const MAX_ANNOTATIONS: usize = 10;

/// The log of one run.
pub(crate) struct Console {
    on_runner: bool,
    stdout: Stream,
    stderr: Stream,
    colour_out: bool,
    colour_err: bool,
    bars: MultiProgress,
    group: bool,
    levels: [Shown; 3],
}

/// What was shown of a level: all but the last at once; the last place waits for the end, to say
/// how many more there were.
#[derive(Default)]
struct Shown {
    count: usize,
    waiting: Option<Annotation>,
}

impl Console {
    pub(crate) fn new(on_runner: bool, stdout: Stream, stderr: Stream, colour: (bool, bool)) -> Self {
        let bars = if on_runner || !stderr.is_terminal {
            MultiProgress::with_draw_target(ProgressDrawTarget::hidden())
        } else {
            MultiProgress::new()
        };
        let (colour_out, colour_err) = colour;
        Self {
            on_runner,
            stdout,
            stderr,
            colour_out,
            colour_err,
            bars,
            group: false,
            levels: Default::default(),
        }
    }

    /// Whether standard output is coloured.
    pub(crate) const fn colour_out(&self) -> bool {
        self.colour_out
    }

    /// One or more lines of log, made inert.
    pub(crate) fn info(&mut self, text: &str) {
        let indent = if self.group && !self.on_runner { "  " } else { "" };
        let mut lines = String::new();
        for line in escape::log_lines(text) {
            lines += &format!("{indent}{line}\n");
        }
        self.log(&lines);
    }

    /// Opens a group; one that is open is closed, because groups do not nest.
    pub(crate) fn group(&mut self, title: &str) {
        self.end_group();
        let title = escape::log_line(&escape::plain(title).replace('\n', " "));
        if self.on_runner {
            self.command(&format!("::group::{}", escape::command_data(&title)));
        } else {
            let line = format!("{}\n", paint(self.colour_err, Style::Bold, &format!("▸ {title}")));
            self.log(&line);
        }
        self.group = true;
    }

    pub(crate) fn end_group(&mut self) {
        if std::mem::take(&mut self.group) && self.on_runner {
            self.command("::endgroup::");
        }
    }

    /// Shows an annotation now, at the end, or as a line of log if there are too many of its level.
    pub(crate) fn annotate(&mut self, level: Level, annotation: Annotation) {
        if !self.on_runner {
            return self.print(level, &annotation);
        }
        let shown = &mut self.levels[level as usize];
        shown.count += 1;
        if shown.count < MAX_ANNOTATIONS {
            self.command(&annotate::command(level, &annotation));
        } else if shown.count == MAX_ANNOTATIONS {
            shown.waiting = Some(annotation);
        } else {
            self.info(&format!("{}: {}", level.as_str(), annotate::text(&annotation)));
        }
    }

    /// The one error that ends the run always has a place: the one that waited gives it up.
    pub(crate) fn annotate_last(&mut self, annotation: Annotation) {
        if let Some(waiting) = self.levels[Level::Error as usize].waiting.take() {
            self.info(&format!("error: {}", annotate::text(&waiting)));
            self.levels[Level::Error as usize].count += 1;
            self.levels[Level::Error as usize].waiting = Some(annotation);
        } else {
            self.annotate(Level::Error, annotation);
        }
    }

    /// Closes what is open and shows what waited.
    pub(crate) fn finish(&mut self) {
        self.end_group();
        for level in [Level::Notice, Level::Warning, Level::Error] {
            let shown = std::mem::take(&mut self.levels[level as usize]);
            if let Some(mut last) = shown.waiting {
                let more = shown.count.saturating_sub(MAX_ANNOTATIONS);
                if more > 0 {
                    let level = level.as_str();
                    last.message += &format!("\n(and {more} more of level {level}, in this step's log)");
                }
                self.command(&annotate::command(level, &last));
            }
        }
    }

    /// Tells the runner to mask a text. Nobody else needs to see it.
    pub(crate) fn mask(&mut self, text: &str) {
        if self.on_runner {
            self.command(&format!("::add-mask::{}", escape::command_data(text)));
        }
    }

    /// Results, for standard output, as they are.
    pub(crate) fn result(&mut self, text: &str) {
        let Self { bars, stdout, .. } = self;
        bars.suspend(|| write(stdout, text));
    }

    /// A bar that is drawn on a terminal only.
    pub(crate) fn progress(&self, title: &str) -> Progress {
        let style = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {percent:>3}% {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let spinner = ProgressStyle::with_template("{spinner} {msg} {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = self.bars.add(ProgressBar::no_length().with_style(spinner));
        bar.set_message(escape::log_line(title));
        if !self.on_runner && self.stderr.is_terminal {
            bar.enable_steady_tick(std::time::Duration::from_millis(120));
        }
        Progress { bar, style }
    }

    fn print(&mut self, level: Level, annotation: &Annotation) {
        let style = match level {
            Level::Notice => Style::Cyan,
            Level::Warning => Style::Yellow,
            Level::Error => Style::Red,
        };
        let mut lines = String::new();
        let mut prefix = format!("{}: ", paint(self.colour_err, style, level.as_str()));
        for line in annotate::text(annotation).lines() {
            lines += &format!("{prefix}{}\n", escape::log_line(line));
            prefix = "  ".to_owned();
        }
        self.log(&lines);
    }

    /// The log: on a runner the stream that it reads commands from, else standard error, so that
    /// standard output holds results only.
    fn log(&mut self, text: &str) {
        let Self { bars, stdout, stderr, on_runner, .. } = self;
        bars.suspend(|| write(if *on_runner { stdout } else { stderr }, text));
    }

    fn command(&mut self, command: &str) {
        write(&mut self.stdout, &format!("{command}\n"));
    }
}

/// Writes and flushes. A reader that went away is no reason to stop: what counts is in files.
fn write(stream: &mut Stream, text: &str) {
    stream.writer.write_all(text.as_bytes()).and_then(|()| stream.writer.flush()).ok();
}

/// Progress of something long: drawn on a terminal, silent elsewhere. Gone when dropped.
pub struct Progress {
    bar: ProgressBar,
    style: ProgressStyle,
}

impl std::fmt::Debug for Progress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Progress").field(&self.bar.position()).finish()
    }
}

impl Progress {
    /// How much there is to do; from now on a bar is drawn.
    pub fn set_total(&self, total: u64) {
        self.bar.set_style(self.style.clone());
        self.bar.set_length(total);
    }

    /// How much was done by now.
    pub fn set(&self, done: u64) {
        self.bar.set_position(done);
    }

    /// So much more was done.
    pub fn inc(&self, more: u64) {
        self.bar.inc(more);
    }

    /// Changes what is said beside it. Hostile text is welcome.
    pub fn message(&self, text: &str) {
        self.bar.set_message(escape::log_line(text));
    }

    /// Takes it away.
    pub fn finish(self) {}
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
