//! What people see: an annotation for each reason, and a summary that leads with the verdict.

use std::path::Path;

use attest::Signer;
use runner::{Annotation, Context, Summary};

use crate::check::{Checked, Good, Signed};
use crate::manifest::{Mistake, Place};
use crate::reason::Reason;

/// The most rows of a table: the log has every reason, and the evidence every file.
const ROWS: usize = 100;

/// Tells what has to be mended in the manifest.
pub(crate) fn mistakes(ctx: &mut Context, manifest: &Path, mistakes: &[Mistake]) {
    for mistake in mistakes {
        ctx.error(at(Annotation::new(&mistake.message).title("manifest"), manifest, mistake.place));
    }
}

/// Tells what came of it.
pub(crate) fn checked(ctx: &mut Context, manifest: &Path, name: &str, checked: &Checked) {
    for reason in checked.against.iter().chain(&checked.unreadable) {
        ctx.error(at(Annotation::new(&reason.message).title(reason.code.as_str()), manifest, reason.place));
    }
    for reason in &checked.not_counted {
        let message = format!("does not count, and need not: {}", reason.message);
        ctx.warning(at(Annotation::new(message).title(reason.code.as_str()), manifest, reason.place));
    }
    for (noun, name, place) in &checked.unused {
        let message = format!("the {noun} `{name}` is declared, but no file needs it");
        ctx.warning(at(Annotation::new(message).title(format!("unused-{noun}")), manifest, *place));
    }
    summarise(ctx, name, checked);
}

fn summarise(ctx: &mut Context, manifest: &str, checked: &Checked) {
    let summary = ctx.summary();
    summary.heading(2, &verdict(checked));
    reasons(summary, manifest, &checked.against);
    if !checked.unreadable.is_empty() {
        summary.paragraph("Could not be read:");
        reasons(summary, manifest, &checked.unreadable);
    }
    if is_good(checked) {
        good_files(summary, &checked.good);
    } else if !checked.good.is_empty() {
        let mut inner = Summary::default();
        good_files(&mut inner, &checked.good);
        summary
            .details(&format!("{} good, which is not enough", files(checked.good.len())), &inner.markdown());
    }
    roots(summary, checked);
}

fn reasons(summary: &mut Summary, manifest: &str, reasons: &[Reason]) {
    let rows: Vec<_> = reasons.iter().take(ROWS).map(|reason| row(manifest, reason)).collect();
    summary.table(&["Where", "Reason", "What"], &rows);
    more(summary, reasons.len(), "the log has them all");
}

fn good_files(summary: &mut Summary, good: &[Good]) {
    let rows: Vec<_> = good.iter().take(ROWS).map(good_row).collect();
    summary.table(&["File", "Signed by", "Proof", "Time", "SHA-256"], &rows);
    more(summary, good.len(), "the evidence lists them all");
}

fn more(summary: &mut Summary, all: usize, place: &str) {
    if all > ROWS {
        summary.paragraph(&format!("And {} more; {place}.", all - ROWS));
    }
}

/// Whether everything was verified, and there was something.
pub(crate) fn is_good(checked: &Checked) -> bool {
    checked.against.is_empty() && checked.unreadable.is_empty() && !checked.good.is_empty()
}

fn verdict(checked: &Checked) -> String {
    match (checked.against.len(), checked.unreadable.len()) {
        (0, 0) => format!("Signatures verified: {}", files(checked.good.len())),
        (0, unreadable) => format!("Signatures not decided: {unreadable} could not be read"),
        (1, _) => "Signatures refused: 1 reason".to_owned(),
        (reasons, _) => format!("Signatures refused: {reasons} reasons"),
    }
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

fn row(manifest: &str, reason: &Reason) -> Vec<String> {
    let place = reason.place.map(|place| format!(":{}", place.line)).unwrap_or_default();
    vec![format!("{manifest}{place}"), reason.code.as_str().to_owned(), reason.message.clone()]
}

fn good_row(good: &Good) -> Vec<String> {
    let (by, proofs) = match &good.listed {
        Some(list) => (list.signers.join(", "), format!("listed in {}", list.path)),
        None => (
            good.signed.iter().map(signer).collect::<Vec<_>>().join(", "),
            good.signed.iter().map(|signed| signed.proof.in_words()).collect::<Vec<_>>().join("; "),
        ),
    };
    // Of several signers the last: by then all of them had signed.
    let time = good.signed.iter().filter_map(|signed| signed.proof.signed_by()).max();
    let time = time.map_or_else(|| "not proven".to_owned(), |time| time.to_string());
    vec![good.path.to_string(), by, proofs, time, good.sha256.to_string()]
}

fn signer(signed: &Signed) -> String {
    match (&signed.proof.signer, signed.algorithm) {
        (Signer::KeyId(id), Some(algorithm)) => format!("{} ({algorithm} {})", signed.name, id.short()),
        (Signer::KeyId(id), None) => format!("{} ({})", signed.name, id.short()),
        (Signer::Identity(identity), _) => format!("{} ({})", signed.name, identity.subject),
    }
}

/// Whom certificates, logs and timestamps were believed, and how old that is.
fn roots(summary: &mut Summary, checked: &Checked) {
    for root in &checked.roots {
        let date = root.as_of().map_or_else(String::new, |date| format!(" of {}", date.strftime("%Y-%m-%d")));
        summary.paragraph(&format!("Trusted root: {}{date}, SHA-256 {}", root.name(), root.digest()));
    }
}

fn at(annotation: Annotation, manifest: &Path, place: Option<Place>) -> Annotation {
    let annotation = annotation.file(manifest.to_string_lossy());
    match place {
        Some(place) => annotation.line(place.line).col(place.col),
        None => annotation,
    }
}
