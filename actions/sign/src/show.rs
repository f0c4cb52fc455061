//! What people see.

use attest::Signer;
use runner::Context;

use crate::one::Done;

/// The most rows of the table: the output has every file.
const ROWS: usize = 100;

/// A signer, whole: whoever verifies needs it.
pub(crate) fn signer(signer: &Signer) -> String {
    match signer {
        Signer::KeyId(id) => id.to_string(),
        Signer::Identity(identity) => identity.to_string(),
    }
}

pub(crate) fn done(ctx: &mut Context, by: &Signer, done: &[Done]) {
    let kept = done.iter().filter(|done| done.kept).count();
    let said = match (done.len() - kept, kept) {
        (signed, 0) => format!("{} signed", files(signed)),
        (0, kept) => format!("{} signed already", files(kept)),
        (signed, kept) => format!("{} signed, {kept} signed already", files(signed)),
    };
    let rows: Vec<Vec<String>> = done
        .iter()
        .take(ROWS)
        .map(|done| {
            let what = if done.kept { "kept" } else { "signed" };
            vec![done.path.clone(), what.to_owned(), done.sha256.to_string(), done.bundle.clone()]
        })
        .collect();
    ctx.summary()
        .heading(2, &said)
        .paragraph(&format!(
            "By {}.",
            match by {
                Signer::KeyId(id) => format!("the key {id}"),
                Signer::Identity(identity) => identity.to_string(),
            }
        ))
        .table(&["File", "", "SHA-256", "Bundle"], &rows);
    if done.len() > ROWS {
        ctx.summary()
            .paragraph(&format!("And {} more; the output `bundles` has them all.", done.len() - ROWS));
    }
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}
