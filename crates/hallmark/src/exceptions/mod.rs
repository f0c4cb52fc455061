//! `hallmark exceptions`: brings in other tools' exceptions, publishes ours as VEX, and says which are
//! over or end soon.
//!
//! What an exception is and what the formats are is `policy`'s; here are files, flags and what is told.

mod check;
mod export;
mod files;
mod import;
mod tell;

use anyhow::bail;
use runner::{Action, Context, Input, Kind, Outcome, Output, Result};

/// See the module.
pub(crate) static ACTION: Action = Action {
    name: "exceptions",
    about: "Imports exceptions from Trivy, Grype and OpenVEX, exports them as OpenVEX, or checks a file of them",
    inputs: &[
        Input::new("operation", Kind::Choice(&["import", "export", "check"]), "What to do").required().word(),
        Input::new("from", Kind::Path, "The file to import"),
        Input::new(
            "format",
            Kind::Choice(&["trivyignore", "trivyignore-yaml", "grype", "openvex"]),
            "The format to import, by default the one that the file's name has; the one to export, which is openvex",
        ),
        Input::new("into", Kind::Path, "Import: the exceptions file to add to; made if it is not there"),
        Input::new("output", Kind::Path, "The new file to write; by default standard output"),
        Input::new("overwrite", Kind::Bool, "Whether `output` may be there already"),
        Input::new("exceptions", Kind::Path, "The exceptions file to export or check"),
        Input::new(
            "policy",
            Kind::Path,
            "The policy whose limits the exceptions file has to keep; by default the shipped `recommended`",
        ),
        Input::new("owner", Kind::Text, "Import: who answers for the exceptions"),
        Input::new(
            "expires",
            Kind::Text,
            "Import: their last day, such as 2027-01-31, where the source has no earlier one",
        ),
        Input::new("ticket", Kind::Text, "Import: where they are discussed"),
        Input::new("reason", Kind::Text, "Import: why they are acceptable, where the source does not say"),
        Input::new(
            "images",
            Kind::List,
            "The image families that the imported exceptions are for, or that the exported product is of",
        ),
        Input::new(
            "product",
            Kind::Text,
            "OpenVEX: the product that stands for the images, by purl or digest (`sha256:…`, `hallmarkBlocks1:…`)",
        ),
        Input::new(
            "author",
            Kind::Text,
            "Export: who says it, a person or an organisation; by default the repository's owner",
        ),
        Input::new(
            "partial",
            Kind::Bool,
            "Whether it is all right that something could not be said in the other format",
        ),
    ],
    outputs: &[
        Output { name: "entries", help: "How many exceptions were imported, exported or checked" },
        Output { name: "left-out", help: "How many things could not be said in the other format" },
        Output { name: "expired", help: "How many of the checked exceptions are over" },
        Output { name: "ending", help: "How many of the checked exceptions end soon" },
    ],
    run: |cx| Box::pin(run(cx)),
    post: None,
};

const IMPORT: &[&str] = &[
    "from",
    "format",
    "into",
    "output",
    "overwrite",
    "owner",
    "expires",
    "ticket",
    "reason",
    "images",
    "product",
    "partial",
];
const EXPORT: &[&str] =
    &["exceptions", "policy", "format", "output", "overwrite", "images", "product", "author", "partial"];
const CHECK: &[&str] = &["exceptions", "policy"];

async fn run(cx: &mut Context) -> Result<Outcome> {
    match cx.text("operation")?.as_str() {
        "import" => {
            only(cx, "import", IMPORT)?;
            import::run(cx)
        }
        "export" => {
            only(cx, "export", EXPORT)?;
            export::run(cx)
        }
        _ => {
            only(cx, "check", CHECK)?;
            check::run(cx)
        }
    }
}

/// An input that the operation does not look at would be believed to do something.
fn only(cx: &Context, operation: &str, known: &[&str]) -> Result<()> {
    for input in ACTION.inputs.iter().map(|input| input.name) {
        if input != "operation" && !known.contains(&input) && cx.opt_text(input)?.is_some() {
            bail!("input `{input}` has no meaning for `exceptions {operation}`: leave it out");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_input_is_some_operations_and_every_format_can_be_chosen() {
        for input in ACTION.inputs.iter().filter(|input| input.name != "operation") {
            assert!(
                [IMPORT, EXPORT, CHECK].iter().any(|known| known.contains(&input.name)),
                "{}",
                input.name
            );
        }
        for name in [IMPORT, EXPORT, CHECK].concat() {
            assert!(ACTION.inputs.iter().any(|input| input.name == name), "{name}");
        }
        let formats = policy::interchange::FORMATS.iter().map(|format| format.name);
        let input = ACTION.inputs.iter().find(|input| input.name == "format").unwrap();
        assert_eq!(input.kind, Kind::Choice(formats.collect::<Vec<_>>().leak()));
    }
}
