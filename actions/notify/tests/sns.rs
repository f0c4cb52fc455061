//! Amazon SNS: what arrives in a queue that is subscribed, and what a mail would say.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test's helper fails by panicking")]
#![expect(clippy::disallowed_methods, reason = "the server is a program; this is a test")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::common::{HOSTILE, World, reason, run};
use model::{Verdict, Weight};
use runner::testing::Harness;
use serde_json::{Value, json};

/// A credential that is nowhere to be seen.
const KEY: &str = "wJalrXUtnFEMIs3cr3tbPxRfiCY";

/// moto's server, with topics.
struct Sns {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    endpoint: String,
    arns: BTreeMap<String, String>,
}

impl Sns {
    fn start(topics: &[&str]) -> Self {
        let folder = std::env::var_os("HALLMARK_TEST_SERVERS_BIN")
            .expect("HALLMARK_TEST_SERVERS_BIN is not set: `make test` installs moto's server and sets it");
        let mut child = Command::new(Path::new(&folder).join("python"))
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sns.py"))
            .args(topics)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let questions = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let mut arns = BTreeMap::new();
        let endpoint = loop {
            let mut line = String::new();
            assert!(answers.read_line(&mut line).unwrap() > 0, "moto's server starts");
            match line.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["topic", name, arn] => drop(arns.insert((*name).to_owned(), (*arn).to_owned())),
                ["ready", endpoint] => break (*endpoint).to_owned(),
                _ => {}
            }
        };
        Self { child, questions, answers, endpoint, arns }
    }

    fn harness(&self, harness: Harness) -> Harness {
        harness
            .env("AWS_ENDPOINT_URL_SNS", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", KEY)
    }

    /// What arrived in the queue, and what was published.
    fn of(&mut self, name: &str) -> Value {
        writeln!(self.questions, "{name}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Sns {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn a_queue_gets_the_json_and_a_mail_gets_text() {
    let mut sns = Sns::start(&["golden", "golden.fifo", "quiet"]);
    let topics = format!("{}\n{}", sns.arns["golden"], sns.arns["golden.fifo"]);
    let harness = World::new(Verdict::Review).waived("Ada", "seen").decided().input("topic", topics);
    let run = run(&sns.harness(harness));
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!((run.outputs["sent"].as_str(), run.outputs["failed"].as_str()), ("2", "0"));
    for name in ["golden", "golden.fifo"] {
        let of = sns.of(name);
        assert_eq!(of["arrived"].as_array().unwrap().len(), 1, "{of}");
        let arrived = &of["arrived"][0];
        assert_eq!(arrived["Subject"], "Review: debian-app");
        let told: Value = serde_json::from_str(arrived["Message"].as_str().unwrap()).unwrap();
        assert_eq!(told["id"], run.outputs["id"]);
        assert_eq!(told["decision"]["verdict"], "review");
        assert_eq!(told["decision"]["findings"]["critical"], json!({"stand": 1, "suppressed": 1}));
        for (attribute, value) in [("event", "decision"), ("verdict", "review"), ("id", &run.outputs["id"])] {
            assert_eq!(arrived["MessageAttributes"][attribute], json!({"Type": "String", "Value": value}));
        }
    }
    let published = sns.of("golden")["published"][0].clone();
    let shapes: Value = serde_json::from_str(published["message"].as_str().unwrap()).unwrap();
    assert_eq!(shapes["sms"], "🟡 Review: debian-app");
    insta::assert_snapshot!(shapes["email"].as_str().unwrap());
    assert!(sns.of("golden.fifo")["published"][0]["group"].as_str().unwrap().len() == 64);
    assert_eq!(sns.of("quiet")["arrived"], json!([]));
}

#[test]
fn however_much_and_however_hostile_it_fits() {
    let mut sns = Sns::start(&["golden"]);
    let world = World::of(HOSTILE, Verdict::Fail, vec![reason(Weight::Fail, &HOSTILE.repeat(4)); 3000]);
    let harness = world.decided().input("topic", &sns.arns["golden"]).input("title", HOSTILE.repeat(3));
    let run = run(&sns.harness(harness));
    assert_eq!(run.code, 0, "{}", run.stdout);
    let published = sns.of("golden")["published"][0].clone();
    let subject = published["subject"].as_str().unwrap();
    assert!(subject.len() < 100 && subject.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{subject}");
    assert!(subject.starts_with("a & b <!channel>") && subject.ends_with("... (cut)"), "{subject}");
    let message = published["message"].as_str().unwrap();
    assert!((100 << 10..=256 << 10).contains(&message.len()), "{}", message.len());
    let shapes: Value = serde_json::from_str(message).unwrap();
    let mail = shapes["email"].as_str().unwrap();
    assert!(mail.contains("more reasons, which do not fit here"));
    assert!(mail.chars().all(|char| char == '\n' || !char.is_control()));
    assert!(mail.lines().all(|line| !line.starts_with("# h") && !line.starts_with("::")), "{mail}");
}

#[test]
fn what_sns_refuses_is_told_and_the_others_are_still_told() {
    let mut sns = Sns::start(&["golden"]);
    let gone = sns.arns["golden"].replace("golden", "gone");
    let topics = format!("{gone}, {}", sns.arns["golden"]);
    let run = run(&sns.harness(World::new(Verdict::Pass).released(None).input("topic", topics)));
    assert_eq!(run.code, 0, "{}", run.stdout);
    assert_eq!((run.outputs["sent"].as_str(), run.outputs["failed"].as_str()), ("1", "1"));
    assert!(
        run.stdout.contains("::warning title=Not told::") && run.stdout.contains("NotFound"),
        "{}",
        run.stdout
    );
    assert!(run.stdout.contains("is the topic there, in that region and account?"), "{}", run.stdout);
    assert_eq!(sns.of("golden")["arrived"].as_array().unwrap().len(), 1);
}

#[test]
fn nobody_there_and_no_good_endpoint() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let harness = |endpoint: &str| {
        let topic = "arn:aws:sns:eu-central-1:123456789012:golden";
        let harness = World::new(Verdict::Pass).released(None).input("topic", topic);
        let harness =
            harness.env("AWS_ENDPOINT_URL", endpoint).env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
        harness.env("AWS_SECRET_ACCESS_KEY", KEY).input("fail", "true")
    };
    let run = crate::common::run(&harness(&format!("http://{gone}")));
    assert_eq!(run.code, 2, "{}", run.stdout);
    assert!(run.stdout.contains("SNS cannot be reached"), "{}", run.stdout);
    let run = crate::common::run(&harness("http://sns.example.com"));
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("AWS_ENDPOINT_URL is not https"), "{}", run.stdout);
}
