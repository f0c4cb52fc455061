"""The gate's page in Chromium: how long until it answers, and how long a key press and a sort take.

usage: page.py FILE     measures a page and prints its figures as JSON
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

FINDINGS = 20_000

# What a person does, and how long the page's own work takes until the next frame could be drawn: the script's
# handler, then style and layout, which reading a height forces.
MEASURE = """(() => {
  const spent = (act) => { const from = performance.now(); act(); document.body.offsetHeight; return performance.now() - from; };
  const search = document.getElementById("search"), keys = [], sorts = [], groups = [];
  for (const words of ["openssl", "cve-2024", "libc6 priv", "zzz"]) {
    for (let end = 1; end <= words.length; end += 1) keys.push(spent(() => { search.value = words.slice(0, end); search.dispatchEvent(new Event("input")); }));
    keys.push(spent(() => { search.value = ""; search.dispatchEvent(new Event("input")); }));
  }
  for (const button of document.querySelectorAll("#found thead button")) for (let n = 0; n < 3; n += 1) sorts.push(spent(() => button.click()));
  const group = document.getElementById("group");
  for (const by of ["package", "severity", "id", ""]) groups.push(spent(() => { group.value = by; group.dispatchEvent(new Event("input")); }));
  return { keys, sorts, groups, rows: document.querySelectorAll("#rows tr").length, shown: document.getElementById("shown").textContent };
})()"""


class Browser:
    """Chromium without a window and without a network, spoken to over two pipes."""

    def __init__(self):
        self.home = tempfile.TemporaryDirectory()
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe",
                 "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking",
                 f"--user-data-dir={self.home.name}", "about:blank"]
        # The browser reads commands from descriptor 3 and answers on 4.
        shell = 'exec 3<&0 4>&1; exec chromium "$@" </dev/null >/dev/null 2>&1'
        self.process = subprocess.Popen(["sh", "-c", shell, "sh", *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env={"PATH": os.environ["PATH"], "HOME": self.home.name, "LANG": "C.UTF-8"})
        self.number, self.buffer = 0, b""
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if hasattr(self, "session"):
            message["sessionId"] = self.session
        self.process.stdin.write(json.dumps(message).encode() + b"\0")
        self.process.stdin.flush()
        while True:
            while b"\0" not in self.buffer:
                piece = os.read(self.process.stdout.fileno(), 1 << 20)
                if not piece:
                    raise RuntimeError("chromium went away")
                self.buffer += piece
            line, self.buffer = self.buffer.split(b"\0", 1)
            answer = json.loads(line)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def run(self, script):
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"the page: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def open(self, file):
        self.call("Page.navigate", url=pathlib.Path(file).resolve().as_uri())
        for _ in range(600):
            if self.run("document.readyState") == "complete" and self.run("location.protocol") == "file:":
                return
            time.sleep(0.05)
        raise RuntimeError(f"{file} did not load")

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.kill()
        self.process.wait()
        self.home.cleanup()


def measure(file):
    browser = Browser()
    try:
        opened = []
        for _ in range(3):
            browser.open(file)
            # Its script has run when the document is interactive: it is the last thing in it.
            opened.append(browser.run("performance.getEntriesByType('navigation')[0].domInteractive"))
        found = browser.run(MEASURE)
    finally:
        browser.close()
    keys, sorts = found["keys"], found["sorts"]
    return {"interactive_ms": statistics.median(opened), "key_ms": statistics.median(keys), "key_worst_ms": max(keys),
            "sort_ms": statistics.median(sorts), "sort_worst_ms": max(sorts), "group_worst_ms": max(found["groups"]),
            "bytes": os.stat(file).st_size, "shown": found["shown"]}


def page(row, example, work):
    """The bench's rows: the page that the example `page` of the crate `report` writes."""
    file = pathlib.Path(work) / "page.html"
    subprocess.run([example, str(FINDINGS), str(file)], check=True)
    took = measure(file)
    name = f"{FINDINGS:,} findings"
    row("page", f"{name}, until it answers", f"{took['interactive_ms']:.0f} ms", "", "", "", f"{took['bytes'] / 1e6:.1f} MB", **took)
    row("page", f"{name}, a key in the search", f"{took['key_ms']:.1f} ms", "", "", "≤ 16 ms", f"worst {took['key_worst_ms']:.1f} ms")
    row("page", f"{name}, a sort", f"{took['sort_ms']:.1f} ms", "", "", "≤ 100 ms",
        f"worst {took['sort_worst_ms']:.1f} ms, grouping {took['group_worst_ms']:.1f} ms")
    file.unlink()


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1]), indent=1))
