//! `packer-build`: bakes a machine image with Packer, or adopts the one whose inputs have not
//! changed, and leaves provenance that says what went into it.
//!
//! This file owns what is asked and what is given back. The work is in [`bake`]; what a cancelled
//! bake left is cleaned up by [`workshop`].

mod adopt;
mod artifacts;
mod bake;
mod bake_id;
mod base;
mod commit;
mod diagnostics;
mod disk;
mod files;
mod inputs;
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

use runner::{Action, Input, Kind, Output};

/// The action.
pub static ACTION: Action = Action {
    name: "packer-build",
    about: "Bakes a machine image with Packer, or adopts the one whose inputs have not changed",
    inputs: INPUTS,
    outputs: OUTPUTS,
    run: |ctx| Box::pin(bake::run(ctx)),
    post: Some(|ctx| Box::pin(workshop::post(ctx))),
};

const INPUTS: &[Input] = &[
    Input::new("template", Kind::Path, "Packer template: a folder, or one .pkr.hcl or .pkr.json file")
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
        "image.json of the image to build on, passed as variable base_image",
    ),
    Input::new("name", Kind::Text, "Name of the image; the template's name if not given"),
    Input::new("family", Kind::Text, "What stays the same over rebuilds; the name if not given"),
    Input::new("architecture", Kind::Choice(&["amd64", "arm64"]), "Processor architecture").default("amd64"),
    Input::new("distribution", Kind::Text, "Operating system and its version, such as `debian 13`"),
    Input::new(
        "boot-mode",
        Kind::Choice(&["uefi", "legacy-bios", "uefi-preferred"]),
        "How firmware starts the image",
    )
    .default("uefi"),
    Input::new("root-device", Kind::Text, "Device that the first disk appears as").default("/dev/xvda"),
    Input::new("output", Kind::Path, "Folder for the image; .hallmark/images/NAME if not given"),
    Input::new("sources", Kind::List, "More files and folders that the template uses: part of the bake id"),
    Input::new(
        "verified-files",
        Kind::List,
        "Evidence of verify-signatures, by file or folder: its files are checked again and recorded",
    ),
    Input::new("snapshot", Kind::Text, "Date or id of the package snapshot: a new one is a new bake"),
    Input::new("timeout", Kind::Duration, "How long the build may take").default("4h"),
    Input::new("force", Kind::Bool, "Bake even if nothing has changed").default("false"),
    Input::new("evidence", Kind::Path, "Folder for the evidence").default(".hallmark/evidence"),
    Input::new("signing-key", Kind::Secret, "Private key that signs the evidence, as PEM or a path"),
];

const OUTPUTS: &[Output] = &[
    Output { name: "image", help: "Path of image.json, if the build made one image" },
    Output { name: "images", help: "Everything the build made, as a JSON array" },
    Output { name: "content-digest", help: "Content digest of the image, if the build made one" },
    Output { name: "image-manifest", help: "The image's manifest, as JSON, if the build made one" },
    Output { name: "bake-id", help: "Digest over everything that the bake depended on" },
    Output { name: "adopted", help: "`true` if nothing had changed and the image was not baked anew" },
];
