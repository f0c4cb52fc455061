//! What a policy's parts mean beside each other.

use std::collections::{BTreeMap, BTreeSet};

use model::Weight;

use super::evidence::Requirements;
use super::rules::{Rules, SECTIONS};
use crate::fields::{Fields, Map};
use crate::kind::EvidenceKind;
use crate::noun::noun;
use crate::policy::Signer;

/// What only shows when the parts are put together.
pub(super) fn together(
    fields: &mut Fields<'_>,
    top: &Map<'_>,
    evidence: &Requirements,
    rules: &Rules,
    signers: &BTreeMap<String, Signer>,
) {
    let place = |key: &str| top.get(key).map_or(top.at, |node| node.at);
    let scans = evidence.get(&EvidenceKind::Vulns).is_some_and(|r| r.required);
    for (class, section, _) in SECTIONS {
        let decides =
            rules.get(&class).is_some_and(|rules| rules.iter().any(|rule| rule.then > Weight::Note));
        if decides && !scans {
            fields.problem(
                place(section),
                format!("there are rules for {}, but no scan is required", noun(class, 2)),
                "add `vulns: {signed-by: […], required: true}` to `evidence`",
            );
        }
    }
    let joins = evidence.get(&EvidenceKind::SignatureVerification).is_some_and(|r| r.required);
    if joins && !evidence.get(&EvidenceKind::Provenance).is_some_and(|r| r.required) {
        fields.problem(
            place("evidence"),
            "`signature-verification` is required without `provenance`",
            "require `provenance` too: it is what joins the verified files to the image",
        );
    }
    let used: BTreeSet<&String> = evidence.values().flat_map(|r| &r.signed_by).collect();
    for (name, signer) in signers.iter().filter(|(name, _)| !used.contains(name)) {
        fields.problem(
            signer.at,
            format!("the signer `{name}` may sign nothing"),
            "name it in a `signed-by`, or remove it",
        );
    }
}
