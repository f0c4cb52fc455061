//! What is told, before it takes anybody's shape: every text in it is one inert line, of bearable length.

use jiff::Timestamp;
use model::{Reason, Severity, Sha256, Verdict, Weight};
use url::Url;

use crate::text::line;

/// Characters of a name, and of a sentence.
pub(crate) const NAME: usize = 200;
pub(crate) const SENTENCE: usize = 600;

/// Something that happened, for whoever wants to hear of it.
pub(crate) struct Message {
    /// The same for every attempt to tell it, so that whoever hears it twice can know.
    pub(crate) id: Sha256,
    /// The heading; somebody's own, or what happened and the image.
    pub(crate) title: String,
    pub(crate) sent_on: Timestamp,
    pub(crate) repository: Option<String>,
    pub(crate) run: Option<Run>,
    /// The image's name, and what it is.
    pub(crate) image: String,
    pub(crate) content: String,
    pub(crate) told: Told,
    /// What each is called, and where it is.
    pub(crate) links: Vec<(&'static str, Url)>,
}

/// The run that tells.
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) attempt: String,
}

/// What happened.
pub(crate) enum Told {
    Decision(Decision),
    Publication(Publication),
}

/// A gate's verdict.
pub(crate) struct Decision {
    pub(crate) verdict: Verdict,
    pub(crate) report_only: bool,
    pub(crate) environment: Option<String>,
    pub(crate) policy: String,
    pub(crate) policy_digest: Sha256,
    pub(crate) decided_on: Timestamp,
    pub(crate) brief: Sha256,
    /// Heaviest first, as the verdict has them.
    pub(crate) reasons: Vec<Reason>,
    /// Findings by severity: how many stand, how many are suppressed. `None` where that is not known.
    pub(crate) counts: Option<Vec<(Severity, usize, usize)>>,
    pub(crate) changes: Option<Changes>,
    pub(crate) approval: Option<Approval>,
}

/// What is different from the image before.
pub(crate) struct Changes {
    pub(crate) since: String,
    pub(crate) new: usize,
    pub(crate) fixed: usize,
    pub(crate) unchanged: usize,
    pub(crate) added: usize,
    pub(crate) removed: usize,
    pub(crate) upgraded: usize,
}

/// Whose approval the verdict rests on.
pub(crate) struct Approval {
    pub(crate) by: String,
    pub(crate) comment: String,
}

/// A release.
pub(crate) struct Publication {
    pub(crate) purl: String,
    pub(crate) release_id: Option<String>,
    pub(crate) provider: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) channel: Option<String>,
    pub(crate) prior_image: Option<String>,
}

/// One line that is known by a name: `policy`, and which.
pub(crate) type Fact = (&'static str, String);

impl Told {
    /// What receivers sort by.
    pub(crate) const fn event(&self) -> &'static str {
        match self {
            Self::Decision(_) => "decision",
            Self::Publication(_) => "publication",
        }
    }

    /// What the input `on` calls it.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Decision(decision) => decision.verdict.as_str(),
            Self::Publication(_) => "publish",
        }
    }

    /// What it is in a heading, as the brief begins.
    pub(crate) const fn headline(&self) -> &'static str {
        match self {
            Self::Decision(decision) => match decision.verdict {
                Verdict::Pass => "✅ Pass",
                Verdict::Review => "🟡 Review",
                Verdict::Fail => "❌ Fail",
            },
            Self::Publication(_) => "📦 Published",
        }
    }
}

impl Message {
    /// The reasons of a decision; of a publication there are none.
    pub(crate) fn reasons(&self) -> &[Reason] {
        match &self.told {
            Told::Decision(decision) => &decision.reasons,
            Told::Publication(_) => &[],
        }
    }

    /// What has to be said aloud.
    pub(crate) const fn warning(&self) -> Option<&'static str> {
        match &self.told {
            Told::Decision(Decision { report_only: true, .. }) => Some(
                "Report only: this verdict is recorded and stops nothing, and no image may be published by it.",
            ),
            _ => None,
        }
    }

    /// Everything but the reasons, line by line.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        let mut facts = vec![("image", self.image.clone()), ("content", self.content.clone())];
        match &self.told {
            Told::Decision(decision) => decision.facts(&mut facts),
            Told::Publication(publication) => publication.facts(&mut facts),
        }
        if let Some(repository) = &self.repository {
            facts.push(("repository", repository.clone()));
        }
        if let Some(run) = &self.run {
            facts.push(("run", format!("{}, attempt {}", run.id, run.attempt)));
        }
        facts
    }
}

impl Decision {
    /// The line of a comment that approves it, where somebody is asked.
    pub(crate) fn words(&self) -> Option<String> {
        let asks = self.verdict == Verdict::Review && !self.report_only;
        asks.then(|| format!("approve {}", self.brief.short()))
    }

    fn facts(&self, facts: &mut Vec<Fact>) {
        if let Some(environment) = &self.environment {
            facts.push(("environment", environment.clone()));
        }
        facts.push(("policy", format!("{} ({})", self.policy, self.policy_digest.short())));
        facts.push(("decided", self.decided_on.to_string()));
        facts.push(("reasons", self.weights()));
        if let Some(counts) = &self.counts {
            let stand: Vec<String> =
                counts.iter().map(|(severity, stand, _)| format!("{stand} {severity}")).collect();
            let suppressed: usize = counts.iter().map(|(_, _, suppressed)| suppressed).sum();
            facts.push(("findings", format!("{}; {suppressed} suppressed", stand.join(", "))));
        }
        if let Some(changes) = &self.changes {
            facts.push(("changed", changes.sentence()));
        }
        if let Some(approval) = &self.approval {
            facts.push(("approved by", approval.by.clone()));
            if !approval.comment.is_empty() {
                facts.push(("they said", approval.comment.clone()));
            }
        }
        if let Some(words) = self.words() {
            facts.push(("to approve", format!("read the brief, then comment: {words}")));
        }
        facts.push(("brief", self.brief.to_string()));
    }

    /// `1 to fail, 0 to review, 2 notes`, as the check run says it.
    fn weights(&self) -> String {
        let of = |weight: Weight| self.reasons.iter().filter(|reason| reason.weight == weight).count();
        format!("{} to fail, {} to review, {} notes", of(Weight::Fail), of(Weight::Review), of(Weight::Note))
    }
}

impl Changes {
    fn sentence(&self) -> String {
        format!(
            "since {}: {} new, {} fixed, {} unchanged; packages: {} added, {} removed, {} upgraded",
            self.since, self.new, self.fixed, self.unchanged, self.added, self.removed, self.upgraded
        )
    }
}

impl Publication {
    fn facts(&self, facts: &mut Vec<Fact>) {
        let given =
            [("published to", &self.provider), ("location", &self.location), ("channel", &self.channel)];
        facts.extend(given.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
        if self.channel.is_some() {
            let before = self.prior_image.clone().unwrap_or_else(|| "nothing".to_owned());
            facts.push(("it showed before", before));
        }
        facts.push(("package", self.purl.clone()));
        if let Some(release) = &self.release_id {
            facts.push(("release", release.clone()));
        }
    }
}

/// A reason whose texts are inert and of bearable length.
pub(crate) fn inert(reason: &Reason) -> Reason {
    Reason {
        weight: reason.weight,
        code: line(&reason.code, NAME),
        message: line(&reason.message, SENTENCE),
        // The brief and the page have it; a message is read on the way.
        evidence: Vec::new(),
        clears: line(&reason.clears, SENTENCE),
    }
}

/// What stands where reasons were left out.
pub(crate) fn left_out(kept: usize, all: usize) -> Option<String> {
    (kept < all).then(|| {
        format!("… and {} more reasons, which do not fit here: the brief and the page have them.", all - kept)
    })
}
