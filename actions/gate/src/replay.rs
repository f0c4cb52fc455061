//! Replaying: the same verdict from the same inputs, byte for byte, with nothing but a bundle.

use std::path::{Path, PathBuf};

use admission::dated;
use anyhow::{Context as _, Result, bail};
use attest::{EvidenceDir, Form, Statement};
use jiff::{SignedDuration, Timestamp};
use model::Sha256;
use policy::{EvidenceKind, Signed};
use runner::{Annotation, Context, Outcome};
use serde_json::Value;

use crate::case::{Case, Item};
use crate::exact::{self, Genuine};
use crate::judge::{self, Judgement};
use crate::keys::Keys;
use crate::{disk, load, manifest, sarif, show, source};

pub(crate) fn run(ctx: &mut Context, path: &Path) -> Result<Outcome> {
    let mut sarif = sarif::clear(ctx)?;
    let evidence = EvidenceDir::new(ctx.path("evidence")?);
    // A manifest that cannot be read is no difference: nothing was compared.
    let bytes = manifest::read(path).context("input `replay`")?;
    match compare(path, bytes, &evidence) {
        Ok(Replayed { judged, checked, .. }) => {
            note_other_build(ctx, &judged)?;
            for file in &checked {
                ctx.info(&format!("the same verdict: {}", source::shown(ctx, file)));
            }
            ctx.info(&show::headline(&judged));
            ctx.summary().heading(2, "Replayed: the same verdict").raw(&judged.brief);
            show::outputs(ctx, &judged)?;
            if let Some(folder) = &mut sarif {
                sarif::write(ctx, folder, &judged)?;
            }
            sarif::told(ctx, sarif.as_ref(), &judged)?;
            Ok(Outcome::Done)
        }
        Err(differences) => {
            let message = format!("the replay differs: {differences:#}");
            ctx.summary().heading(2, "Replayed: not the same verdict").paragraph(&message);
            ctx.error(Annotation::new(message).title("replay"));
            Ok(Outcome::Against)
        }
    }
}

/// A verdict that came out again.
pub(crate) struct Replayed {
    pub(crate) case: Case,
    pub(crate) judged: Judgement,
    /// The signed files that say the same; the verdict itself first.
    pub(crate) checked: Vec<PathBuf>,
}

/// Recomputes the verdict, and compares it with each signed one that claims to come from it.
pub(crate) fn compare(path: &Path, bytes: Vec<u8>, evidence: &EvidenceDir) -> Result<Replayed> {
    let case = manifest::load(path, &bytes)?;
    let judged = judge::judge(&case)?;
    if judged.unsigned.is_some() {
        bail!("the approval that was given in GitHub is not in the bundle");
    }
    if judged.manifest != bytes {
        bail!("the manifest is not as this gate writes it");
    }
    let keys = Keys::of(&judged.policy, &case.roots, case.now)?;
    let mut files = signed(path, evidence, EvidenceKind::Verdict, &judged.verdict)?;
    if files.is_empty() {
        bail!("there is no signed verdict beside {}", path.display());
    }
    for file in &files {
        check(file, EvidenceKind::Verdict, Some(&judged.verdict), &judged, case.now, &keys)
            .map_err(|error| error.context(format!("the verdict {}", file.display())))?;
    }
    // Bundles of earlier gates have no summary; one that is there is the one that follows.
    let summary = judged.summary.as_ref();
    let summaries = signed(path, evidence, EvidenceKind::Vsa, summary.unwrap_or(&judged.verdict))?;
    for file in &summaries {
        check(file, EvidenceKind::Vsa, summary, &judged, case.now, &keys)
            .map_err(|error| error.context(format!("the verification summary {}", file.display())))?;
    }
    files.extend(summaries);
    Ok(Replayed { case, judged, checked: files })
}

/// The bundle's own copy, and the one in the evidence folder where that is at hand.
fn signed(
    manifest: &Path,
    evidence: &EvidenceDir,
    kind: EvidenceKind,
    computed: &Statement,
) -> Result<Vec<PathBuf>> {
    let stem = manifest.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let short = Sha256::of(&computed.to_bytes()?).short();
    let forms = ["sigstore", "intoto"];
    let beside = forms.iter().map(|form| manifest.with_file_name(format!("{stem}.{kind}.{form}.json")));
    let kept = forms.iter().map(|form| evidence.path().join(format!("{kind}.{short}.{form}.json")));
    Ok(beside.chain(kept).filter(|path| path.exists()).collect())
}

/// A statement in a file, against the one that follows from the inputs.
fn check(
    file: &Path,
    kind: EvidenceKind,
    computed: Option<&Statement>,
    judged: &Judgement,
    clock: Timestamp,
    keys: &Keys,
) -> Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let item = &Item { name, bytes: disk::read(file, attest::MAX_BUNDLE as u64)? };
    let Some(computed) = computed else { bail!("is there, and by its inputs there is none") };
    if item.form() == Form::Unsigned {
        bail!("is not signed: nothing says that it was the gate's");
    }
    let genuine = match exact::read(item, keys) {
        Ok(genuine) => genuine,
        Err(objection) => bail!("{}: {}", objection.code, objection.message),
    };
    let may = judged.policy.policy().signers_of(kind);
    match &genuine.signed {
        Signed::By(names) if names.iter().any(|name| may.contains(name)) => {}
        Signed::By(_) | Signed::Unsigned => {
            let what = if kind == EvidenceKind::Verdict { "verdicts" } else { "verification summaries" };
            bail!("is signed by someone who may not sign {what}")
        }
    }
    if genuine.payload == Sha256::of(&computed.to_bytes()?) {
        return clock_fits(clock, genuine.signed_by);
    }
    bail!("is another than the one that follows from the inputs: {}", difference(&genuine, computed))
}

/// How long it takes at most from a decision to the log's or the timestamp's word for its signature.
const SIGNING: SignedDuration = SignedDuration::from_hours(1);

/// The clock that a verdict was decided by, against a verified time where there is one. One that was put back would
/// have let through what was stale.
fn clock_fits(clock: Timestamp, signed_by: Option<Timestamp>) -> Result<()> {
    let Some(signed_by) = signed_by else { return Ok(()) };
    if let Err(misdated) = dated(Some(clock), Some(signed_by)) {
        bail!("has a clock that is wrong: {misdated}");
    }
    if clock.duration_until(signed_by) > SIGNING {
        bail!(
            "has a clock that is wrong: it was decided at {clock} by its own word, and a log or timestamp has it signed at \
             {signed_by}, long after that"
        );
    }
    Ok(())
}

/// Names what differs, as far as the two statements tell.
fn difference(genuine: &Genuine, statement: &Statement) -> String {
    let (signed, computed) = (&genuine.statement.predicate, &statement.predicate);
    let mut names: Vec<&str> = Vec::new();
    if genuine.statement.subject != statement.subject {
        names.push("subject");
    }
    let members =
        |value: &Value| value.as_object().map(|o| o.keys().cloned().collect::<Vec<_>>()).unwrap_or_default();
    let mut keys = members(signed);
    keys.extend(members(computed));
    keys.sort_unstable();
    keys.dedup();
    names.extend(keys.iter().map(String::as_str).filter(|key| signed.get(key) != computed.get(key)));
    format!("{} differs", names.join(", "))
}

/// Another build that finds the same says more, not less; but it is said.
fn note_other_build(ctx: &mut Context, judged: &Judgement) -> Result<()> {
    let recorded =
        judged.verdict.predicate.get("gate").and_then(|gate| gate.get("sha256")).and_then(Value::as_str);
    let own: Sha256 = load::own_digest()?;
    if recorded != Some(own.to_string().as_str()) {
        ctx.notice("The verdict was made by another build of the gate; this one comes to the same.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::clock_fits;

    #[test]
    fn the_clock_against_a_verified_time() {
        let at = |text: &str| format!("2026-11-22T{text}Z").parse().unwrap();
        for (clock, signed_by, fits) in [
            ("12:00:00", None, true),
            ("12:00:00", Some("12:00:00"), true),
            ("12:00:00", Some("12:00:30"), true),
            ("12:00:00", Some("13:00:00"), true),
            ("12:00:00", Some("13:00:01"), false),
            ("12:00:00", Some("23:00:00"), false),
            ("12:00:00", Some("11:55:00"), true),
            ("12:00:00", Some("11:54:59"), false),
        ] {
            assert_eq!(clock_fits(at(clock), signed_by.map(at)).is_ok(), fits, "{clock} {signed_by:?}");
        }
    }
}
