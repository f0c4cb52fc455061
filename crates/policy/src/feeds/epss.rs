//! FIRST's Exploit Prediction Scoring System: a CSV file with a comment that dates it.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use model::Finding;

use super::{Cve, FeedError, cves, moment};
use crate::policy::Score;

/// Ten times what the feed has today, unpacked.
const MAX_BYTES: u64 = 128 << 20;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// How likely each vulnerability is to be exploited within thirty days, from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Epss {
    date: Option<Timestamp>,
    /// Sorted by id, so that looking one up is quick and equal feeds are equal.
    scores: Vec<(Cve, Score)>,
}

impl Epss {
    /// Reads FIRST's CSV, plain or as gzip.
    ///
    /// # Errors
    /// It is too long, no CSV of that shape, or has a score that is none.
    pub fn parse(bytes: &[u8]) -> Result<Self, FeedError> {
        let mut unpacked = Vec::new();
        let text = if bytes.starts_with(&GZIP) {
            MultiGzDecoder::new(bytes)
                .take(MAX_BYTES + 1)
                .read_to_end(&mut unpacked)
                .map_err(|error| wrong(format!("the gzip file cannot be unpacked: {error}")))?;
            unpacked.as_slice()
        } else {
            bytes
        };
        if text.len() as u64 > MAX_BYTES {
            return Err(wrong(format!("it has more than {} MiB unpacked", MAX_BYTES >> 20)));
        }
        let text = std::str::from_utf8(text).map_err(|_| wrong("it is not text".into()))?;
        read(text)
    }

    /// The day of the scores, by the feed's own word.
    #[must_use]
    pub const fn date(&self) -> Option<Timestamp> {
        self.date
    }

    /// How many vulnerabilities it rates.
    #[must_use]
    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// Never: a feed without a score is refused.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// The highest score of a finding's CVE ids; none where the feed rates none of them.
    #[must_use]
    pub fn score(&self, finding: &Finding) -> Option<Score> {
        cves(finding).filter_map(|cve| self.of(cve)).max()
    }

    fn of(&self, cve: Cve) -> Option<Score> {
        let at = self.scores.binary_search_by_key(&cve, |(cve, _)| *cve).ok()?;
        self.scores.get(at).map(|(_, score)| *score)
    }
}

fn wrong(what: String) -> FeedError {
    FeedError { feed: "EPSS", what }
}

/// `#model_version:v2025.03.14,score_date:2026-11-22T00:00:00+0000`, `cve,epss,percentile`, and the rows.
fn read(text: &str) -> Result<Epss, FeedError> {
    let mut lines = text.lines().enumerate().map(|(at, line)| (at + 1, line)).peekable();
    let comment = lines.next_if(|(_, line)| line.starts_with('#'));
    let date = comment.map(|(_, line)| dated(line)).transpose()?.flatten();
    match lines.next() {
        Some((_, header)) if header.trim_end() == "cve,epss,percentile" => {}
        _ => return Err(wrong("the columns are not `cve,epss,percentile`".into())),
    }
    let mut scores = Vec::with_capacity(text.len() / 32);
    for (number, line) in lines {
        if line.trim_end().is_empty() {
            continue;
        }
        scores.push(
            row(line).ok_or_else(|| wrong(format!("line {number} is no CVE id with a score from 0 to 1")))?,
        );
    }
    if scores.is_empty() {
        return Err(wrong("it rates nothing".into()));
    }
    // The higher of two scores of one id comes first, and is the one that is kept.
    scores.sort_unstable_by_key(|(cve, score)| (*cve, std::cmp::Reverse(*score)));
    scores.dedup_by_key(|(cve, _)| *cve);
    Ok(Epss { date, scores })
}

/// A comment that names a date has to name one that reads; one that names none leaves the feed undated.
fn dated(comment: &str) -> Result<Option<Timestamp>, FeedError> {
    let Some((_, after)) = comment.split_once("score_date:") else { return Ok(None) };
    let date = after.split(',').next().unwrap_or_default();
    moment(date).map(Some).ok_or_else(|| wrong("its `score_date` is no date".into()))
}

fn row(line: &str) -> Option<(Cve, Score)> {
    let mut cells = line.trim_end().split(',');
    let (cve, score) = (Cve::parse(cells.next()?)?, unit(cells.next()?)?);
    let _percentile = unit(cells.next()?)?;
    cells.next().is_none().then_some((cve, score))
}

/// A plain decimal from 0 to 1.
fn unit(text: &str) -> Option<Score> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'e' || b == b'-');
    let score = plain.then(|| text.parse().ok()).flatten().and_then(Score::new)?;
    (score.value() <= 1.0).then_some(score)
}
