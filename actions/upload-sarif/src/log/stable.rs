//! What alerts are known by has to outlive a rebuild: no address, and no category, may name one image.

use std::path::{Component, Path};

use anyhow::bail;
use runner::Result;

use super::shape::Run;

/// As many hexadecimal digits as a commit or a digest has.
const DIGEST: usize = 40;

/// Holds every address of a run to that. A file of the checkout is one that stays, whatever it is called.
pub(super) fn hold(run: &Run, checkout: &Path) -> Result<()> {
    for address in run.addresses() {
        if changes(address) && !is_file_of(checkout, address) {
            bail!(
                "a result lies in `{}`, which names one image by its digest or id: with every rebuild all alerts would be \
                 closed and opened anew. Put them on a file of the repository that stays",
                runner::escape::shortened(address, 120).escape_debug()
            );
        }
    }
    Ok(())
}

/// Whether a text names a digest, or a cloud's id of an image or a snapshot.
pub(super) fn changes(text: &str) -> bool {
    let words = || text.split(|c: char| !c.is_ascii_hexdigit());
    if words().any(|word| word.len() >= DIGEST) {
        return true;
    }
    let lower = text.to_ascii_lowercase().replace("%3a", ":");
    let follows = |marker: &str, least: usize| {
        lower.match_indices(marker).any(|(at, _)| {
            let begins = !lower[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
            let digits = lower[at + marker.len()..].bytes().take_while(u8::is_ascii_hexdigit).count();
            begins && digits >= least
        })
    };
    ["sha256:", "sha512:", "hallmarkblocks1:"].iter().any(|name| follows(name, 7))
        || ["ami-", "snap-"].iter().any(|name| follows(name, 8))
}

fn is_file_of(checkout: &Path, address: &str) -> bool {
    let path = Path::new(address);
    path.components().all(|part| matches!(part, Component::Normal(_))) && checkout.join(path).is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_one_image() {
        let digest = "0f".repeat(32);
        for (text, one) in [
            (format!("registry/web@sha256:{digest}"), true),
            (format!("web-{digest}"), true),
            ("0f".repeat(20), true),
            ("registry/web@sha256:0f0f0f0".to_owned(), true),
            ("registry/web@SHA256%3A0f0f0f0f".to_owned(), true),
            ("hallmarkBlocks1:0f0f0f0f".to_owned(), true),
            ("ami-0123456789abcdef0/etc/passwd".to_owned(), true),
            ("x/snap-01234567".to_owned(), true),
            ("images/web.yml".to_owned(), false),
            ("hallmark/web/amd64".to_owned(), false),
            ("sha256:".to_owned(), false),
            ("docs/sha256-of-files.md".to_owned(), false),
            ("origami-feedbeef/x".to_owned(), false),
            ("0f".repeat(19), false),
            (String::new(), false),
        ] {
            assert_eq!(changes(&text), one, "{text}");
        }
    }

    #[test]
    fn a_file_of_the_checkout_stays() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for (address, is) in [
            ("src/lib.rs", true),
            ("src", false),
            ("src/gone.rs", false),
            ("/etc/passwd", false),
            ("../upload-sarif/Cargo.toml", false),
            ("", false),
        ] {
            assert_eq!(is_file_of(root, address), is, "{address}");
        }
    }
}
