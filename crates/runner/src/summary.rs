//! The step summary: Markdown put together section by section, below GitHub's limit.

use crate::escape;

/// GitHub drops a summary that is larger, in bytes, and lets the step pass.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;

const NOTICE: &str = "> **Cut:** the rest of this summary is over GitHub's limit of 1 MiB. \
    The step's log and its evidence are whole.\n";

/// A summary in the making. Lead with the verdict, then counts, then the few rows that matter,
/// then details. Every argument but `raw`'s, and `details`' body, is taken as hostile text.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    sections: Vec<String>,
}

impl Summary {
    /// Markdown as it is. Whoever made it has escaped what is hostile in it.
    pub fn raw(&mut self, markdown: &str) -> &mut Self {
        for section in sections(markdown) {
            self.push(section);
        }
        self
    }

    /// A heading, from level 1 to 6.
    pub fn heading(&mut self, level: u8, text: &str) -> &mut Self {
        let marks = "#".repeat(level.clamp(1, 6).into());
        self.push(format!("{marks} {}", escape::markdown(text)))
    }

    /// A paragraph.
    pub fn paragraph(&mut self, text: &str) -> &mut Self {
        self.push(escape::markdown(text))
    }

    /// A bulleted list. Without items it is nothing.
    pub fn list<I: AsRef<str>>(&mut self, items: &[I]) -> &mut Self {
        let lines: Vec<String> =
            items.iter().map(|item| format!("- {}", escape::markdown(item.as_ref()))).collect();
        if lines.is_empty() { self } else { self.push(lines.join("\n")) }
    }

    /// A table. Rows shorter than the header are filled up; without rows it is nothing.
    pub fn table<H: AsRef<str>, C: AsRef<str>>(&mut self, header: &[H], rows: &[Vec<C>]) -> &mut Self {
        if rows.is_empty() {
            return self;
        }
        let table = table(header, rows);
        self.push(table)
    }

    /// A block of code: someone else's output as it came.
    pub fn code(&mut self, text: &str) -> &mut Self {
        self.push(escape::markdown_block(text))
    }

    /// Something folded away under a title. The body is Markdown, as in [`Summary::raw`].
    pub fn details(&mut self, title: &str, body: &str) -> &mut Self {
        let title = escape::markdown(title);
        self.push(format!("<details><summary>{title}</summary>\n\n{}\n\n</details>", body.trim()))
    }

    /// Another summary, as it is.
    pub fn append(&mut self, other: Self) -> &mut Self {
        self.sections.extend(other.sections);
        self
    }

    /// Whether nothing was said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// All of it as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        self.within(usize::MAX)
    }

    /// As much of it as fits, cut between sections, with a notice if something was cut.
    pub(crate) fn within(&self, most: usize) -> String {
        let whole: usize = self.sections.iter().map(|section| section.len() + 2).sum();
        let room = if whole <= most { most } else { most.saturating_sub(NOTICE.len()) };
        let mut out = String::new();
        for section in &self.sections {
            if out.len() + section.len() + 2 > room {
                out.push_str(NOTICE);
                break;
            }
            out.push_str(section);
            out.push_str("\n\n");
        }
        out
    }

    fn push(&mut self, section: String) -> &mut Self {
        if !section.trim().is_empty() {
            self.sections.push(section);
        }
        self
    }
}

/// A Markdown table of hostile cells.
fn table<H: AsRef<str>, C: AsRef<str>>(header: &[H], rows: &[Vec<C>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![
        line(header.iter().map(|cell| escape::markdown_cell(cell.as_ref())).collect()),
        line(vec!["---".to_owned(); header.len()]),
    ];
    for row in rows {
        let cell = |at: usize| row.get(at).map(|cell| escape::markdown_cell(cell.as_ref()));
        lines.push(line((0..header.len()).map(|at| cell(at).unwrap_or_default()).collect()));
    }
    lines.join("\n")
}

/// Cuts Markdown at blank lines outside of `<details>` and fenced code: where it may be cut.
fn sections(markdown: &str) -> Vec<String> {
    let (mut done, mut section) = (Vec::new(), String::new());
    let (mut depth, mut fence) = (0_usize, None::<String>);
    for line in markdown.lines() {
        let marks: String = line.trim_start().chars().take_while(|char| *char == '`').collect();
        match &fence {
            Some(open) if marks.len() >= open.len() && line.trim() == marks => fence = None,
            Some(_) => {}
            None if marks.len() >= 3 => fence = Some(marks),
            None => {
                depth += line.matches("<details").count();
                depth = depth.saturating_sub(line.matches("</details>").count());
            }
        }
        if line.trim().is_empty() && depth == 0 && fence.is_none() {
            done.push(std::mem::take(&mut section));
        } else {
            section.push_str(line);
            section.push('\n');
        }
    }
    done.push(section);
    done.into_iter()
        .map(|section| section.trim_end().to_owned())
        .filter(|section| !section.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_bytes() {
        let mut summary = Summary::default();
        summary
            .heading(2, "Passed: <b>")
            .paragraph("one | two\n# three")
            .list(&["- a", "@b"])
            .list::<&str>(&[])
            .table(&["Test", "Result"], &[vec!["a|b\nc", "<x>"], vec!["short"]])
            .table::<_, &str>(&["never"], &[])
            .details("More & more", "| x |\n")
            .code("```\n")
            .raw("**bold**\n\n\nnext");
        assert_eq!(
            summary.markdown(),
            "## Passed: &lt;b&gt;\n\n\
             one \\| two \\#\u{200b} three\n\n\
             - \\- a\n- @\u{200b}b\n\n\
             | Test | Result |\n| --- | --- |\n| a\\|b<br>c | &lt;x&gt; |\n| short |  |\n\n\
             <details><summary>More &amp; more</summary>\n\n| x |\n\n</details>\n\n\
             ````text\n```\n````\n\n\
             **bold**\n\nnext\n\n"
        );
        assert!(!summary.is_empty());
        assert!(Summary::default().is_empty());
        assert_eq!(Summary::default().within(0), "");
    }

    #[test]
    fn it_is_cut_between_sections_with_a_notice() {
        let mut summary = Summary::default();
        summary.paragraph(&"a".repeat(600_000)).paragraph(&"b".repeat(600_000)).paragraph("last");
        let text = summary.within(MAX_BYTES);
        assert!(text.len() <= MAX_BYTES);
        assert!(text.ends_with(NOTICE));
        assert!(text.contains("aaa") && !text.contains("bbb") && !text.contains("last"));
    }

    #[test]
    fn what_just_fits_is_whole() {
        let mut summary = Summary::default();
        summary.paragraph(&"a".repeat(98));
        assert_eq!(summary.within(100).len(), 100);
        assert_eq!(summary.within(99), NOTICE);
    }

    #[test]
    fn raw_is_never_cut_inside_details_or_code() {
        for (markdown, expected) in [
            ("", vec![]),
            ("\n\n", vec![]),
            ("a\n\nb", vec!["a", "b"]),
            ("<details>\n\na\n\n</details>\n\nb", vec!["<details>\n\na\n\n</details>", "b"]),
            ("```\na\n\nb\n```\n\nc", vec!["```\na\n\nb\n```", "c"]),
            ("````\n```\n\n````\n\nc", vec!["````\n```\n\n````", "c"]),
            ("```\n<details>\n```\n\nb", vec!["```\n<details>\n```", "b"]),
            ("</details>\n\nb", vec!["</details>", "b"]),
        ] {
            assert_eq!(sections(markdown), expected, "{markdown:?}");
        }
    }
}
