//! What a module answers, read strictly: an answer that is not understood is no answer.

use model::{Reason, Weight};
use regorus::Value;
use regorus::value::Object;

use crate::code::Code;

/// One element of `deny`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// One sentence. Hostile text.
    pub message: String,
    /// The module's own code for it, in kebab-case.
    pub code: Option<String>,
    /// What it counts for.
    pub weight: Weight,
    /// What would clear it. Hostile text.
    pub clears: Option<String>,
}

/// What an object in `deny` may say.
const KEYS: [&str; 4] = ["msg", "code", "weight", "clears"];
/// A sentence, not a report.
const MAX_TEXT: usize = 1000;
const MAX_CODE: usize = 64;
/// More reasons than that nobody reads: the rest counts, and is only counted.
const MAX_REASONS: usize = 200;

/// Reads the whole answer.
pub(super) fn read(value: &Value) -> Result<Vec<Denial>, String> {
    let Value::Set(set) = value else { return Err("`deny` has no value".into()) };
    let mut denials = set.iter().map(one).collect::<Result<Vec<_>, _>>()?;
    denials.sort_by(|a, b| order(a).cmp(&order(b)));
    denials.dedup();
    Ok(denials)
}

fn order(denial: &Denial) -> impl Ord + '_ {
    (std::cmp::Reverse(denial.weight), &denial.code, &denial.message, &denial.clears)
}

fn one(value: &Value) -> Result<Denial, String> {
    match value {
        Value::String(text) => {
            Ok(Denial { message: sentence(text)?, code: None, weight: Weight::Fail, clears: None })
        }
        Value::Object(object) => from_object(object),
        _ => Err(format!("an element of `deny` is neither a string nor an object: {}", shown(value))),
    }
}

fn from_object(object: &Object) -> Result<Denial, String> {
    for (key, _) in object.iter() {
        if !KEYS.iter().any(|known| key == &Value::from(*known)) {
            let known = KEYS.map(|key| format!("`{key}`")).join(", ");
            return Err(format!("a denial has the key {}, and may have {known}", shown(key)));
        }
    }
    let text = |key: &str| match object.get(&Value::from(key)) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("a denial's `{key}` is no string: {}", shown(other))),
    };
    let message = text("msg")?.ok_or("a denial has no `msg`")?;
    let weight = match text("weight")?.map(AsRef::as_ref) {
        None | Some("fail") => Weight::Fail,
        Some("review") => Weight::Review,
        Some("note") => Weight::Note,
        Some(other) => {
            return Err(format!(
                "a denial's weight is `{}`: `fail`, `review` or `note` is wanted",
                short(other)
            ));
        }
    };
    let code = match text("code")? {
        None => None,
        Some(code) if is_code(code) => Some(code.to_string()),
        Some(other) => {
            return Err(format!(
                "a denial's code is `{}`: small letters, digits and dashes are wanted",
                short(other)
            ));
        }
    };
    let clears = text("clears")?.map(|text| sentence(text)).transpose()?;
    Ok(Denial { message: sentence(message)?, code, weight, clears })
}

fn is_code(text: &str) -> bool {
    text.len() <= MAX_CODE
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn sentence(text: &str) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err("a denial says nothing".into());
    }
    Ok(short(text))
}

/// A text of a length that can be shown.
pub(super) fn short(text: &str) -> String {
    let mut characters = text.chars();
    let mut short: String = characters.by_ref().take(MAX_TEXT).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short
}

fn shown(value: &Value) -> String {
    const FEW: usize = 80;
    let text = value.to_json_str().unwrap_or_default();
    let flat: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    flat.chars().take(FEW).collect()
}

/// What a module's answer adds to a decision.
pub(crate) fn reasons(answer: Result<Vec<Denial>, String>) -> Vec<Reason> {
    let reason = |code: String, weight, message, clears: String| Reason {
        weight,
        code,
        message,
        evidence: vec![],
        clears,
    };
    let denials = match answer {
        Ok(denials) => denials,
        Err(why) => {
            let message = format!("The policy's Rego module gives no answer: {why}.");
            let code = Code::RegoError;
            return vec![reason(code.as_str().into(), Weight::Fail, message, code.clears().into())];
        }
    };
    let usual = Code::RegoDenied;
    let (shown, rest) = denials.split_at(denials.len().min(MAX_REASONS));
    let each = |denial: &Denial| {
        let code = denial.code.as_ref().map_or_else(|| usual.as_str().into(), |code| format!("rego:{code}"));
        let clears = denial.clears.clone().unwrap_or_else(|| usual.clears().into());
        reason(code, denial.weight, denial.message.clone(), clears)
    };
    // They are sorted: the first of the rest is the heaviest.
    let more = rest.first().map(|first| {
        let message =
            format!("The policy's Rego module has {} more denials, which are not shown.", rest.len());
        reason(usual.as_str().into(), first.weight, message, usual.clears().into())
    });
    shown.iter().map(each).chain(more).collect()
}
