//! The files that are written, and what goes into their places.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use provider::{ChannelName, Name};
use runner::Context;

use super::release::{Pin, REPOSITORY, VERSION};
use super::render::{Values, render, scalar};
use super::template::Template;

/// The workflow's place.
pub(super) const WORKFLOW: &str = ".github/workflows/golden-image.yml";

/// Others' actions, by their commits. An update changes this list and nothing else.
const ACTIONS: &[(&str, &str)] = &[
    ("checkout", "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"),
    ("cache", "actions/cache@55cc8345863c7cc4c66a329aec7e433d2d1c52a9 # v6.1.0"),
    ("upload-artifact", "actions/upload-artifact@043fb46d1a93c77aae656e7c1c64a875d1fc6a0a # v7.0.1"),
    ("download-artifact", "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1"),
];

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Starter {
    /// Relative to the repository.
    pub(super) path: &'static str,
    pub(super) text: String,
}

/// What was chosen, checked.
#[derive(Debug)]
pub(super) struct Choices {
    /// The image's name, which is also its family.
    pub(super) image: String,
    pub(super) template: String,
    policy: &'static str,
    channel: String,
    distribution: Option<String>,
    architecture: String,
    sources: Option<String>,
    packages: Option<String>,
    qemu: bool,
    name_spaces: bool,
    plugins: bool,
}

impl Choices {
    pub(super) fn read(cx: &Context, root: &Path, template: &Template) -> Result<Self> {
        let given = cx.opt_text("name")?;
        let name = given.as_deref().unwrap_or(&template.name);
        let image: Name = name.parse().with_context(|| {
            if given.is_some() {
                "input `name`".to_owned()
            } else {
                format!("the template {}: give the image a `name`", template.path)
            }
        })?;
        let channel = cx.text("channel")?;
        ChannelName::new(image.as_str(), &channel).context("input `channel`")?;
        let needs = &template.needs;
        let architecture = cx.text("architecture")?;
        let mut packages = needs.packages.clone();
        if needs.qemu {
            packages.extend([qemu(&architecture), "qemu-utils"]);
        }
        Ok(Self {
            image: image.to_string(),
            template: template.path.clone(),
            policy: match cx.text("policy")?.as_str() {
                "minimal" => include_str!("starter/policy/minimal.yml"),
                "strict" => include_str!("starter/policy/strict.yml"),
                _ => include_str!("starter/policy/recommended.yml"),
            },
            channel,
            distribution: cx.opt_text("distribution")?.map(distribution).transpose()?,
            architecture,
            sources: sources(root, &cx.list("sources")?)?,
            packages: (!packages.is_empty()).then(|| packages.into_iter().collect::<Vec<_>>().join(" ")),
            qemu: needs.qemu,
            name_spaces: needs.name_spaces,
            plugins: needs.plugins,
        })
    }

    /// Debian and its like have the initrd that a test of the disk needs; of an unknown system, it is assumed.
    fn has_disk_tests(&self) -> bool {
        let like = |system: &String| {
            ["debian ", "ubuntu "].iter().any(|start| system.to_lowercase().starts_with(start))
        };
        self.distribution.as_ref().is_none_or(like)
    }
}

/// The Debian package with the machine of a processor.
fn qemu(architecture: &str) -> &'static str {
    if architecture == "arm64" { "qemu-system-arm" } else { "qemu-system-x86" }
}

fn distribution(text: String) -> Result<String> {
    let words: Vec<&str> = text.split(' ').collect();
    let plain = |word: &&str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    ensure!(
        words.len() == 2 && words.iter().all(plain),
        "input `distribution`: {text:?} is not accepted; give a name and a version, such as `debian 13`"
    );
    Ok(text)
}

fn sources(root: &Path, given: &[String]) -> Result<Option<String>> {
    for source in given {
        let whole = root.join(source);
        let whole = whole
            .canonicalize()
            .with_context(|| format!("input `sources`: {} is not there", whole.display()))?;
        ensure!(
            whole.starts_with(root) && !Path::new(source).is_absolute(),
            "input `sources`: {source:?} is not accepted; give paths in the repository, relative to it"
        );
    }
    Ok((!given.is_empty()).then(|| given.join(", ")))
}

/// Everything that is written.
pub(super) fn files(choices: &Choices, pin: &Pin) -> Result<Vec<Starter>> {
    let values = values(choices, pin)?;
    let files = [
        (WORKFLOW, include_str!("starter/workflow.yml")),
        ("hallmark/policy.yml", choices.policy),
        ("hallmark/exceptions.yml", include_str!("starter/exceptions.yml")),
        ("hallmark/goss/booted.yaml", include_str!("starter/goss/booted.yaml")),
        ("hallmark/goss/disk.yaml", include_str!("starter/goss/disk.yaml")),
        ("hallmark/goss/files.yaml", include_str!("starter/goss/files.yaml")),
        ("hallmark/keys/README.md", include_str!("starter/keys/README.md")),
        ("hallmark/keys/.gitignore", include_str!("starter/keys/gitignore")),
        // At the root, because what it lists has to lie below it.
        ("signatures.yml", include_str!("starter/signatures.yml")),
    ];
    files
        .into_iter()
        .map(|(path, text)| {
            let text = render(text, &values).with_context(|| format!("the starter file {path}"))?;
            Ok(Starter { path, text })
        })
        .collect()
}

/// The workflow alone.
pub(super) fn workflow(choices: &Choices, pin: &Pin) -> Result<String> {
    render(include_str!("starter/workflow.yml"), &values(choices, pin)?)
}

fn values(choices: &Choices, pin: &Pin) -> Result<Values> {
    let arm64 = choices.architecture == "arm64";
    let sources = choices.sources.as_deref().map(|sources| scalar("input `sources`", sources)).transpose()?;
    let mut values = Values::default()
        .with("image", &choices.image)
        .with("image-scalar", scalar("the name", &choices.image)?)
        .with("template", scalar("the template's path", &choices.template)?)
        .with("channel", scalar("the channel", &choices.channel)?)
        .with("architecture", &choices.architecture)
        .with("runner", if arm64 { "ubuntu-24.04-arm" } else { "ubuntu-24.04" })
        .with("qemu", qemu(&choices.architecture))
        .with("hallmark", format!("{REPOSITORY}/actions"))
        .with("pin", pin.text())
        .with("version", VERSION)
        .maybe("distribution", choices.distribution.clone())
        .maybe("sources", sources)
        .maybe("packages", choices.packages.clone())
        .flag("user-namespaces", choices.name_spaces)
        .flag("kvm", choices.qemu)
        .flag("plugins", choices.plugins)
        .flag("disk-tests", choices.has_disk_tests());
    for (name, action) in ACTIONS {
        values = values.with(name, *action);
    }
    Ok(values)
}

/// What a person does next.
pub(super) fn next_steps(choices: &Choices) -> String {
    let image = &choices.image;
    format!(
        "\nNext:\n\
         \n 1  Make the keys; hallmark/keys/README.md says where each goes and how the environments are made:\n\n    \
         for key in bake assay publish approver; do hallmark keygen --key ~/hallmark-keys/{image}/$key.pem --public hallmark/keys/$key.pub; done\n\
         \n 2  Read hallmark/policy.yml and the workflow, and commit everything to the default branch, which has to be\n    \
            protected (Settings, Rules): policy and exceptions are read from there, and from nowhere else:\n\n    \
         git add .github hallmark signatures.yml\n\
         \n 3  See what is still missing, and begin:\n\n    \
         hallmark doctor\n    gh workflow run golden-image.yml"
    )
}
