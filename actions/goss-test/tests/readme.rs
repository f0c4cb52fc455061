//! The README's tables are the program's own.
#![expect(clippy::panic, reason = "a test's helper fails by panicking")]

use goss_test::ACTION;

/// The rows below a heading, by what stands first in them.
fn rows(heading: &str) -> Vec<(String, String)> {
    let readme = include_str!("../README.md");
    let Some((_, section)) = readme.split_once(&format!("\n## {heading}\n")) else {
        panic!("the README has no section {heading}")
    };
    let section = section.split("\n## ").next().unwrap_or_default();
    let lines = section.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix('|'));
    lines
        .filter_map(|line| {
            let (name, rest) = line.split_once('`')?;
            let last = rest.rsplit('|').next()?.trim();
            Some((name.to_owned(), last.to_owned()))
        })
        .collect()
}

#[test]
fn the_readme_has_every_input_with_its_default_and_every_output() {
    let said = rows("Inputs");
    let inputs: Vec<(String, String)> = ACTION
        .inputs
        .iter()
        .map(|input| {
            let default = match input.default {
                Some(value) => format!("`{value}`"),
                None if input.required => "required".to_owned(),
                None if input.name == "signing-key" => "unsigned".to_owned(),
                None => String::new(),
            };
            (input.name.to_owned(), default)
        })
        .collect();
    assert_eq!(said, inputs);
    let names: Vec<String> = rows("Outputs").into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ACTION.outputs.iter().map(|output| output.name).collect::<Vec<_>>());
}
