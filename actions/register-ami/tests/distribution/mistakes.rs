use std::fs;

use register_ami::distribution;

use super::corpus;
use crate::schemas::is_blessing;

#[test]
fn every_mistake_is_told_with_its_place_and_how_to_mend_it() {
    let files = corpus();
    assert!(files.len() >= 100, "only {} mistaken files", files.len());
    let mut wrong = String::new();
    for (name, path) in files {
        let text = fs::read_to_string(&path).unwrap();
        let problems =
            distribution::parse(&name, &text).err().unwrap_or_else(|| panic!("{name} is not mistaken"));
        let lines = u64::try_from(text.lines().count()).unwrap().max(1);
        for problem in &problems.0 {
            assert!((1..=lines + 1).contains(&problem.at.line) && problem.at.column >= 1, "{problem}");
            assert!(!problem.what.is_empty() && !problem.mend.is_empty(), "{problem}");
            let told = problem.to_string();
            assert!(!told.contains(['\n', '\u{1b}']), "{told:?}");
        }
        let told = format!("{problems}\n");
        let beside = path.with_extension("txt");
        if is_blessing() {
            fs::write(&beside, &told).unwrap();
        }
        let wanted = fs::read_to_string(&beside).unwrap_or_default();
        if told != wanted {
            wrong.push_str(&format!("{name}\nwanted {wanted}found  {told}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_text_has_its_file() {
    for (_, path) in corpus() {
        for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
            let path = entry.unwrap().path();
            assert!(path.with_extension("yml").is_file(), "{}", path.display());
        }
    }
}

#[test]
fn a_file_is_read_from_disk_or_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("distribution.yml");
    let told = |path: &std::path::Path| format!("{:#}", distribution::read(path).unwrap_err());
    assert!(told(&path).contains("distribution.yml cannot be read"), "{}", told(&path));
    fs::write(&path, b"version: \xff").unwrap();
    assert!(told(&path).contains("is no UTF-8 text"), "{}", told(&path));
    fs::write(&path, "#".repeat((1 << 20) + 1)).unwrap();
    assert!(told(&path).contains("more than 1 MiB"), "{}", told(&path));
    fs::write(&path, "version: 1\n").unwrap();
    let lines = told(&path);
    assert_eq!(lines.lines().count(), 3, "{lines}");
    assert!(lines.starts_with(&format!("{}:1:1: ", path.display())), "{lines}");
    fs::write(&path, "version: 1\naccount: \"111122223333\"\nhome: us-east-1\nregions: {us-east-1: {}}\n")
        .unwrap();
    assert_eq!(distribution::read(&path).unwrap().home, "us-east-1");
}
