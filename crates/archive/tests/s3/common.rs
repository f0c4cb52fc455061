//! Servers that stand for S3, and work to put there.
use std::fs;
use std::path::{Path, PathBuf};

use archive::{Archive, Draft, Error, Keeping, Location, Role, Run};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use model::{Architecture, BootMode, ContentDigest, Disk, ImageManifest, SCHEMA_VERSION, Sha256};
use serde_json::json;

use crate::moto::Proxy;
use crate::s3s::{ID, S3s, SECRET};

/// The bucket of every test, and the archive's place in it.
pub(crate) const BUCKET: &str = "golden-archive";
pub(crate) const PLACE: &str = "s3://golden-archive/team/images";

/// A server, and what keeps it alive.
pub(crate) struct Server {
    pub(crate) endpoint: String,
    pub(crate) client: Client,
    runs: Runs,
}

enum Runs {
    Moto {
        #[expect(dead_code, reason = "it runs as long as this lives")]
        proxy: Proxy,
        key: String,
    },
    S3s(#[expect(dead_code, reason = "it runs as long as this lives")] S3s),
}

impl Server {
    /// The one that checks signatures and checksums.
    pub(crate) fn s3s() -> Self {
        let s3s = S3s::start(BUCKET);
        Self { client: client(&s3s.endpoint), endpoint: s3s.endpoint.clone(), runs: Runs::S3s(s3s) }
    }

    /// moto behind the layer that mends it, with a bucket that has versions, and object lock where that is wanted.
    pub(crate) fn moto(lock: bool) -> Self {
        let proxy = Proxy::start();
        let key = proxy.make_key(&json!({"region": "eu-central-1", "alias": "alias/archive"}));
        let client = client(&proxy.endpoint());
        let place = aws_sdk_s3::types::CreateBucketConfiguration::builder()
            .location_constraint("eu-central-1".into())
            .build();
        let made = client.create_bucket().bucket(BUCKET).create_bucket_configuration(place);
        wait(made.object_lock_enabled_for_bucket(lock).send()).unwrap();
        let versions = aws_sdk_s3::types::VersioningConfiguration::builder().status("Enabled".into()).build();
        wait(client.put_bucket_versioning().bucket(BUCKET).versioning_configuration(versions).send())
            .unwrap();
        Self { endpoint: proxy.endpoint(), client, runs: Runs::Moto { proxy, key } }
    }

    /// The KMS key that moto has.
    pub(crate) fn key(&self) -> String {
        match &self.runs {
            Runs::Moto { key, .. } => key.clone(),
            Runs::S3s(_) => panic!("s3s-fs has no keys"),
        }
    }

    pub(crate) fn env(&self) -> impl Fn(&str) -> Option<String> + use<> {
        env(&self.endpoint)
    }

    pub(crate) fn to_put(&self, keeping: Keeping) -> Result<Archive, Error> {
        wait(Archive::open_to_put(&place(), &self.env(), keeping))
    }

    pub(crate) fn open(&self) -> Result<Archive, Error> {
        wait(Archive::open(&place(), &self.env()))
    }

    /// What is in the bucket, by key: the current versions.
    pub(crate) fn keys(&self) -> Vec<String> {
        let found = wait(self.client.list_objects_v2().bucket(BUCKET).send()).unwrap();
        found.contents().iter().map(|one| one.key().unwrap().to_owned()).collect()
    }

    /// Writes as somebody does who may, and means no good.
    pub(crate) fn overwrite(&self, key: &str, bytes: &[u8]) {
        wait(self.client.put_object().bucket(BUCKET).key(key).body(bytes.to_vec().into()).send()).unwrap();
    }

    pub(crate) fn get(&self, key: &str) -> Vec<u8> {
        wait(async {
            let got = self.client.get_object().bucket(BUCKET).key(key).send().await.unwrap();
            got.body.collect().await.unwrap().to_vec()
        })
    }

    pub(crate) fn delete(&self, key: &str) {
        wait(self.client.delete_object().bucket(BUCKET).key(key).send()).unwrap();
    }
}

fn client(endpoint: &str) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new(ID, SECRET, None, None, "the test"))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .build();
    Client::from_conf(config)
}

pub(crate) fn env(endpoint: &str) -> impl Fn(&str) -> Option<String> + use<> {
    let endpoint = endpoint.to_owned();
    move |name: &str| {
        Some(match name {
            "AWS_ENDPOINT_URL_S3" => endpoint.clone(),
            "AWS_REGION" => "eu-central-1".to_owned(),
            "AWS_ACCESS_KEY_ID" => ID.to_owned(),
            "AWS_SECRET_ACCESS_KEY" => SECRET.to_owned(),
            _ => return None,
        })
    }
}

pub(crate) fn place() -> Location {
    Location::parse(PLACE, Path::new("/")).unwrap()
}

/// Where an object is in the bucket.
pub(crate) fn object(bytes: &[u8]) -> String {
    let hex = Sha256::of(bytes).to_string();
    format!("team/images/objects/sha256/{}/{hex}", &hex[..2])
}

thread_local! {
    /// One for all that a test does: a client's connections live in the runtime that they were made in.
    static RUNTIME: tokio::runtime::Runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
}

pub(crate) fn wait<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.with(|runtime| runtime.block_on(work))
}

/// What somebody wants to put.
pub(crate) struct Work {
    folder: tempfile::TempDir,
    pub(crate) content: ContentDigest,
}

impl Work {
    pub(crate) fn new() -> Self {
        let content = ContentDigest::new(Sha256::of(b"a disk"));
        let manifest = ImageManifest {
            schema: SCHEMA_VERSION,
            name: "web".into(),
            family: "debian-app".into(),
            architecture: Architecture::Amd64,
            boot_mode: BootMode::Uefi,
            root_device: "/dev/xvda".into(),
            disks: vec![Disk {
                device: "/dev/xvda".into(),
                file: "disk.raw".into(),
                size_bytes: 1 << 30,
                content_digest: content,
            }],
            os: None,
            base: None,
            layers: vec![],
        };
        let work = Self { folder: tempfile::tempdir().unwrap(), content };
        work.file("image.json", &manifest.to_bytes().unwrap());
        work
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    /// image.json, a statement, a report of some megabytes, a brief; and a channel.
    pub(crate) fn draft(&self, run: &str) -> Draft {
        let run = Run { repository: "acme/images".into(), id: run.into(), attempt: "1".into() };
        let mut draft = Draft::new(&self.folder.path().join("image.json"), Some(run)).unwrap();
        let statement = "verdict.0123456789ab.sigstore.json";
        draft.add(Role::Evidence, statement, &self.file(statement, b"a verdict")).unwrap();
        draft.add(Role::Report, "report.json", &self.file("report.json", &vec![b'r'; 3 << 20])).unwrap();
        draft.add(Role::Brief, "web.md", &self.file("web.md", b"a brief")).unwrap();
        draft.show_in("debian-app", "stable").unwrap();
        draft
    }
}
