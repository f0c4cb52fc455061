//! `packer-build`: bakes a machine image with Packer, or adopts the one whose inputs have not
//! changed, and leaves provenance that says what went into it.
//!
//! This file owns what is asked and what is given back. The work is in [`bake`]; what a cancelled
//! bake left is cleaned up by [`workshop`], and in AWS by [`amazon`].

mod adopt;
mod amazon;
mod artifacts;
mod bake;
mod bake_id;
mod base;
mod diagnostics;
mod disk;
mod files;
mod inputs;
mod keeping;
mod log;
mod machine_readable;
mod materials;
mod packer;
mod plugins;
mod provenance;
mod record;
mod results;
mod verified;
mod workshop;

use runner::{Action, Context, Input, Kind, Output, Result};

/// The action.
pub static ACTION: Action = Action {
    name: "packer-build",
    about: "Bakes a machine image with Packer, or adopts the one whose inputs have not changed",
    inputs: INPUTS,
    outputs: OUTPUTS,
    run: |ctx| Box::pin(bake::run(ctx)),
    post: Some(|ctx| Box::pin(bake::post(ctx))),
};

/// Everything that can be known to be wrong before anything is built: template, names, variables, base, key.
///
/// # Errors
/// What is wrong.
pub fn check(ctx: &mut Context) -> Result<()> {
    let inputs = inputs::Inputs::read(ctx)?;
    services::signer(ctx)?;
    match &inputs.base {
        Some(path) => base::manifest(path, inputs.architecture).map(drop),
        None => Ok(()),
    }
}

/// The family of the image that the inputs ask for.
///
/// # Errors
/// What is wrong with the template or its names.
pub fn family(ctx: &Context) -> Result<String> {
    inputs::family(ctx)
}

const INPUTS: &[Input] = &[
    Input::new("template", Kind::Path, "The Packer template: a folder, or one .pkr.hcl or .pkr.json file")
        .required(),
    Input::new("var", Kind::Lines, "Variables for the template, one name=value a line"),
    Input::new(
        "secret-var",
        Kind::Secret,
        "Secret variables, one name=value a line: masked, passed by environment, in no evidence",
    ),
    Input::new("var-file", Kind::List, "Files of variables (.pkrvars.hcl or .json)"),
    Input::new("only", Kind::List, "Build only these sources"),
    Input::new("except", Kind::List, "Build all sources but these"),
    Input::new("env", Kind::List, "Names of environment variables that Packer gets; it gets no others"),
    Input::new(
        "base-image",
        Kind::Path,
        "The image to build on: its image.json; the template gets the disk as variable base_image",
    ),
    Input::new("name", Kind::Text, "The name of the image; the template's by default"),
    Input::new(
        "family",
        Kind::Text,
        "The image family, which stays the same over rebuilds; the name by default",
    ),
    Input::new("architecture", Kind::Choice(&["amd64", "arm64"]), "The processor architecture")
        .default("amd64"),
    Input::new("distribution", Kind::Text, "The operating system and its version, such as `debian 13`"),
    Input::new(
        "boot-mode",
        Kind::Choice(&["uefi", "legacy-bios", "uefi-preferred"]),
        "How firmware starts the image",
    )
    .default("uefi"),
    Input::new("root-device", Kind::Text, "The device that the first disk appears as").default("/dev/xvda"),
    Input::new("output", Kind::Path, "The folder of the image; by default .hallmark/images/NAME"),
    Input::new("sources", Kind::List, "More files and folders that the template uses: part of the bake id"),
    Input::new(
        "verified-files",
        Kind::List,
        "Evidence of verify-signatures, by file or folder: its files are checked again and recorded",
    ),
    Input::new("snapshot", Kind::Text, "The date or id of the package snapshot: a new one is a new bake"),
    Input::new("timeout", Kind::Duration, "How long the build may take").default("4h"),
    Input::new("force", Kind::Bool, "Bake even if nothing has changed").default("false"),
    Input::new("evidence", Kind::Path, "The folder of evidence").default(".hallmark/evidence"),
    aws::BUILD_REGION,
    aws::ROLE,
    services::SIGNING_KEY,
    services::SIGNING_KEY_PASSWORD,
    services::SIGNING_CONFIG,
    services::TRUSTED_ROOT,
    services::REFRESH_TRUSTED_ROOT,
    services::TUF_MIRROR,
];

const OUTPUTS: &[Output] = &[
    Output { name: "image", help: "The path of image.json, if the build made one image" },
    Output { name: "images", help: "Everything the build made, as a JSON array" },
    Output { name: "content-digest", help: "The content digest of the image, if the build made one" },
    Output { name: "image-manifest", help: "The image's manifest, as JSON, if the build made one" },
    Output {
        name: "ami",
        help: "The image's id in its own region, if the build made one image and it is in AWS",
    },
    Output { name: "region", help: "That region" },
    Output { name: "bake-id", help: "The digest over everything that the bake depended on" },
    Output { name: "adopted", help: "`true` if nothing had changed and the image was not baked anew" },
    Output { name: "evidence", help: "The statement about the image, if the build made one image" },
];
