//! From files to facts: which statements stand, what they say, and what has to be said against the
//! rest. Every file of the folder ends in one of three places: a fact, an objection, or set aside
//! because it is a result of deciding and no input to it.

mod others;
mod sbom;
mod scan;
mod source;

use std::collections::{BTreeMap, BTreeSet};

use admission::dated;
use attest::predicate::verdict::EvidenceRef;
use attest::predicate::{provenance, test_result, vsa};
use attest::{Kind, Predicate};
use model::{ImageManifest, Sha256};
use policy::{
    Code, Evidence, EvidenceKind, Facts, Image, Objection, Policy, Seen, Signed, Statement, TestOutcome,
};

use crate::again::Rescans;
use crate::case::Case;
use crate::exact::{self, Genuine, sentence};
use crate::keys::Keys;
use crate::sarif::Scans;

/// What was found.
pub(crate) struct Gathered {
    pub(crate) evidence: Evidence,
    /// Each genuine statement that was looked at, for the verdict to list.
    pub(crate) refs: Vec<EvidenceRef>,
    /// The scans of the image itself.
    pub(crate) scans: Scans,
}

/// Looks at every file.
pub(crate) fn gather(
    case: &Case,
    image: &ImageManifest,
    policy: &Policy,
    keys: &Keys,
    rescans: &Rescans,
) -> Gathered {
    let mut gatherer = Gatherer {
        case,
        image,
        manifest: Sha256::of(&case.image),
        rescans,
        inventories: BTreeMap::new(),
        found: Gathered {
            evidence: Evidence::about(about(image)),
            refs: Vec::new(),
            scans: Scans::default(),
        },
    };
    gatherer.found.evidence.environment.clone_from(&case.environment);
    for (name, why) in &case.strays {
        gatherer.object(Code::UnknownFile, name, format!("This is no evidence: {why}."));
    }
    let mut genuine = Vec::new();
    for item in &case.evidence {
        match exact::read(item, keys) {
            Ok(one) => genuine.push(one),
            Err(objection) => {
                gatherer.found.scans.refuse(&objection);
                gatherer.found.evidence.objections.push(objection);
            }
        }
    }
    let baked_from = dependencies(&genuine, image, policy);
    gatherer.inventories = sbom::inventories(&genuine, image, policy);
    for one in &genuine {
        gatherer.take(one, &baked_from);
    }
    let base: Vec<Genuine> = case.base.iter().filter_map(|item| exact::read(item, keys).ok()).collect();
    for one in &base {
        gatherer.take_base(one);
    }
    gatherer.base_packages(&base, policy);
    gatherer.previous(policy, keys);
    gatherer.found
}

fn about(image: &ImageManifest) -> Image {
    Image {
        name: image.name.clone(),
        family: image.family.clone(),
        content_digest: image.content_digest(),
        base: image.base.as_ref().map(|base| (base.name.clone(), base.content_digest)),
    }
}

/// Everything that went into the image, by the provenance of those who may sign it.
fn dependencies(genuine: &[Genuine], image: &ImageManifest, policy: &Policy) -> BakedFrom {
    let may = policy.signers_of(EvidenceKind::Provenance);
    let trusted = |signed: &Signed| match signed {
        Signed::By(names) => names.iter().any(|name| may.contains(name)),
        // Whether unsigned provenance is enough is decided on the provenance itself.
        Signed::Unsigned => true,
    };
    let mut from = BakedFrom::default();
    let dependencies = genuine
        .iter()
        .filter(|one| one.kind == Kind::Provenance && one.statement.is_about(&image.content_digest()))
        .filter(|one| trusted(&one.signed))
        .filter_map(|one| one.statement.predicate::<provenance::Predicate>().ok())
        .flat_map(|predicate| predicate.build_definition.resolved_dependencies);
    for dependency in dependencies {
        from.files.extend(dependency.sha256());
        from.commits.extend(source::clean_commit(&dependency));
    }
    from
}

/// What went into an image.
#[derive(Default)]
struct BakedFrom {
    files: BTreeSet<Sha256>,
    /// Commits whose files went in as they are in the commit.
    commits: BTreeSet<String>,
}

struct Gatherer<'c> {
    case: &'c Case,
    image: &'c ImageManifest,
    manifest: Sha256,
    /// What another look at the packages of a report has found since, by that report's digest.
    rescans: &'c Rescans,
    /// How the image was seen by the SBOMs of it that count, by the documents' digests.
    inventories: BTreeMap<Sha256, Seen>,
    found: Gathered,
}

impl Gatherer<'_> {
    fn object(&mut self, code: Code, file: &str, message: String) {
        self.found.evidence.objections.push(Objection { code, file: file.to_owned(), message });
    }

    fn take(&mut self, one: &Genuine, baked_from: &BakedFrom) {
        if one.kind == Kind::Vsa && self.is_about_base(one) {
            return self.take_base(one);
        }
        if one.kind == Kind::SignatureVerification {
            return self.take_signatures(one, &baked_from.files);
        }
        if one.kind == Kind::Vulns && source::is_about_commits(&one.statement) {
            return self.take_source_scan(one, &baked_from.commits);
        }
        if !self.is_about_image(one) {
            return;
        }
        match one.kind {
            // Those that may sign were set aside before: whoever signed this one may not.
            Kind::Closure if one.signed == Signed::Unsigned => {
                let message = "A closure is not signed: it could be anybody's.".to_owned();
                self.object(Code::UnsignedEvidence, &one.file, message);
            }
            Kind::Verdict | Kind::Vsa | Kind::Approval | Kind::Release | Kind::Closure => {
                let message = format!("A {} is signed by someone who may not sign that.", one.kind);
                self.object(Code::WrongSigner, &one.file, message);
            }
            Kind::SignatureVerification => {}
            Kind::Provenance => {
                if let Some(read) = self.predicate::<provenance::Predicate>(one) {
                    self.state(one, read.run_details.metadata.finished_on, Facts::Provenance);
                }
            }
            Kind::TestResult => self.take_tests(one),
            Kind::Sbom => self.take_sbom(one),
            Kind::SpdxSbom => self.take_spdx(one),
            Kind::Vulns => self.take_scan(one, None),
        }
    }

    fn is_about_image(&mut self, one: &Genuine) -> bool {
        if !one.statement.is_about(&self.image.content_digest()) {
            let found =
                one.statement.content_digest().map_or_else(|| "no image".into(), |digest| digest.to_string());
            self.object(Code::WrongSubject, &one.file, format!("A {} is about {found}.", one.kind));
            return false;
        }
        // The second subject is image.json as a file; a raw disk was seen without one.
        let mut manifests = one.statement.subject.iter().filter_map(model::Subject::sha256).peekable();
        if manifests.peek().is_some() && !manifests.any(|digest| digest == self.manifest) {
            let message = format!("A {} is about this content with another image.json.", one.kind);
            self.object(Code::WrongImageManifest, &one.file, message);
            return false;
        }
        true
    }

    fn is_about_base(&self, one: &Genuine) -> bool {
        self.image.base.as_ref().is_some_and(|base| one.statement.is_about(&base.content_digest))
    }

    fn predicate<P: Predicate>(&mut self, one: &Genuine) -> Option<P> {
        match one.statement.predicate::<P>() {
            Ok(predicate) => Some(predicate),
            Err(error) => {
                self.object(Code::MalformedEvidence, &one.file, sentence(&error));
                None
            }
        }
    }

    fn state(&mut self, one: &Genuine, issued: Option<jiff::Timestamp>, facts: Facts) {
        let issued = match dated(issued, one.signed_by) {
            Ok(issued) => issued,
            Err(misdated) => {
                let message = format!("A {} is refused: {misdated}.", one.kind);
                return self.object(Code::MisdatedEvidence, &one.file, message);
            }
        };
        self.found.refs.push(reference(one));
        self.found.evidence.statements.push(Statement {
            file: one.file.clone(),
            payload: one.payload,
            signed: one.signed.clone(),
            issued,
            facts,
        });
    }

    /// Its subjects are files: it belongs to this image if the image was baked from each.
    fn take_signatures(&mut self, one: &Genuine, baked_from: &BTreeSet<Sha256>) {
        let Some(read) = self.predicate::<attest::predicate::signature_verification::Predicate>(one) else {
            return;
        };
        let stray: Vec<&str> = one
            .statement
            .subject
            .iter()
            .filter(|subject| subject.sha256().is_none_or(|digest| !baked_from.contains(&digest)))
            .map(|subject| subject.name.as_deref().unwrap_or("a file without a name"))
            .collect();
        if !stray.is_empty() {
            let message = format!("The provenance does not name {}.", stray.join(", "));
            return self.object(Code::UnjoinedFiles, &one.file, message);
        }
        self.state(one, Some(read.verified_on), Facts::SignatureVerification);
    }

    fn take_tests(&mut self, one: &Genuine) {
        let Some(read) = self.predicate::<test_result::Predicate>(one) else { return };
        let outcome = match read.result {
            test_result::TestOutcome::Passed => TestOutcome::Passed,
            test_result::TestOutcome::Warned => TestOutcome::Warned,
            test_result::TestOutcome::Failed => TestOutcome::Failed,
        };
        let Some(more) = read.hallmark else {
            // Another tool's result does not say how it saw the image, so it counts as indirect.
            let (passed, failed) = (read.passed_tests.len() as u64, read.failed_tests.len() as u64);
            let (tool, seen) = ("another tool".into(), Seen::Indirect);
            return self.state(
                one,
                None,
                Facts::TestResult { tool, seen, outcome, passed, failed, skipped: 0 },
            );
        };
        let seen = match more.seen {
            test_result::Seen::Booted => Seen::Booted,
            test_result::Seen::Disk => Seen::Disk,
            test_result::Seen::InBuild => Seen::InBuild,
        };
        let test_result::Counts { passed, failed, skipped } = more.counts;
        // The list of names and the number beside it are two ways to say one thing.
        let failed = failed.max(read.failed_tests.len() as u64);
        self.state(
            one,
            Some(more.finished_on),
            Facts::TestResult { tool: more.tool.name, seen, outcome, passed, failed, skipped },
        );
    }

    fn take_base(&mut self, one: &Genuine) {
        if one.kind != Kind::Vsa || !self.is_about_base(one) {
            return;
        }
        let Some(read) = self.predicate::<vsa::Predicate>(one) else { return };
        let passed = read.verification_result == vsa::VerificationResult::Passed;
        self.state(
            one,
            read.time_verified,
            Facts::BaseVsa { verifier: read.verifier.id, passed, levels: read.verified_levels },
        );
    }
}

/// Whether a statement is the result of an earlier decision about this image, by someone who may
/// decide it or by nobody: no input of deciding now, and nothing to object to.
pub(crate) fn is_result(one: &Genuine, image: &ImageManifest, policy: &Policy) -> bool {
    let kind = match one.kind {
        Kind::Verdict => EvidenceKind::Verdict,
        Kind::Vsa => EvidenceKind::Vsa,
        Kind::Approval => EvidenceKind::Approval,
        Kind::Release => EvidenceKind::Release,
        Kind::Closure => EvidenceKind::Closure,
        Kind::SignatureVerification
        | Kind::Provenance
        | Kind::TestResult
        | Kind::Sbom
        | Kind::SpdxSbom
        | Kind::Vulns => return false,
    };
    let may = match &one.signed {
        Signed::By(names) => names.iter().any(|name| policy.signers_of(kind).contains(name)),
        // Whoever records that a run ended always signs it.
        Signed::Unsigned => one.kind != Kind::Closure,
    };
    may && one.statement.is_about(&image.content_digest())
}

/// A statement as verdicts list it.
pub(crate) fn reference(one: &Genuine) -> EvidenceRef {
    EvidenceRef {
        kind: one.kind,
        file: one.file.clone(),
        sha256: one.sha256,
        payload_digest: one.payload,
        signer: one.signer.clone(),
    }
}
