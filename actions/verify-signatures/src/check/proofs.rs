//! One file: every signature and bundle beside it, by everybody who is named.

use std::io::{Read, Seek, SeekFrom};

use attest::detached::{MAX_SIGNATURE, Message, MessageError, Signature};
use attest::predicate::signature_verification::BuiltBy;
use attest::{MAX_BUNDLE, Proof, ProofError, PublicKey, Signer, verify_each};
use model::Sha256;

use super::known::Who;
use super::threshold::assign;
use super::{Checker, Good, Signed, opening};
use crate::manifest::{Place, Wanted};
use crate::path::{Beside, RelPath};
use crate::provenance;
use crate::reason::{Code, Reason};

/// One whom an entry names.
pub(super) struct Named<'k> {
    pub(super) name: &'k str,
    pub(super) who: &'k Who,
}

/// A signature or bundle that was read.
struct Beyond {
    path: RelPath,
    sha256: Sha256,
    content: Content,
}

enum Content {
    Signature(Signature),
    Bundle(Vec<u8>),
}

/// One that named and signed are the same: a name, and the key or identity that signed under it.
struct Edge {
    named: usize,
    file: usize,
    proof: Proof,
}

/// Something beside the file that does not count.
struct Failure {
    /// How much it says: of several the one that came furthest is told.
    rank: u8,
    code: Code,
    message: String,
    decided: bool,
}

/// More than any phase of a proof: what only a wish of the manifest's refuses.
const WISHED: u8 = 100;

impl Failure {
    fn of(error: &ProofError, path: &RelPath, file: &RelPath) -> Self {
        let message = format!("`{file}` does not vouch for `{path}`: {error}");
        Self { rank: 2 + error.phase(), code: Code::from(error), message, decided: true }
    }
}

impl Checker<'_> {
    /// Verifies one file, and tells why not.
    pub(super) fn file(
        &mut self,
        path: &RelPath,
        file: impl Read + Seek,
        wanted: &Wanted,
        named: &[Named<'_>],
        sha256: Option<Sha256>,
        place: Option<Place>,
    ) -> Option<Good> {
        let (beyond, mut failures) = self.beyond(path, wanted);
        if beyond.is_empty() {
            self.refused(path, wanted, &[], failures, place);
            return None;
        }
        let (message, edges) = match read_and_verify(file, path, &beyond, named, wanted, &mut failures) {
            Ok(read) => read,
            Err(MessageError::Io(error)) => {
                let message = format!("`{path}` cannot be read: {error}");
                self.checked.unreadable(Code::MissingFile, message, place);
                return None;
            }
            Err(error @ MessageError::TooLongForEd25519) => {
                self.checked.against(Code::TooLong, format!("`{path}`: {error}"), place);
                return None;
            }
        };
        let found = message.sha256();
        let pinned = sha256.is_none_or(|sha256| sha256 == found);
        if let (false, Some(sha256)) = (pinned, sha256) {
            let message = format!("`{path}` has the SHA-256 {found}, not {sha256}");
            self.checked.against(Code::DigestMismatch, message, place);
        }
        let assigned = distinct(named.len(), &edges);
        let mut counted: Vec<&Edge> = assigned.iter().flatten().map(|edge| &edges[*edge]).collect();
        if counted.len() < wanted.threshold {
            let names: Vec<&str> = counted.iter().map(|edge| named[edge.named].name).collect();
            self.refused(path, wanted, &names, failures, place);
            return None;
        }
        let provenance = match &wanted.provenance {
            None => None,
            Some(wanted) => match self.built(path, wanted, &edges, &mut counted, place) {
                Some(built) => Some(built),
                None => return None,
            },
        };
        if !pinned {
            return None;
        }
        for failure in failures.into_iter().filter(|failure| failure.rank > 0) {
            let Failure { code, message, .. } = failure;
            self.checked.not_counted.push(Reason { code, message, place });
        }
        let signed = counted.into_iter().map(|edge| signed(edge, &beyond, named)).collect();
        Some(Good {
            path: path.clone(),
            sha256: found,
            size: message.size(),
            listed: None,
            signed,
            provenance,
        })
    }

    /// Reads everything that lies beside a file.
    fn beyond(&self, path: &RelPath, wanted: &Wanted) -> (Vec<Beyond>, Vec<Failure>) {
        let (mut beyond, mut failures) = (Vec::new(), Vec::new());
        let kinds =
            [(&wanted.signatures, "signature", MAX_SIGNATURE), (&wanted.bundles, "bundle", MAX_BUNDLE)];
        for (places, noun, limit) in kinds {
            for place in places {
                match self.read_beside(place, path, noun, limit as u64) {
                    Ok(read) => beyond.push(read),
                    Err(failure) => failures.push(failure),
                }
            }
        }
        (beyond, failures)
    }

    fn read_beside(&self, place: &Beside, path: &RelPath, noun: &str, limit: u64) -> Result<Beyond, Failure> {
        let unsupported = |message| Failure { rank: 1, code: Code::UnsupportedName, message, decided: true };
        let file = place.of(path).map_err(unsupported)?;
        let bytes = self.folder.read(&file, limit).map_err(|error| {
            let missing = matches!(error, crate::folder::OpenError::Missing);
            let what = format!("the {noun} `{file}` of `{path}`");
            let (decided, code, message) = opening(Code::MissingSignature, &what, error);
            Failure { rank: u8::from(!missing), code, message, decided }
        })?;
        let sha256 = Sha256::of(&bytes);
        let content = if noun == "bundle" {
            Content::Bundle(bytes)
        } else {
            let signature = Signature::from_file_bytes(&bytes).map_err(|error| {
                let message = format!("`{file}`: {error}");
                Failure { rank: 1, code: Code::UnsupportedSignature, message, decided: true }
            })?;
            Content::Signature(signature)
        };
        Ok(Beyond { path: file, sha256, content })
    }

    /// What the provenance says that the manifest asks for; its signer is counted.
    fn built<'e>(
        &mut self,
        path: &RelPath,
        wanted: &crate::manifest::Provenance,
        edges: &'e [Edge],
        counted: &mut Vec<&'e Edge>,
        place: Option<Place>,
    ) -> Option<BuiltBy> {
        let mut nearest: Option<Vec<String>> = None;
        for edge in edges {
            let Some(built) = edge.proof.payload.as_deref().and_then(provenance::built_by) else { continue };
            let differs = provenance::mismatches(wanted, &built);
            if differs.is_empty() {
                let same = |other: &&Edge| other.named == edge.named && signer(other) == signer(edge);
                counted.retain(|other| !same(other));
                counted.push(edge);
                return Some(built);
            }
            if nearest.as_ref().is_none_or(|known| differs.len() < known.len()) {
                nearest = Some(differs);
            }
        }
        match nearest {
            None => {
                let message = format!("no bundle of `{path}` carries SLSA provenance v1");
                self.checked.against(Code::NoProvenance, message, place);
            }
            Some(differs) => {
                let message =
                    format!("the provenance of `{path}` says something else: {}", differs.join(", "));
                self.checked.against(Code::OtherProvenance, message, place);
            }
        }
        None
    }

    /// Tells why a file is not signed by as many as it has to be.
    fn refused(
        &mut self,
        path: &RelPath,
        wanted: &Wanted,
        by: &[&str],
        mut failures: Vec<Failure>,
        place: Option<Place>,
    ) {
        // What could not be read may be what is missing.
        if let Some(at) = failures.iter().position(|failure| !failure.decided) {
            let Failure { code, message, .. } = failures.swap_remove(at);
            return self.checked.unreadable(code, message, place);
        }
        failures.sort_by_key(|failure| std::cmp::Reverse(failure.rank));
        let first = failures.first();
        if by.is_empty() {
            let missing = failures.iter().all(|failure| failure.rank == 0);
            let (code, message) = match first {
                Some(_) if missing && failures.len() > 1 => {
                    let all: Vec<_> = failures.iter().map(|failure| failure.message.as_str()).collect();
                    (Code::MissingSignature, all.join(", and "))
                }
                Some(failure) => (failure.code, failure.message.clone()),
                None => (Code::BadSignature, format!("nobody who is named has signed `{path}`")),
            };
            return self.checked.against(code, message, place);
        }
        let mut message = format!(
            "`{path}` has to be signed by {} who are distinct, and is by {}",
            wanted.threshold,
            by.join(", ")
        );
        for failure in failures {
            message += &format!("; {}", failure.message);
        }
        self.checked.against(Code::TooFewSigners, message, place);
    }
}

/// Reads the file once, or twice where it turns out that a bundle needs all of its bytes: each time it is what was
/// just read that is verified.
fn read_and_verify(
    mut file: impl Read + Seek,
    path: &RelPath,
    beyond: &[Beyond],
    named: &[Named<'_>],
    wanted: &Wanted,
    failures: &mut Vec<Failure>,
) -> Result<(Message, Vec<Edge>), MessageError> {
    let keys: Vec<&PublicKey> = named.iter().filter_map(|named| named.who.key.as_ref()).collect();
    let message = Message::read(&mut file, keys)?;
    let (edges, told, needs_whole) = verify(&message, path, beyond, named, wanted);
    if !needs_whole || message.whole().is_some() || message.size() > attest::detached::MAX_ED25519_MESSAGE {
        failures.extend(told);
        return Ok((message, edges));
    }
    file.seek(SeekFrom::Start(0))?;
    let message = Message::read_whole(file)?;
    let (edges, told, _) = verify(&message, path, beyond, named, wanted);
    failures.extend(told);
    Ok((message, edges))
}

fn verify(
    message: &Message,
    path: &RelPath,
    beyond: &[Beyond],
    named: &[Named<'_>],
    wanted: &Wanted,
) -> (Vec<Edge>, Vec<Failure>, bool) {
    let (mut edges, mut failures, mut needs_whole) = (Vec::new(), Vec::new(), false);
    for (file, one) in beyond.iter().enumerate() {
        let before = edges.len();
        let mut nearest: Option<Failure> = None;
        let mut further = |failure: Failure| {
            if nearest.as_ref().is_none_or(|known| failure.rank > known.rank) {
                nearest = Some(failure);
            }
        };
        for (at, signer) in named.iter().enumerate() {
            match by(message, one, signer.who) {
                Ok(proofs) => {
                    for proof in proofs {
                        match wish(&proof, wanted, path, &one.path) {
                            None => edges.push(Edge { named: at, file, proof }),
                            Some(failure) => further(failure),
                        }
                    }
                }
                Err(error) => {
                    needs_whole |= error == ProofError::NeedsWhole;
                    further(Failure::of(&error, path, &one.path));
                }
            }
        }
        if edges.len() == before {
            let detached = matches!(one.content, Content::Signature(_));
            let failure = match nearest {
                Some(failure) if detached && failure.rank < WISHED => {
                    Failure { message: bad_signature(path, &one.path, named), ..failure }
                }
                Some(failure) => failure,
                None => continue,
            };
            failures.push(failure);
        }
    }
    (edges, failures, needs_whole)
}

/// Whether this one made that signature, or one in that bundle.
fn by(message: &Message, one: &Beyond, who: &Who) -> Result<Vec<Proof>, ProofError> {
    match &one.content {
        Content::Bundle(bytes) => verify_each(bytes, message, &who.trust),
        Content::Signature(signature) => {
            let key = who.key.as_ref().filter(|key| message.verify(key, signature).is_ok());
            let key = key.ok_or(ProofError::BadSignature)?;
            Ok(vec![Proof::by_key(key.key_id())])
        }
    }
}

/// What the manifest asks for and a good proof lacks.
fn wish(proof: &Proof, wanted: &Wanted, path: &RelPath, file: &RelPath) -> Option<Failure> {
    // A statement about a file is no signature of it by itself: it may say that a scan or a test failed.
    if let Some(payload) = &proof.payload {
        let found = provenance::predicate_type(payload).unwrap_or_default();
        if !provenance::is_provenance(&found) && !wanted.predicate_types.contains(&found) {
            let message = format!(
                "`{file}` is a statement about `{path}` of the type {:?}, which is no signature of it by itself: name that type \
                 as `predicate-type` if it is enough",
                crate::path::shown(&found)
            );
            return Some(Failure { rank: WISHED, code: Code::OtherPredicate, message, decided: true });
        }
    }
    let (code, what) = if wanted.transparency_log && proof.log_index.is_none() {
        (Code::NoLogEntry, "an entry of a transparency log")
    } else if wanted.timestamp && !proof.timestamped {
        (Code::NoTimestamp, "a timestamp by an authority")
    } else {
        return None;
    };
    let message = format!("`{file}` vouches for `{path}`, but without {what}, which is required");
    Some(Failure { rank: WISHED, code, message, decided: true })
}

/// Who signed, as far as it makes them distinct: runs of one workflow file are one signer, from whatever ref, since one
/// person may push several.
fn signer(edge: &Edge) -> (Option<Sha256>, &str, &str) {
    match &edge.proof.signer {
        Signer::KeyId(id) => (Some(*id), "", ""),
        Signer::Identity(identity) => {
            let workflow = identity.claims.workflow.as_deref();
            let file = workflow.map(|workflow| workflow.split_once('@').map_or(workflow, |(file, _)| file));
            (None, &identity.issuer, file.unwrap_or(&identity.subject))
        }
    }
}

/// The edges that count: at most one for each name, and at most one for each signer.
fn distinct(named: usize, edges: &[Edge]) -> Vec<Option<usize>> {
    let mut signers = Vec::new();
    let mut may = vec![Vec::new(); named];
    for edge in edges {
        let at = signers.iter().position(|known| *known == signer(edge)).unwrap_or_else(|| {
            signers.push(signer(edge));
            signers.len() - 1
        });
        may[edge.named].push(at);
    }
    let edge_of = |(name, at): (usize, &Option<usize>)| {
        let at = (*at)?;
        edges.iter().position(|edge| edge.named == name && signers.get(at) == Some(&signer(edge)))
    };
    assign(&may).iter().enumerate().map(edge_of).collect()
}

fn signed(edge: &Edge, beyond: &[Beyond], named: &[Named<'_>]) -> Signed {
    let (named, file) = (&named[edge.named], &beyond[edge.file]);
    Signed {
        name: named.name.to_owned(),
        algorithm: named.who.algorithm(),
        file: file.path.clone(),
        file_sha256: file.sha256,
        proof: edge.proof.clone(),
    }
}

fn bad_signature(path: &RelPath, signature: &RelPath, named: &[Named<'_>]) -> String {
    let keys = named.iter().filter_map(|named| Some((named.name, named.who.key.as_ref()?)));
    let keys: Vec<_> =
        keys.map(|(name, key)| format!("`{name}` ({}, {})", key.algorithm(), key.key_id().short())).collect();
    format!("`{signature}` is not a signature over `{path}` by {}", keys.join(" or "))
}
