//! Deciding: read, judge, sign, and leave everything that a replay needs.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use attest::{EvidenceDir, Sign, Signer};
use model::Verdict;
use policy::{EvidenceKind, ResolvedPolicy};
use runner::{Annotation, Context, Outcome};

use crate::judge::{self, Judgement};
use crate::keys::Keys;
use crate::source::{Reader, shown};
use crate::{Checked, click, disk, load, manifest, sarif, show, written};

const REPORT_ONLY: &str = "the policy only reports (`mode: report-only`): the verdict is recorded and stops nothing, no \
                           verification summary is written, and nothing can be published by it";

/// What a decision signs.
const DECIDES: [EvidenceKind; 2] = [EvidenceKind::Verdict, EvidenceKind::Vsa];

pub(crate) async fn run(ctx: &mut Context) -> Result<Outcome> {
    let mut sarif = sarif::clear(ctx)?;
    let key = services::signer(ctx)?;
    let mut case = load::case(ctx, key.as_deref()).await?;
    let mut judged = judge::judge(&case)?;
    let signers = Keys::of(&judged.policy, &case.roots, case.now)?;
    may_sign(&judged.policy, &signers, key.as_deref(), &DECIDES)?;
    let mut approval_file = None;
    if case.click.is_some() {
        may_sign(&judged.policy, &signers, key.as_deref(), &[EvidenceKind::Approval])?;
        if let Some(approval) = judged.unsigned.take() {
            let file = EvidenceDir::new(ctx.path("evidence")?).write(&approval, key.as_deref())?;
            case.approval = Some(load::item(&file)?);
            judged = judge::judge(&case)?;
            approval_file = Some(file);
        }
    }
    if let Some(folder) = &mut sarif {
        sarif::write(ctx, folder, &judged)?;
    }
    if key.is_none() {
        ctx.warning(
            "the verdict is not signed: no `signing-key` was given, so nothing can be published with it",
        );
    }

    let dir = EvidenceDir::new(ctx.path("evidence")?);
    let name = judged.verdict_digest().short();
    let bundle = ctx.path("bundle")?;
    let kept = manifest::keep(&bundle, &name, &judged.manifest, &case)?;
    let verdict_file = dir.write(&judged.verdict, key.as_deref())?;
    let summary_file = match &judged.summary {
        Some(summary) => Some(dir.write(summary, key.as_deref())?),
        None => None,
    };
    // The bundle is whole without the evidence folder: the signed verdict and its summary lie in it too.
    let form = if key.is_some() { "sigstore" } else { "intoto" };
    for (kind, file) in
        [(EvidenceKind::Verdict, Some(&verdict_file)), (EvidenceKind::Vsa, summary_file.as_ref())]
    {
        let Some(file) = file else { continue };
        let copy = bundle.join(format!("{name}.{kind}.{form}.json"));
        disk::write(&copy, &disk::read(file, attest::MAX_BUNDLE as u64)?)?;
    }

    let stem = format!(".hallmark/report/{}", file_name(&judged.image.name));
    let report = |ctx: &Context, input: &str, ending: &str, bytes: &[u8]| -> Result<PathBuf> {
        let path = ctx.opt_path(input)?.unwrap_or_else(|| ctx.cwd().join(format!("{stem}.{ending}")));
        disk::write(&path, bytes).map(|()| path)
    };
    let page = report(ctx, "page", "html", report::html::page(&judged.view)?.as_bytes())?;
    let brief = report(ctx, "brief", "md", judged.brief.as_bytes())?;
    let json = report(ctx, "json", "json", &json(&judged)?)?;
    if let Some(path) = ctx.opt_path("rego-input")? {
        disk::write(&path, judge::rego_input(&case)?.as_bytes())?;
    }

    let exceptions = ctx.opt_path("exceptions")?.map(|path| shown(ctx, &path));
    show::told(ctx, &judged, exceptions.as_deref());
    if case.click.is_some() {
        click::told(ctx, &case, &judged)?;
    }
    show::outputs(ctx, &judged)?;
    sarif::told(ctx, sarif.as_ref(), &judged)?;
    for (output, path) in [
        ("evidence", Some(&verdict_file)),
        ("vsa", summary_file.as_ref()),
        ("replay", Some(&kept)),
        ("page", Some(&page)),
        ("brief", Some(&brief)),
        ("json", Some(&json)),
        ("approval", approval_file.as_ref()),
    ] {
        ctx.output(output, path.map(|path| path.display().to_string()).unwrap_or_default())?;
    }
    if judged.decision.report_only {
        ctx.warning(Annotation::new(REPORT_ONLY).title("Only reported"));
        return Ok(Outcome::Done);
    }
    Ok(match judged.decision.verdict {
        Verdict::Pass => Outcome::Done,
        // A running job cannot wait for somebody again.
        Verdict::Review if case.click.is_some() => {
            ctx.error(Annotation::new(click::STILL).title("Still `review`"));
            Outcome::Against
        }
        Verdict::Review => Outcome::Review,
        Verdict::Fail => Outcome::Against,
    })
}

/// The decision for machines: everything that the page shows.
fn json(judged: &Judgement) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(&judged.view)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Everything that can be known to be wrong before there is evidence.
pub(crate) async fn check(ctx: &mut Context, family: Option<&str>) -> Result<Checked> {
    let key = services::signer(ctx)?;
    let mut reader = Reader::new(ctx)?;
    let (policy, roots) = written::resolved(ctx, &mut reader, family).await?;
    written::exceptions(ctx, &mut reader, &policy).await?;
    let signers = Keys::of(&policy, &roots, ctx.now())?;
    may_sign(&policy, &signers, key.as_deref(), &DECIDES)?;
    Ok(Checked { policy, signers })
}

/// A verdict that its own policy would not accept is not signed at all.
fn may_sign(
    policy: &ResolvedPolicy,
    signers: &Keys,
    signer: Option<&dyn Sign>,
    kinds: &[EvidenceKind],
) -> Result<()> {
    let Some(signer) = signer else { return Ok(()) };
    let signed = signers.announced(signer.signer());
    let who = match signer.signer() {
        Signer::KeyId(_) => "the `signing-key`".to_owned(),
        Signer::Identity(identity) => identity.to_string(),
    };
    for &kind in kinds {
        let may = policy.policy().signers_of(kind);
        let named =
            matches!(&signed, policy::Signed::By(names) if names.iter().any(|name| may.contains(name)));
        ensure!(
            named,
            "{who} may not sign {} {kind} under the policy `{}`: its `evidence` names {} for that",
            if kind == EvidenceKind::Approval { "an" } else { "a" },
            policy.policy().name(),
            if may.is_empty() { "nobody".into() } else { may.join(", ") }
        );
    }
    Ok(())
}

/// An image's name as a file's: hostile text names no other folder.
fn file_name(name: &str) -> String {
    let safe: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .collect();
    let safe = safe.trim_start_matches('.');
    if safe.is_empty() { "image".into() } else { safe.chars().take(100).collect() }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn an_images_name_is_one_plain_file_name() {
        for (name, file) in [
            ("debian-base", "debian-base"),
            ("../../x", "-..-x"),
            ("", "image"),
            ("..", "image"),
            ("a/b\n", "a-b-"),
        ] {
            assert_eq!(file_name(name), file);
        }
    }
}
