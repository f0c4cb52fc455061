//! A tool of one small package, by the real Python and pip, and what is refused.

use std::collections::HashMap;
use std::io::Write as _;

use process::{Exit, Fake, Line, Real, Script, Spec};

use super::*;
use crate::Platform;

/// A wheel of the package `probe`, whose program says what it was given.
fn wheel_of(main: &str) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in [
        ("probe/__init__.py", ""),
        ("probe-1.2.3.data/purelib/probe/main.py", main),
        ("probe-1.2.3.data/scripts/probe", "#!python\n"),
        ("probe-1.2.3.dist-info/METADATA", "Metadata-Version: 2.1\nName: probe\nVersion: 1.2.3\n"),
        ("probe-1.2.3.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
        ("probe-1.2.3.dist-info/RECORD", ""),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const MAIN: &str = "import sys\ndef main():\n    print(sys.argv, 'site' in str(sys.path))\n    exit(3)\n";

fn locked(wheel: &[u8]) -> Locked {
    let lock = format!("# by hand\nprobe==1.2.3 \\\n    --hash=sha256:{}\n", Sha256::of(wheel));
    Locked { name: "probe", entry: "from probe.main import main; main()", lock: Box::leak(lock.into()) }
}

/// The Python and pip that the tests have, and an index that is one folder.
#[expect(clippy::disallowed_methods, reason = "tests take their settings from the environment")]
fn settings(place: &Path, index: &Path) -> Settings {
    let tools = std::env::var("HALLMARK_TEST_PYTHON_BIN");
    let tools = tools.expect("HALLMARK_TEST_PYTHON_BIN is not set: run these tests with `make test`");
    let mut settings = Settings::bare(&place.join("cache"), Platform::current().unwrap());
    settings.path = Some(tools.into());
    settings.pip_env = HashMap::from([
        ("HOME", place.join("home").display().to_string()),
        ("PIP_NO_INDEX", "1".to_owned()),
        ("PIP_FIND_LINKS", index.display().to_string()),
    ])
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    settings
}

fn index(place: &Path, wheel: &[u8]) -> PathBuf {
    let index = place.join("index");
    fs::create_dir_all(&index).unwrap();
    fs::write(index.join("probe-1.2.3-py3-none-any.whl"), wheel).unwrap();
    index
}

async fn run(program: &PythonProgram, cwd: &Path) -> (Exit, String) {
    let spec = Spec::new(&program.interpreter)
        .args(&program.before)
        .args(["one", "two"])
        .env("PYTHONPATH", cwd)
        .env("PYTHONSTARTUP", cwd.join("probe.py"))
        .cwd(cwd);
    let mut said = String::new();
    let exit = Real.run(spec, &mut |line: Line| said.push_str(&line.text())).await.unwrap();
    (exit, said)
}

#[tokio::test]
async fn a_tool_is_fetched_once_verified_each_time_and_isolated() {
    let place = tempfile::tempdir().unwrap();
    let wheel = wheel_of(MAIN);
    let index = index(place.path(), &wheel);
    let (locked, settings) = (locked(&wheel), settings(place.path(), &index));
    let mut events = Vec::new();
    assert_eq!(get(&locked, &settings, &Real, false, &mut |_| ()).await.unwrap(), None);
    let tool = get(&locked, &settings, &Real, true, &mut |event| events.push(event)).await.unwrap().unwrap();
    assert_eq!((tool.name, tool.version.as_str()), ("probe", "1.2.3"));
    assert_eq!(tool.sha256, Sha256::of(locked.lock.as_bytes()));
    assert!(events.contains(&Event::Fetching { name: "probe".to_owned() }), "{events:?}");

    // From now on there is no index; and a module of the same name lies where Python would look for it.
    fs::remove_dir_all(&index).unwrap();
    let again = get(&locked, &settings, &Real, true, &mut |_| ()).await.unwrap().unwrap();
    assert_eq!(again, tool);
    let cwd = place.path().join("cwd");
    fs::create_dir_all(cwd.join("probe")).unwrap();
    for name in ["probe.py", "probe/__init__.py", "site.py", "sys.py"] {
        fs::write(cwd.join(name), "raise SystemExit('hostile')").unwrap();
    }
    let into = place.path().join("it's a 'folder' \u{1F600}");
    let program = again.unpack(&into).unwrap();
    let (exit, said) = run(&program, &cwd).await;
    assert_eq!((exit.code, said.as_str()), (Some(3), "['probe', 'one', 'two'] True"));

    // Not over what is there.
    assert!(matches!(again.unpack(&into), Err(Error::Io { .. })));
}

#[tokio::test]
async fn bad_wheels_are_deleted_and_fetched_again() {
    let place = tempfile::tempdir().unwrap();
    let wheel = wheel_of(MAIN);
    let evil = wheel_of("def main():\n    print('hostile')\n");
    let index = index(place.path(), &wheel);
    let (locked, settings) = (locked(&wheel), settings(place.path(), &index));
    let tool = get(&locked, &settings, &Real, true, &mut |_| ()).await.unwrap().unwrap();
    let [kept] = &tool.wheels[..] else { panic!("one wheel") };
    let poisons: [&dyn Fn(&Path); 4] = [
        &|path| fs::write(path, &evil).unwrap(),
        &|path| fs::remove_file(path).unwrap(),
        &|path| fs::write(path.with_file_name("more.whl"), &evil).unwrap(),
        &|path| fs::hard_link(path, path.with_file_name("twice.whl")).unwrap(),
    ];
    for poison in poisons {
        poison(&kept.path);
        let mut events = Vec::new();
        let again =
            get(&locked, &settings, &Real, true, &mut |event| events.push(event)).await.unwrap().unwrap();
        assert!(matches!(events[0], Event::BadWheels { .. }), "{events:?}");
        assert_eq!(again, tool);
    }
    // What changes after it was looked at is found when it is unpacked.
    fs::write(&kept.path, &evil).unwrap();
    let error = tool.unpack(&place.path().join("run")).unwrap_err().to_string();
    assert!(error.contains("the lock wants"), "{error}");
    // Looking fetches nothing, and does not believe it either.
    assert_eq!(get(&locked, &settings, &Real, false, &mut |_| ()).await.unwrap(), None);
    assert!(!tool.folder.exists());
}

#[tokio::test]
async fn an_index_with_another_wheel_gives_nothing() {
    let place = tempfile::tempdir().unwrap();
    let index = index(place.path(), &wheel_of("def main():\n    print('hostile')\n"));
    let (locked, settings) = (locked(&wheel_of(MAIN)), settings(place.path(), &index));
    let error = get(&locked, &settings, &Real, true, &mut |_| ()).await.unwrap_err().to_string();
    assert!(error.contains("-m pip ended with exit code 1") && error.contains("PIP_INDEX_URL"), "{error}");
    assert_eq!(get(&locked, &settings, &Real, false, &mut |_| ()).await.unwrap(), None);
}

#[tokio::test]
async fn without_a_python_that_serves_the_error_says_so() {
    let place = tempfile::tempdir().unwrap();
    let program = place.path().join("python3");
    fs::write(&program, "").unwrap();
    let mut settings = Settings::bare(&place.path().join("cache"), Platform::current().unwrap());
    let wheel = wheel_of(MAIN);
    let error =
        get(&locked(&wheel), &settings, &Fake::new(), true, &mut |_| ()).await.unwrap_err().to_string();
    assert!(error.contains("there is none"), "{error}");

    fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    settings.path = Some(place.path().into());
    for (script, wanted) in [
        (
            Script::exits(1).stderr("Traceback\nAssertionError: it is older than 3.10\n"),
            "it is older than 3.10",
        ),
        (Script::exits(0).stdout("/usr/bin/python3\n../../x\n"), "does not say who it is"),
        (Script::exits(0).stdout("python3\ncpython-311\n"), "does not say who it is"),
        (Script::exits(0), "does not say who it is"),
    ] {
        let fake = Fake::new().then("python3", script);
        let error = get(&locked(&wheel), &settings, &fake, true, &mut |_| ()).await.unwrap_err().to_string();
        assert!(error.contains(wanted), "{error}");
    }
}

#[test]
fn every_lock_names_its_tool_and_wheels() {
    for tool in ALL {
        let (packages, version) = tool.read().unwrap();
        assert!(packages.len() > 50 && !version.is_empty(), "{}", tool.name);
    }
    let listed = python_packages().unwrap();
    assert!(
        listed
            .iter()
            .any(|package| package.tool == "semgrep" && package.purl.starts_with("pkg:pypi/semgrep@"))
    );
    assert_eq!(python_tools(), ["checkov", "semgrep"]);
}
