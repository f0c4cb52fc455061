//! Every YAML example of the policies' page reads. One that begins with a file's name is that file; one
//! without a version stands in a policy that extends `recommended`.
#![expect(clippy::unwrap_used, reason = "a test's helper fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use policy::UncheckedPolicy;

fn examples(page: &str) -> Vec<&str> {
    page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn every_example_reads() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/README.md");
    let page = fs::read_to_string(page).unwrap();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (number, text) in examples(&page).into_iter().enumerate() {
        let first = text.lines().next().unwrap_or_default();
        let name = first.strip_prefix("# ").filter(|name| name.ends_with(".yml"));
        let name = name.map_or_else(|| format!("example-{number}.yml"), str::to_owned);
        let whole = if text.contains("version: 1") {
            text.to_owned()
        } else {
            format!("version: 1\nname: example\nextends: recommended\n{text}")
        };
        files.insert(name, whole);
    }
    assert!(files.len() > 8, "only {} examples", files.len());
    let mut wrong = String::new();
    for name in files.keys() {
        let mut get = |path: &str| files.get(path).cloned().ok_or("the page has no such file".to_owned());
        if let Err(problems) = UncheckedPolicy::read(name, &mut get).and_then(UncheckedPolicy::check) {
            wrong.push_str(&format!("{problems}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
