//! What a build says that it made, pure: its artifact records into images.

use crate::machine_readable::Record;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One artifact of one source, as its records tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Artifact {
    builder_id: String,
    id: String,
    files: Vec<String>,
}

/// Collects artifact records.
#[derive(Debug, Clone, Default)]
pub(crate) struct Artifacts {
    // By source, then in Packer's order: a post-processor's artifact follows what it was made from.
    by_source: BTreeMap<String, BTreeMap<usize, Artifact>>,
}

/// An image that is a place in a cloud, where nothing here can read its blocks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CloudImage {
    /// The source that made it.
    pub(crate) source: String,
    /// Packer's name for the kind of builder.
    pub(crate) builder: String,
    /// Where it is, if the id says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    /// What it is called there.
    pub(crate) id: String,
}

/// What the build made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Made {
    /// By source: the files of its last artifact that has any, each once.
    pub(crate) files: BTreeMap<String, Vec<String>>,
    /// Images that are places.
    pub(crate) clouds: Vec<CloudImage>,
}

impl Artifacts {
    /// Takes a record in, if it is about an artifact.
    pub(crate) fn take(&mut self, record: &Record) {
        if record.kind != "artifact" {
            return;
        }
        let words = record.words();
        let (Some(Ok(index)), Some(rest)) = (words.first().map(|word| word.parse()), words.get(1..)) else {
            return;
        };
        let artifact = self.by_source.entry(record.target.clone()).or_default().entry(index).or_default();
        match rest {
            ["builder-id", id] => artifact.builder_id = (*id).to_owned(),
            ["id", id] => artifact.id = (*id).to_owned(),
            ["file", _, file] => artifact.files.push((*file).to_owned()),
            _ => {}
        }
    }

    /// What was made, when Packer has ended.
    pub(crate) fn made(self) -> Made {
        let mut made = Made::default();
        for (source, artifacts) in self.by_source {
            for artifact in artifacts.values() {
                if artifact.files.is_empty() {
                    made.clouds.extend(clouds(&source, artifact));
                    continue;
                }
                let mut files = artifact.files.clone();
                let mut seen = std::collections::BTreeSet::new();
                // Packer can list a file twice.
                files.retain(|file| seen.insert(file.clone()));
                made.files.insert(source.clone(), files);
            }
        }
        made
    }
}

/// `eu-west-1:ami-1,us-east-1:ami-2`, or an id as it is. The null builder says `Null` and means none.
fn clouds(source: &str, artifact: &Artifact) -> Vec<CloudImage> {
    let ids = artifact.id.split(',').map(str::trim).filter(|id| !id.is_empty() && *id != "Null");
    ids.map(|id| {
        let (region, id) = match id.split_once(':') {
            Some((region, id)) if is_region(region) => (Some(region.to_owned()), id),
            _ => (None, id),
        };
        CloudImage {
            source: source.to_owned(),
            builder: artifact.builder_id.clone(),
            region,
            id: id.to_owned(),
        }
    })
    .collect()
}

fn is_region(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(lines: &[&str]) -> Made {
        let mut artifacts = Artifacts::default();
        for line in lines {
            artifacts.take(&Record::parse(line.as_bytes()).unwrap());
        }
        artifacts.made()
    }

    fn files(rows: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        rows.iter()
            .map(|(source, files)| {
                ((*source).to_owned(), files.iter().map(|&file| file.to_owned()).collect())
            })
            .collect()
    }

    #[test]
    fn nothing_makes_nothing() {
        assert_eq!(made(&[]), Made::default());
        assert_eq!(
            made(&[
                "1,,ui,say,artifact",
                "1,null.x,artifact-count,1",
                "1,null.x,artifact,x,file,0,/a",
                "1,null.x,artifact"
            ]),
            Made::default()
        );
        assert_eq!(made(&["1,null.x,artifact,0,id,Null", "1,null.x,artifact,0,end"]), Made::default());
    }

    #[test]
    fn the_last_artifact_with_files_is_the_image() {
        let lines = [
            "1,null.x,artifact,0,id,Null",
            "1,null.x,artifact,0,files-count,0",
            "1,null.x,artifact,1,builder-id,packer.post-processor.artifice",
            "1,null.x,artifact,1,id,",
            "1,null.x,artifact,1,file,0,/out/a.raw",
            "1,null.x,artifact,1,file,1,/out/a.raw",
            "1,null.x,artifact,1,file,2,/out/b.raw",
            "1,qemu.y,artifact,0,id,VM",
            "1,qemu.y,artifact,0,file,0,/y/before",
            "1,qemu.y,artifact,10,file,0,/y/last",
            "1,qemu.y,artifact,2,file,0,/y/between",
        ];
        let expected = files(&[("null.x", &["/out/a.raw", "/out/b.raw"]), ("qemu.y", &["/y/last"])]);
        assert_eq!(made(&lines), Made { files: expected, clouds: vec![] });
    }

    #[test]
    fn ids_of_clouds() {
        let id = |id: &str| {
            let line = format!("1,amazon-ebs.x,artifact,0,id,{id}");
            let made = made(&["1,amazon-ebs.x,artifact,0,builder-id,mitchellh.amazonebs", &line]);
            made.clouds.into_iter().map(|cloud| (cloud.region, cloud.id)).collect::<Vec<_>>()
        };
        let at = |region: &str, id: &str| (Some(region.to_owned()), id.to_owned());
        assert_eq!(id(""), []);
        assert_eq!(id("eu-west-1:ami-1"), [at("eu-west-1", "ami-1")]);
        assert_eq!(
            id("eu-west-1:ami-1%!(PACKER_COMMA)us-east-1:ami-2"),
            [at("eu-west-1", "ami-1"), at("us-east-1", "ami-2")]
        );
        assert_eq!(id("my-image"), [(None, "my-image".to_owned())]);
        assert_eq!(id("/subscriptions/X:y"), [(None, "/subscriptions/X:y".to_owned())]);
    }
}
