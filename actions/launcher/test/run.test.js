'use strict';
// What the program is given, and what is passed on of it.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const tree = require('./tree.js');

const { ENTRIES, NAME, annotations, begin, checkout, launch, list, node, release, sha256, temporary, told } = tree;

const ACTIONS = [
  'archive', 'brief', 'chain', 'close', 'environments', 'expire', 'fetch-image', 'gate', 'goss-test', 'grype-scan', 'notify',
  'packer-build', 'policy-check', 'reap', 'regate', 'register-ami', 'sast-scan', 'sbom', 'secrets-scan', 'sign', 'trivy-scan', 'upload-sarif',
  'verify-image', 'verify-signatures',
];
const POSTS = ['chain', 'goss-test', 'packer-build'];

test('every action asks for itself, and post.js for what is left', async (t) => {
  const expected = [
    ...ACTIONS.map((action) => [`${action}/index.js`, [action]]),
    ...POSTS.map((action) => [`${action}/post.js`, [action, '--post']]),
  ];
  assert.deepEqual(ENTRIES, expected.map(([entry]) => entry));
  const root = release(t);
  for (const [entry, args] of expected) {
    assert.deepEqual(told(await launch(root, { entry: `actions/${entry}` })).args, args);
  }
});

test('the exit code is the program\'s', async (t) => {
  const root = release(t);
  for (const code of [0, 1, 2, 77, 255]) {
    const run = await launch(root, { env: { WANT: String(code) } });
    assert.equal(run.code, code);
    assert.deepEqual(annotations(run), []);
  }
});

test('a real executable runs', async (t) => {
  for (const [program, code] of [['/bin/true', 0], ['/bin/false', 1]]) {
    const run = await launch(release(t, { program: fs.readFileSync(program) }));
    assert.deepEqual(run, { code, signal: null, out: '', err: '' });
  }
});

test('environment and working folder arrive as they are', async (t) => {
  const cwd = temporary(t);
  const env = {
    'INPUT_SIGNING-KEY': '-----BEGIN\nline two\n-----END\n',
    'INPUT_FAIL-ON': '',
    'INPUT_WITH BLANK': ' $(x) `y` "z" \'',
    'INPUT_ÜBER': 'ünïcode \u{1f511}',
    INPUT_LONG: 'x'.repeat(100_000),
    STATE_scratch: '/tmp/x',
    GITHUB_ACTIONS: 'true',
  };
  const run = await launch(release(t), { env, cwd });
  assert.deepEqual(told(run).env, { PATH: process.env.PATH, ...env });
  assert.equal(told(run).cwd, cwd);
  assert.deepEqual(annotations(run), []);
});

test('what loads foreign code is not passed on, and that is said', async (t) => {
  const root = release(t);
  // These are harmless to Node, which gets them too.
  const env = { LD_BIND_NOW: '1', LD_LIBRARY_PATH: '/nowhere', GLIBC_TUNABLES: 'glibc.malloc.check=0', LDFLAGS: '-s' };
  const run = await launch(root, { env });
  assert.deepEqual(told(run).env, { PATH: process.env.PATH, LDFLAGS: '-s' });
  const warning = 'warning: Not passed on to Hallmark: LD_BIND_NOW, LD_LIBRARY_PATH, GLIBC_TUNABLES.';
  assert.deepEqual(annotations(run), [warning]);

  const usual = await launch(root, { env: { LD_LIBRARY_PATH: '/opt/hostedtoolcache/Python/lib' } });
  assert.deepEqual(told(usual).env, { PATH: process.env.PATH });
  assert.deepEqual(annotations(usual), []);
  assert.match(usual.out, /^Not passed on to Hallmark: LD_LIBRARY_PATH\.$/m);
});

test('HALLMARK_BIN is not used in a release', async (t) => {
  const root = release(t);
  fs.mkdirSync(path.join(root, '.git')); // the commit of a release, checked out, is a release
  const run = await launch(root, { env: { HALLMARK_BIN: '/bin/false' } });
  assert.equal(run.code, 0);
  assert.equal(told(run).file, path.join(root, 'bin', NAME));
  assert.equal(told(run).env.HALLMARK_BIN, undefined);
  assert.deepEqual(annotations(run), [
    'warning: HALLMARK_BIN is set and not used: this is a release, which runs its own executable only.',
  ]);
});

test('HALLMARK_BIN is what a checkout runs, and the log names it', async (t) => {
  for (const kind of ['folder', 'file']) {
    const root = checkout(t);
    if (kind === 'file') { // as in a work tree
      fs.rmdirSync(path.join(root, '.git'));
      fs.writeFileSync(path.join(root, '.git'), 'gitdir: elsewhere\n');
    }
    const program = node("console.log('mine'); process.exitCode = 3;");
    const file = path.join(temporary(t), 'my hallmark');
    fs.writeFileSync(file, program, { mode: 0o755 });
    const run = await launch(root, { env: { HALLMARK_BIN: file } });
    assert.equal(run.code, 3);
    const named = `${JSON.stringify(file)} (SHA-256 ${sha256(program)})`;
    assert.equal(run.out, `A checkout of the source: HALLMARK_BIN runs unverified, ${named}\nmine\n`);
  }
});

test('no shell sees a path', async (t) => {
  const names = ['with blanks', '$(touch x)', "it's", '"quoted"', 'a;b&c|d', 'ünï \u{1f511}', '-n', '%SHA%', '*'];
  for (const name of names) {
    const root = release(t, { name });
    const run = await launch(root);
    assert.equal(told(run)?.file, path.join(root, 'bin', NAME));
  }
});

test('a tree behind a symbolic link is found, however Node is told to see links', async (t) => {
  const root = release(t);
  const link = path.join(temporary(t), 'link');
  fs.symlinkSync(root, link);
  for (const env of [{}, { NODE_PRESERVE_SYMLINKS: '1', NODE_PRESERVE_SYMLINKS_MAIN: '1' }]) {
    assert.equal(told(await launch(link, { env })).file, path.join(root, 'bin', NAME));
  }
});

test('a package.json above the tree does not matter', async (t) => {
  const root = release(t, { program: '#!/bin/sh\necho fine\n' });
  fs.writeFileSync(path.join(path.dirname(root), 'package.json'), '{ "type": "module" }');
  assert.deepEqual(await launch(root), { code: 0, signal: null, out: 'fine\n', err: '' });
});

test('a list may name more than the executables', async (t) => {
  const root = release(t);
  for (const name of ['hallmark-linux-x64.cdx.json', 'hallmark-linux-arm64.sig', 'signatures.yml']) {
    fs.writeFileSync(path.join(root, 'bin', name), name);
  }
  list(root);
  assert.equal((await launch(root)).code, 0);
});

test('much output passes, all of it, and standard input and error too', async (t) => {
  const root = release(t, { program: '#!/bin/sh\nhead -c 20000000 /dev/zero | tr "\\0" x\ncat >&2\n' });
  const run = await launch(root, { input: 'hello' });
  assert.equal(run.out.length, 20_000_000);
  assert.deepEqual({ code: run.code, err: run.err }, { code: 0, err: 'hello' });
});

test('a log that nobody reads does not change the exit code', async (t) => {
  const root = release(t);
  fs.rmSync(path.join(root, 'bin'), { recursive: true });
  const run = begin(root);
  run.child.stdout.destroy();
  assert.equal((await run.ended).code, 2);
});
