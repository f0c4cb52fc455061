//! Deciding: read, judge, sign, and leave everything that a replay needs.

use anyhow::{Context as _, Result, ensure};
use attest::{EvidenceDir, PrivateKey};
use model::Verdict;
use policy::{EvidenceKind, ResolvedPolicy};
use runner::{Context, Outcome};

use crate::judge;
use crate::keys::Keys;
use crate::{disk, load, manifest, show};

pub(crate) fn run(ctx: &mut Context) -> Result<Outcome> {
    let key = key(ctx)?;
    let case = load::case(ctx, key.as_ref())?;
    let judged = judge::judge(&case)?;
    may_sign(&judged.policy, key.as_ref())?;
    if key.is_none() {
        ctx.warning(
            "the verdict is not signed: no `signing-key` was given, so nothing can be published with it",
        );
    }

    let dir = EvidenceDir::new(ctx.path("evidence")?);
    let name = judged.verdict_digest().short();
    let bundle = ctx.path("bundle")?;
    let kept = manifest::keep(&bundle, &name, &judged.manifest, &case)?;
    let verdict_file = dir.write(&judged.verdict, key.as_ref())?;
    let summary_file = dir.write(&judged.summary, key.as_ref())?;
    // The bundle is whole without the evidence folder: the signed verdict lies in it too.
    let form = if key.is_some() { "sigstore" } else { "intoto" };
    let copy = bundle.join(format!("{name}.verdict.{form}.json"));
    disk::write(&copy, &disk::read(&verdict_file, attest::MAX_BUNDLE as u64)?)?;

    let stem = format!(".hallmark/report/{}", file_name(&judged.image.name));
    let page = ctx.opt_path("page")?.unwrap_or_else(|| ctx.cwd().join(format!("{stem}.html")));
    let brief = ctx.opt_path("brief")?.unwrap_or_else(|| ctx.cwd().join(format!("{stem}.md")));
    disk::write(&page, report::html::page(&judged.view)?.as_bytes())?;
    disk::write(&brief, judged.brief.as_bytes())?;

    let exceptions = ctx.opt_path("exceptions")?.map(|path| load::shown(ctx, &path));
    ctx.info(&show::headline(&judged));
    show::tell(ctx, &judged, exceptions.as_deref());
    ctx.summary().raw(&judged.brief);
    show::outputs(ctx, &judged)?;
    for (output, path) in [
        ("evidence", &verdict_file),
        ("vsa", &summary_file),
        ("replay", &kept),
        ("page", &page),
        ("brief", &brief),
    ] {
        ctx.output(output, path.display().to_string())?;
    }
    Ok(match judged.decision.verdict {
        Verdict::Pass => Outcome::Done,
        Verdict::Review => Outcome::Review,
        Verdict::Fail => Outcome::Against,
    })
}

/// Everything that can be known to be wrong before there is evidence.
pub(crate) fn check(ctx: &mut Context) -> Result<ResolvedPolicy> {
    let key = key(ctx)?;
    let policy = load::policy(ctx)?;
    load::exceptions(ctx, &policy)?;
    may_sign(&policy, key.as_ref())?;
    Ok(policy)
}

fn key(ctx: &Context) -> Result<Option<PrivateKey>> {
    let key = ctx.secret("signing-key")?.map(|pem| PrivateKey::from_pem(pem.expose()));
    key.transpose().context("input `signing-key`")
}

/// A verdict that its own policy would not accept is not signed at all.
fn may_sign(policy: &ResolvedPolicy, key: Option<&PrivateKey>) -> Result<()> {
    let Some(key) = key else { return Ok(()) };
    let signed = Keys::of(policy)?.signed(Some(key.public().key_id()));
    for kind in [EvidenceKind::Verdict, EvidenceKind::Vsa] {
        let may = policy.policy().signers_of(kind);
        let named =
            matches!(&signed, policy::Signed::By(names) if names.iter().any(|name| may.contains(name)));
        ensure!(
            named,
            "the `signing-key` may not sign a {kind} under the policy `{}`: its `evidence` names {} for that",
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
