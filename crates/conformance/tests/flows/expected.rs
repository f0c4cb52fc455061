//! When each job of golden-image.yml may run: said here once more, in other words than the file's.

use crate::expression::{State, Value};

/// What may be carried out: the verdict, how the two reviews ended, and whether there is a second environment.
const CARRIED_OUT: [(&str, &str, &str, bool); 4] = [
    ("pass", "skipped", "skipped", false),
    ("pass", "skipped", "skipped", true),
    ("review", "success", "skipped", false),
    ("review", "success", "success", true),
];

fn text<'s>(state: &'s State, path: &str) -> &'s str {
    match state.contexts.get(path) {
        Some(Value::Text(text)) => text,
        _ => "",
    }
}

/// Whether the job may run in this state.
pub(crate) fn may_run(job: &str, state: &State) -> bool {
    let result = |job: &str| text(state, &format!("needs.{job}.result"));
    let verdict = text(state, "needs.assay.outputs.verdict");
    let second = !text(state, "inputs.second-review-environment").is_empty();
    let dry = state.contexts.get("inputs.dry-run") == Some(&Value::Bool(true));
    // The image was baked, and a policy that is in force decided about it.
    let decided = result("bake") == "success"
        && result("assay") == "success"
        && text(state, "needs.assay.outputs.report-only") == "false";
    match job {
        "bake" => !state.cancelled,
        "assay" => !state.cancelled && result("bake") == "success",
        "review" => !state.cancelled && !dry && decided && verdict == "review",
        "second-review" => {
            !state.cancelled
                && !dry
                && decided
                && verdict == "review"
                && second
                && result("review") == "success"
        }
        "publish" => {
            let now = (verdict, result("review"), result("second-review"), second);
            !state.cancelled && decided && CARRIED_OUT.contains(&now)
        }
        // Of a run that was cancelled too.
        "close" => !dry && decided && ["pass", "review"].contains(&verdict) && result("publish") != "success",
        other => panic!("nothing is said about the job {other}"),
    }
}
