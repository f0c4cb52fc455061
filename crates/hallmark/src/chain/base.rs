//! The image that is built on, and what verifies it, before anything is built.

use std::path::{Path, PathBuf};

use admission::dated;
use anyhow::{Context as _, Result};
use attest::predicate::vsa::{Predicate, VerificationResult};
use attest::{EvidenceDir, EvidenceFile, Form, Kind, read_unsigned, verify};
use gate::Keys;
use model::{ContentDigest, ImageManifest};
use policy::{Facts, Signed, Statement};

/// What a chain builds on.
pub(super) struct Base {
    pub(super) name: String,
    pub(super) content: ContentDigest,
    /// The folder of its evidence, if it is given.
    pub(super) evidence: Option<PathBuf>,
}

impl Base {
    /// Reads what describes the image.
    pub(super) fn read(manifest: &Path, evidence: Option<PathBuf>) -> Result<Self> {
        let bytes = std::fs::read(manifest)
            .with_context(|| format!("input `base-image`: cannot read {}", manifest.display()))?;
        let manifest = ImageManifest::parse(&bytes)
            .with_context(|| format!("input `base-image`: {}", manifest.display()))?;
        Ok(Self { content: manifest.content_digest(), name: manifest.name, evidence })
    }

    /// What the gate will find: verification summaries about this image, each with its signers by name.
    pub(super) fn summaries(&self, signers: &Keys) -> Result<Vec<Statement>> {
        let Some(folder) = &self.evidence else { return Ok(Vec::new()) };
        let listing = EvidenceDir::new(folder).list().context("input `base-evidence`")?;
        // The gate passes over whatever is not genuine, or about something else.
        Ok(listing.files.iter().filter_map(|file| self.summary(file, signers)).collect())
    }

    fn summary(&self, file: &EvidenceFile, signers: &Keys) -> Option<Statement> {
        let (statement, kind, payload, signed, signed_by) = match file.form {
            Form::Signed => {
                let found = verify(&file.bytes, signers.trust()).ok()?;
                let signed = signers.signed(&found);
                (found.statement, found.kind, found.payload_digest, signed, found.signed_by)
            }
            Form::Unsigned => {
                let found = read_unsigned(&file.bytes).ok()?;
                (found.statement, found.kind, found.payload_digest, Signed::Unsigned, None)
            }
        };
        if kind != Kind::Vsa || !statement.is_about(&self.content) {
            return None;
        }
        let summary: Predicate = statement.predicate().ok()?;
        Some(Statement {
            file: file.name.clone(),
            payload,
            signed,
            issued: dated(summary.time_verified, signed_by).ok()?,
            facts: Facts::BaseVsa {
                verifier: summary.verifier.id,
                passed: summary.verification_result == VerificationResult::Passed,
                levels: summary.verified_levels,
            },
        })
    }
}
