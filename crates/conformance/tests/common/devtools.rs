//! The real Chromium, spoken to: opens a page, runs what a test asks it to, and hears what the page says and asks for.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

/// How long the browser may take to answer anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// Commands go to descriptor 3, answers come from 4: the shell puts them where the standard ones are.
const SHELL: &str = "exec 3<&0 4>&1; exec timeout -k 5 900 chromium \"$@\" </dev/null >/dev/null 2>&1";

/// A browser with one page.
pub(crate) struct Browser {
    process: Child,
    commands: ChildStdin,
    answers: Receiver<Value>,
    session: Option<String>,
    number: u64,
    /// What the page said on its console, and the errors of its scripts.
    pub(crate) said: Vec<String>,
    /// What the page asked for.
    pub(crate) requests: Vec<String>,
    /// The documents that are loaded to their end, by the browser's ids.
    loaded: Vec<Value>,
    _home: tempfile::TempDir,
}

impl Browser {
    /// Without a window and without a network, in a home of its own.
    pub(crate) fn start() -> Self {
        let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut process = Command::new("sh")
            .args(["-c", SHELL, "sh", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"])
            .args([
                "--remote-debugging-pipe",
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .args(["--disable-sync", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND"])
            .args(["--hide-scrollbars", "--force-device-scale-factor=1"])
            .arg(format!("--user-data-dir={}", home.path().display()))
            .arg("about:blank")
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", home.path())
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = process.stdin.take().unwrap();
        let answers = listen(process.stdout.take().unwrap());
        let mut browser = Self {
            process,
            commands,
            answers,
            session: None,
            number: 0,
            said: vec![],
            requests: vec![],
            loaded: vec![],
            _home: home,
        };
        let targets = browser.call("Target.getTargets", json!({}));
        let page = targets["targetInfos"].as_array().unwrap().iter().find(|one| one["type"] == "page");
        let id = page.unwrap()["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({"targetId": id, "flatten": true}));
        browser.session = Some(attached["sessionId"].as_str().unwrap().into());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser.call("Page.setLifecycleEventsEnabled", json!({"enabled": true}));
        browser
    }

    /// A command, and its answer.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let number = self.number;
        let mut message = json!({"id": number, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.commands.write_all(format!("{message}\0").as_bytes()).unwrap();
        self.commands.flush().unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.next(method, until);
            if answer["id"] == number {
                assert!(answer.get("error").is_none(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
        }
    }

    /// The next message; what the page says and asks for is kept.
    #[track_caller]
    fn next(&mut self, what: &str, until: Instant) -> Value {
        let left = until.saturating_duration_since(Instant::now());
        let answer = self.answers.recv_timeout(left);
        let answer =
            answer.unwrap_or_else(|error| panic!("chromium and {what}: {error} (`make test` installs it)"));
        self.note(&answer);
        answer
    }

    fn note(&mut self, answer: &Value) {
        let parameters = &answer["params"];
        match answer["method"].as_str() {
            Some("Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded") => {
                self.said.push(parameters.to_string());
            }
            Some("Page.lifecycleEvent") if parameters["name"] == "load" => {
                self.loaded.push(parameters["loaderId"].clone());
            }
            Some("Network.requestWillBeSent") => {
                self.requests.push(parameters["request"]["url"].as_str().unwrap_or_default().into());
            }
            _ => {}
        }
    }

    /// Loads a page, and waits until its script has run: that may be told before the navigation is answered, and the load
    /// of the page before after it.
    #[track_caller]
    pub(crate) fn open(&mut self, page: &Path) {
        let begun = self.call("Page.navigate", json!({"url": format!("file://{}", page.display())}));
        let until = Instant::now() + PATIENCE;
        while !self.loaded.contains(&begun["loaderId"]) {
            self.next("a page's load", until);
        }
    }

    /// What an expression comes to.
    #[track_caller]
    pub(crate) fn run(&mut self, script: &str) -> Value {
        let answer = self.call(
            "Runtime.evaluate",
            json!({"expression": script, "returnByValue": true, "awaitPromise": true}),
        );
        assert!(answer.get("exceptionDetails").is_none(), "{script}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// A key, pressed and let go.
    #[track_caller]
    pub(crate) fn press(&mut self, key: &str) {
        let text = match key {
            "Enter" => "\r",
            key if key.chars().count() == 1 => key,
            _ => "",
        };
        let code = match key {
            "Enter" => 13,
            "Tab" => 9,
            "Escape" => 27,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            "End" => 35,
            "Home" => 36,
            _ => 0,
        };
        let down = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        self.call(
            "Input.dispatchKeyEvent",
            json!({"type": down, "key": key, "code": key, "text": text, "windowsVirtualKeyCode": code}),
        );
        self.call(
            "Input.dispatchKeyEvent",
            json!({"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code}),
        );
    }

    /// The size of the window and the colours that are preferred.
    pub(crate) fn look(&mut self, width: u32, height: u32, scheme: &str) {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}),
        );
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features}));
    }

    /// What one sees, as WebP.
    pub(crate) fn picture(&mut self, quality: u32) -> Vec<u8> {
        let taken = self.call("Page.captureScreenshot", json!({"format": "webp", "quality": quality}));
        BASE64.decode(taken["data"].as_str().unwrap()).unwrap()
    }

    /// What is printed, as PDF.
    pub(crate) fn print(&mut self) -> Vec<u8> {
        let printed = self.call("Page.printToPDF", json!({"preferCSSPageSize": true}));
        BASE64.decode(printed["data"].as_str().unwrap()).unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It is gone already, or goes now: a test has nothing to do about it.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The answers, each ended by a zero byte.
fn listen(from: ChildStdout) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut from = BufReader::new(from);
        loop {
            let mut line = Vec::new();
            if from.by_ref().read_until(0, &mut line).unwrap_or(0) == 0 {
                return;
            }
            line.pop();
            let Ok(answer) = serde_json::from_slice(&line) else { return };
            if sender.send(answer).is_err() {
                return;
            }
        }
    });
    receiver
}
