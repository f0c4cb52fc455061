//! The policy with nothing left to look up: keys inlined, trusted roots by digest, defaults written out, one
//! spelling.
//!
//! The SHA-256 of these bytes is the policy's digest, which publishing asks for. They are a policy
//! file themselves (JSON is YAML), so that a replay reads them back with the same reader.

use std::collections::{BTreeMap, BTreeSet};

use model::{Class, Sha256, canonical_json};
use serde_json::{Map, Value, json};

use super::check::rules::SECTIONS;
use super::signer::Signer;
use super::{AutoApproval, Credential, Policy, Requirement, ResolvedSigner, Root, Rule};
use crate::click::CommentDemand;
use crate::code::{Code, SetBy};
use crate::kind::EvidenceKind;
use crate::problem::{Problem, Problems};
use crate::span;

/// A policy whose signers are all known: each by a key, or by an identity with its trusted root.
#[derive(Debug, Clone)]
pub struct ResolvedPolicy {
    policy: Policy,
    signers: BTreeMap<String, ResolvedSigner>,
    bytes: Vec<u8>,
    digest: Sha256,
}

impl Policy {
    /// Brings in the signers' public keys (PEM), by name. A key given here beats the policy's path;
    /// where the policy carries the key itself, it has to be the same.
    ///
    /// # Errors
    /// A signer without a key, with two, or a key for nobody; an identity whose trusted root is not named by its digest.
    pub fn resolve(self, given: &BTreeMap<String, String>) -> Result<ResolvedPolicy, Problems> {
        self.resolve_with(given, &BTreeMap::new())
    }

    /// The same for a policy with identities: `roots` has the SHA-256 of each trusted root by what the policy calls
    /// it (see [`super::Root`]).
    ///
    /// # Errors
    /// As [`Policy::resolve`]; or a root is not there.
    pub fn resolve_with(
        self,
        given: &BTreeMap<String, String>,
        roots: &BTreeMap<String, Sha256>,
    ) -> Result<ResolvedPolicy, Problems> {
        let mut problems = Vec::new();
        let mut signers = BTreeMap::new();
        for (name, signer) in &self.signers {
            match resolved(name, signer, given.get(name), roots) {
                Ok(resolved) => {
                    signers.insert(name.clone(), resolved);
                }
                Err((what, mend)) => {
                    let file = self.origin.files.name(signer.at).to_owned();
                    problems.push(Problem { file, at: signer.at, what, mend });
                }
            }
        }
        for name in given.keys().filter(|name| !self.signers.contains_key(*name)) {
            problems.push(Problem {
                file: self.origin.files.first().to_owned(),
                at: crate::problem::At::default(),
                what: format!("a key is given for `{name}`, which is none of the policy's signers"),
                mend: "add the signer to the policy, or do not give the key".into(),
            });
        }
        let unreadable = |error: serde_json::Error| {
            let (what, mend) = (error.to_string(), "report this".to_owned());
            Problems(vec![Problem {
                file: self.origin.files.first().to_owned(),
                at: crate::problem::At::default(),
                what,
                mend,
            }])
        };
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let bytes = canonical_json(&self.written(&signers)).map_err(unreadable)?;
        let digest = Sha256::of(&bytes);
        Ok(ResolvedPolicy { policy: self, signers, bytes, digest })
    }

    /// As a policy file would write it, defaults and all.
    pub(super) fn written(&self, signers: &BTreeMap<String, ResolvedSigner>) -> Value {
        let signers: Map<String, Value> =
            signers.iter().map(|(name, signer)| (name.clone(), signer.written())).collect();
        let evidence: Map<String, Value> =
            self.evidence.iter().map(|(kind, r)| (kind.as_str().to_owned(), requirement(*kind, r))).collect();
        let reasons: Map<String, Value> = Code::ALL
            .iter()
            .filter(|code| code.set_by() == SetBy::Reasons)
            .map(|code| (code.as_str().to_owned(), json!(self.weight(*code))))
            .collect();
        let mut written = json!({
            "version": 1,
            "name": self.name,
            "signers": signers,
            "evidence": evidence,
            "vulnerabilities": self.rules(Class::Vulnerability).iter().map(rule).collect::<Vec<_>>(),
            "reasons": reasons,
            "exceptions": {
                "max-lifetime": span::show(self.exceptions.max_lifetime),
                "warn-before": span::show(self.exceptions.warn_before),
            },
            "approval": {"timeout": span::show(self.approval_timeout)},
        });
        if let Some(text) = &self.description {
            written["description"] = json!(text);
        }
        self.write_what_not_every_policy_has(&mut written);
        written
    }

    /// What says nothing is left out, so that a policy without it keeps the digest that it had before there
    /// was such a thing.
    fn write_what_not_every_policy_has(&self, written: &mut Value) {
        for (class, section, _) in SECTIONS.iter().filter(|(class, _, _)| *class != Class::Vulnerability) {
            let rules = self.rules(*class);
            if !rules.is_empty() {
                written[*section] = rules.iter().map(rule).collect();
            }
        }
        if self.comment != CommentDemand::default() {
            written["approval"]["comment"] = json!(self.comment.as_str());
        }
        if let Some(environment) = &self.environment {
            written["environment"] = json!(environment);
        }
        if self.report_only {
            written["mode"] = json!("report-only");
        }
        if self.exceptions.package_level {
            written["exceptions"]["package-level"] = json!("allow");
        }
        for (feed, age) in [("epss", self.feeds.epss), ("kev", self.feeds.kev)] {
            if let Some(age) = age {
                written["feeds"][feed] = json!({"max-age": span::show(age)});
            }
        }
        if let Some(module) = &self.rego {
            written["rego"] = json!({"source": module.source()});
        }
        if !self.auto_approve.is_empty() {
            written["auto-approve"] = self.auto_approve.iter().map(auto_approval).collect();
        }
    }
}

/// A signer with its key or its root's digest; or what is wrong, and how to mend it.
fn resolved(
    name: &str,
    signer: &Signer,
    given: Option<&String>,
    roots: &BTreeMap<String, Sha256>,
) -> Result<ResolvedSigner, (String, String)> {
    let key = |pem: &String| Ok(ResolvedSigner::Key(one_spelling(pem)));
    match (&signer.known_by, given) {
        (Some(Credential::Identity(_)), Some(_)) => Err((
            format!("a key is given for the signer `{name}`, which the policy knows by its identity"),
            "do not give it, or change the policy".into(),
        )),
        (Some(Credential::Identity(identity)), None) => {
            let root = match &identity.root {
                Root::Digest(digest) => Some(*digest),
                named => roots.get(&named.to_string()).copied(),
            };
            match root {
                Some(root) => Ok(ResolvedSigner::Identity { rule: Box::new(identity.rule.clone()), root }),
                None => Err((
                    format!("the trusted root `{}` of the signer `{name}` is not there", identity.root),
                    "name one that is, by `trusted-root`".into(),
                )),
            }
        }
        (Some(Credential::Pem(own)), Some(other)) if one_spelling(own) != one_spelling(other) => Err((
            format!("another key is given for the signer `{name}` than the policy carries"),
            "do not give it, or change the policy".into(),
        )),
        (Some(Credential::Pem(pem)), _) | (_, Some(pem)) => key(pem),
        (Some(Credential::KeyFile(_)) | None, None) => Err((
            format!("the signer `{name}` has no key"),
            format!("add `key: path/to/{name}.pub`, or give `signers: {name}=path`"),
        )),
    }
}

fn auto_approval(entry: &AutoApproval) -> Value {
    let codes: Vec<&str> = entry.reasons.iter().map(|code| code.as_str()).collect();
    let mut written = json!({"reasons": codes});
    for (key, list) in [("environments", &entry.environments), ("images", &entry.images)] {
        if !list.is_empty() {
            written[key] = json!(list);
        }
    }
    if !entry.severity.is_empty() {
        written["severity"] = json!(entry.severity);
    }
    if entry.unchanged {
        written["unchanged"] = json!(true);
    }
    written
}

fn requirement(kind: EvidenceKind, requirement: &Requirement) -> Value {
    let mut written =
        json!({"signed-by": requirement.signed_by, "allow-unsigned": requirement.allow_unsigned});
    if kind.can_be_required() {
        written["required"] = json!(requirement.required);
    }
    if !requirement.seen.is_empty() {
        written["seen"] = json!(requirement.seen.iter().map(|seen| seen.as_str()).collect::<Vec<_>>());
    }
    if let Some(age) = requirement.max_age {
        written["max-age"] = json!(span::show(age));
    }
    if let Some(age) = requirement.database_max_age {
        written["database-max-age"] = json!(span::show(age));
    }
    if kind == EvidenceKind::TestResult {
        written["min-tests"] = json!(requirement.min_tests);
    }
    if matches!(kind, EvidenceKind::Sbom | EvidenceKind::SpdxSbom | EvidenceKind::Vulns) {
        written["min-packages"] = json!(requirement.min_packages);
    }
    if !requirement.levels.is_empty() {
        written["levels"] = json!(requirement.levels);
    }
    written
}

fn rule(rule: &Rule) -> Value {
    let mut written = json!({"then": rule.then});
    if !rule.severity.is_empty() {
        written["severity"] = json!(rule.severity);
    }
    if let Some(fixable) = rule.fixable {
        written["fixable"] = json!(fixable);
    }
    for (key, score) in [("cvss-at-least", rule.cvss_at_least), ("epss-at-least", rule.epss_at_least)] {
        if let Some(score) = score {
            written[key] = json!(score.value());
        }
    }
    if rule.kev {
        written["kev"] = json!(true);
    }
    if let Some(age) = rule.older_than {
        written["older-than"] = json!(span::show(age));
    }
    let lists =
        [("package", &rule.packages), ("layer", &rule.layers), ("id", &rule.ids), ("path", &rule.paths)];
    for (key, list) in lists {
        if !list.is_empty() {
            written[key] = json!(list);
        }
    }
    if rule.ignore_unscored {
        written["unscored"] = json!("ignore");
    }
    written
}

/// How long a line of PEM is (RFC 7468).
const PEM_LINE: usize = 64;

/// A key file's line ends, line lengths, indentation and surrounding text are no part of the key: one key
/// under two names has to show.
fn one_spelling(pem: &str) -> String {
    let lines: Vec<&str> = pem.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let begin = lines.iter().position(|line| line.starts_with("-----BEGIN ")).unwrap_or(0);
    let end = lines.iter().rposition(|line| line.starts_with("-----END ")).map_or(lines.len(), |at| at + 1);
    let (mut text, mut body) = (String::new(), String::new());
    for line in lines.get(begin..end).unwrap_or(&lines) {
        if line.starts_with("-----") {
            flush(&mut text, &mut body);
            text.push_str(line);
            text.push('\n');
        } else {
            body.extend(line.chars().filter(|c| !c.is_whitespace()));
        }
    }
    flush(&mut text, &mut body);
    text
}

/// Writes what has been gathered in lines of the usual length.
fn flush(text: &mut String, body: &mut String) {
    let mut length = 0;
    for c in body.drain(..) {
        if length == PEM_LINE {
            text.push('\n');
            length = 0;
        }
        text.push(c);
        length += 1;
    }
    if length > 0 {
        text.push('\n');
    }
}

impl ResolvedPolicy {
    /// Reads what [`ResolvedPolicy::bytes`] wrote.
    ///
    /// # Errors
    /// What is no resolved policy.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problems> {
        Policy::parse(file, text)?.resolve(&BTreeMap::new())
    }

    /// The policy.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Each signer by name.
    #[must_use]
    pub const fn signers(&self) -> &BTreeMap<String, ResolvedSigner> {
        &self.signers
    }

    /// The trusted roots that vouch for its identities.
    #[must_use]
    pub fn roots(&self) -> BTreeSet<Sha256> {
        let root = |signer: &ResolvedSigner| match signer {
            ResolvedSigner::Key(_) => None,
            ResolvedSigner::Identity { root, .. } => Some(*root),
        };
        self.signers.values().filter_map(root).collect()
    }

    /// The canonical JSON (RFC 8785).
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The policy's digest: SHA-256 of [`ResolvedPolicy::bytes`].
    #[must_use]
    pub const fn digest(&self) -> Sha256 {
        self.digest
    }
}
