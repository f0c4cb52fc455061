'use strict';
// A cancel: the runner signals the launcher alone, and gives 7.5 s, then 2.5 s.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { performance } = require('node:perf_hooks');
const test = require('node:test');
const { annotations, begin, launch, node, release, temporary } = require('./tree.js');

/** Says each signal that it gets, and ends as soon as it has the last that was asked for. */
const LISTEN = node(`
  const wanted = Number(process.env.WANTED);
  let got = 0;
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(name, () => {
      console.log('got ' + name);
      if (++got === wanted) process.exit(130);
    });
  }
  setTimeout(() => {}, 60_000);
  console.log('ready');`);

const WAIT = node("setTimeout(() => {}, 60_000); console.log('ready');");

async function shows(run, text) {
  while (!run.out.includes(text)) {
    assert.equal(run.child.exitCode, null, `it ended without ${text}: ${run.out}${run.err}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

for (const signals of [['SIGINT'], ['SIGTERM'], ['SIGHUP'], ['SIGINT', 'SIGTERM'], ['SIGINT', 'SIGINT']]) {
  test(`${signals.join(', then ')}: passed on at once, and the exit code waited for`, async (t) => {
    const run = begin(release(t, { program: LISTEN }), { env: { WANTED: String(signals.length) } });
    await shows(run, 'ready');
    let expected = 'ready\n';
    for (const name of signals) {
      const sent = performance.now();
      run.child.kill(name);
      await shows(run, (expected += `got ${name}\n`));
      // At once, as far as a busy machine lets it: long before the runner's next signal.
      assert.ok(performance.now() - sent < 5_000, `${name} took ${performance.now() - sent} ms`);
    }
    assert.deepEqual(await run.ended, { code: 130, signal: null, out: expected, err: '' });
  });
}

for (const [name, code] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
  test(`a program that ${name} ends: no error is added`, async (t) => {
    const run = begin(release(t, { program: WAIT }));
    await shows(run, 'ready');
    run.child.kill(name);
    assert.deepEqual(await run.ended, { code, signal: null, out: 'ready\n', err: '' });
  });
}

for (const [name, code, hint] of [
  ['SIGKILL', 137, ' (is the machine out of memory?)'],
  ['SIGSEGV', 139, ''],
  ['SIGTERM', 143, ''],
]) {
  test(`a program that ${name} ends, which we did not send`, async (t) => {
    const program = node(`
      require('node:fs').writeSync(1, 'half a line');
      process.kill(process.pid, '${name}');
      setTimeout(() => {}, 60_000);`);
    const run = await launch(release(t, { program }));
    assert.equal(run.code, code);
    assert.deepEqual(annotations(run), [`error: Hallmark was ended by ${name}${hint}.`]);
  });
}

for (const [name, code] of [['SIGINT', 130], ['SIGTERM', 143]]) {
  test(`${name} before the program has started: it is not`, async (t) => {
    // The signal comes while the executable is being read.
    const stub = path.join(temporary(t), 'stub.js');
    fs.writeFileSync(stub, `
      const fs = require('node:fs');
      const { openSync } = fs;
      fs.openSync = (file, ...more) => {
        if (/hallmark-linux/.test(file)) process.kill(process.pid, '${name}');
        return openSync(file, ...more);
      };`);
    const run = await launch(release(t), { options: ['--require', stub] });
    assert.deepEqual(run, { code, signal: null, out: `Cancelled (${name}) before Hallmark was started.\n`, err: '' });
  });
}

test('a signal at any moment: the program is told of it, or never started', async (t) => {
  const root = release(t, { program: WAIT });
  for (let delay = 0; delay < 200; delay += 10) {
    const run = begin(root);
    setTimeout(() => run.child.kill('SIGTERM'), delay);
    const { code, signal } = await run.ended;
    // Node ends by the signal itself while it has not come to the launcher.
    assert.ok(code === 143 || signal === 'SIGTERM', `after ${delay} ms: ${code}, ${signal}`);
  }
});
