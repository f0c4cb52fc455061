'use strict';
// Throw-away trees, laid as a release lays its own, and the launcher run in them as a runner does.

const { spawn } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ACTIONS = path.resolve(__dirname, '../..');
/** Each action's index.js, and post.js where there is one. */
const ENTRIES = ['index.js', 'post.js']
  .flatMap((file) => fs.readdirSync(ACTIONS).map((action) => path.join(action, file)))
  .filter((file) => fs.existsSync(path.join(ACTIONS, file)));
const NAME = `hallmark-linux-${process.arch}`;

/** A program that tells what it was given, then ends as WANT says. */
const TELL = node(`
  const { argv, env } = process;
  console.log('ran ' + JSON.stringify({ file: argv[1], args: argv.slice(2), env, cwd: process.cwd() }));
  process.exitCode = Number(env.WANT ?? 0);`);

/** An executable file with this JavaScript. */
function node(source) {
  return `#!${process.execPath}\n${source}\n`;
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A folder that is gone after the test. */
function temporary(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'launcher-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return fs.realpathSync(folder);
}

/** A tree of `actions/` alone: neither a release nor a checkout. */
function bare(t, name = 'tree') {
  const root = path.join(temporary(t), name);
  const copy = (file) => {
    fs.mkdirSync(path.join(root, 'actions', path.dirname(file)), { recursive: true });
    fs.copyFileSync(path.join(ACTIONS, file), path.join(root, 'actions', file));
  };
  ['package.json', 'launcher/launcher.js', ...ENTRIES].forEach(copy);
  return root;
}

/** A release whose executable for this platform is the program. */
function release(t, { program = TELL, name } = {}) {
  const root = bare(t, name);
  fs.mkdirSync(path.join(root, 'bin'));
  fs.writeFileSync(path.join(root, 'bin', NAME), program, { mode: 0o755 });
  list(root);
  return root;
}

/** A checkout of the source. */
function checkout(t) {
  const root = bare(t);
  fs.mkdirSync(path.join(root, '.git'));
  return root;
}

/** Writes the list anew, with what is in bin/ now. */
function list(root) {
  const bin = path.join(root, 'bin');
  const names = fs.readdirSync(bin).filter((name) => name !== 'SHA256SUMS').sort();
  const lines = names.map((name) => `${sha256(fs.readFileSync(path.join(bin, name)))}  ${name}\n`);
  fs.writeFileSync(path.join(bin, 'SHA256SUMS'), lines.join(''));
}

/** A running launcher: what it wrote so far, and a promise of how it ended. */
function begin(root, { entry = 'actions/gate/index.js', env = {}, options = [], input, ...more } = {}) {
  const child = spawn(process.execPath, [...options, path.join(root, entry)], {
    env: { PATH: process.env.PATH, ...env },
    timeout: 120_000, // nothing here takes a second, but on a busy machine
    killSignal: 'SIGKILL',
    ...more,
  });
  const run = { child, out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (run.out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (run.err += text));
  child.stdin.on('error', () => {}); // it may end without having read
  child.stdin.end(input);
  run.ended = new Promise((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, out: run.out, err: run.err }));
  });
  return run;
}

/** Runs the launcher to its end. */
async function launch(root, how) {
  return begin(root, how).ended;
}

/** What TELL told; undefined where it did not run. */
function told(run) {
  const line = run.out.split('\n').find((one) => one.startsWith('ran '));
  return line === undefined ? undefined : JSON.parse(line.slice(4));
}

/** The annotations of a run, `level: message`. */
function annotations(run) {
  return [...run.out.matchAll(/^::(\w+) title=Hallmark::(.*)$/gm)].map(([, level, message]) => `${level}: ${message}`);
}

module.exports = {
  ENTRIES, NAME, annotations, bare, begin, checkout, launch, list, node, release, sha256, temporary, told,
};
