'use strict';
// What every action's index.js and post.js call: it takes the executable for this platform from the
// tree that this file came in, checks it against the SHA-256 list in the same tree, and runs it.
//
// Whatever is not as it should be is refused with exit code 2, "could not decide". It must never be
// 1: that is a decision, and also what Node ends with when nobody catches an exception.

const fs = require('node:fs');
const path = require('node:path');

// Supported platforms, each with its machine as an ELF header has it.
const MACHINES = { 'linux-x64': 0x3e, 'linux-arm64': 0xb7 };
const PLATFORM = `${process.platform}-${process.arch}`;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

const LIST = 'bin/SHA256SUMS';
const LIST_LIMIT = 64 * 1024;
const LIST_LINE = /^([0-9a-f]{64}) {2}([A-Za-z0-9][A-Za-z0-9._-]*)$/;

const PIN = 'Pin the action to the full commit SHA of a release.';
const DAMAGED = 'This copy of the release is not whole or was changed: remove it from the runner and run again.';

/** Nothing was run; the message says what was wrong and what to do. */
class Refusal extends Error {
  constructor(what, todo = DAMAGED) {
    super(`${what}. ${todo}`);
  }
}

/** Runs `hallmark <action> <args…>` and ends with its exit code. */
function launch(action, ...args) {
  const run = { child: undefined, signals: [] };
  listen(run);
  guarded(() => {
    // Resolved here, because NODE_PRESERVE_SYMLINKS decides whether __dirname already is.
    const root = path.dirname(path.dirname(fs.realpathSync(__dirname)));
    const program = choose(root, process.env);
    const env = environment(process.env);
    // Signals are delivered between two turns of the event loop: one that came while we were at work
    // is known after this one, and then nothing is started.
    setImmediate(() => guarded(() => start(run, program, [action, ...args], env)));
  });
}

function guarded(work) {
  try {
    work();
  } catch (error) {
    refuse(error instanceof Refusal ? error.message : `The launcher failed: ${error.message}.`);
  }
}

/** The path of the executable. A tree that has a bin/ is a release, whatever that bin/ is. */
function choose(root, env) {
  if (exists(path.join(root, 'bin'))) {
    if (env.HALLMARK_BIN) {
      annotate('warning', 'HALLMARK_BIN is set and not used: this is a release, which runs its own executable only.');
    }
    return released(root);
  }
  if (!exists(path.join(root, '.git'))) {
    throw new Refusal(`${root} is no release: it has no bin/, so there is nothing to run`, PIN);
  }
  return development(root, env.HALLMARK_BIN);
}

function released(root) {
  if (!(PLATFORM in MACHINES)) {
    throw new Refusal(`Hallmark does not run on ${PLATFORM}`, `It runs on ${Object.keys(MACHINES).join(' and ')}.`);
  }
  if (!fs.lstatSync(path.join(root, 'bin')).isDirectory()) {
    throw new Refusal(`${root}/bin is not a folder; a symbolic link is not followed`);
  }
  const name = `hallmark-${PLATFORM}`;
  const digests = readList(path.join(root, LIST));
  if (!digests.has(name)) {
    const others = Object.keys(MACHINES).filter((platform) => digests.has(`hallmark-${platform}`));
    const platforms = others.join(', ') || 'no platform';
    throw new Refusal(`${root}/${LIST} does not list ${name}`, `This release is for ${platforms}.`);
  }
  const file = path.join(root, 'bin', name);
  const expected = digests.get(name);
  const found = examine(file);
  if (found.digest !== expected) {
    throw new Refusal(`${file} has the wrong SHA-256: expected ${expected} (from ${LIST}), found ${found.digest}`);
  }
  checkRunnable(file, found);
  return file;
}

/** HALLMARK_BIN: in a checkout of the source there is nothing to check it against. */
function development(root, file) {
  if (!file) {
    throw new Refusal(`${root} is a checkout of the source: it has .git and no bin/`, 'Run `make build` there and '
      + `set HALLMARK_BIN to the absolute path of target/debug/hallmark. In a workflow: ${PIN}`);
  }
  if (!path.isAbsolute(file)) {
    throw new Refusal(`HALLMARK_BIN is not an absolute path: ${JSON.stringify(file)}`, 'Set it to one.');
  }
  const found = examine(file, 'Set HALLMARK_BIN to an executable.');
  checkRunnable(file, found);
  say(`A checkout of the source: HALLMARK_BIN runs unverified, ${JSON.stringify(file)} (SHA-256 ${found.digest})`);
  return file;
}

/** The list, name → digest: what `sha256sum` writes, and nothing that could be read in two ways. */
function readList(file) {
  const { bytes } = examine(file, DAMAGED, LIST_LIMIT);
  const lines = bytes.toString('latin1').split('\n');
  const last = lines.pop();
  if (last !== '' || lines.length === 0) {
    throw new Refusal(`${file} ${last === '' ? 'is empty' : 'is cut off: its last line does not end'}`);
  }
  const digests = new Map();
  lines.forEach((line, index) => {
    const [, digest, name] = LIST_LINE.exec(line) ?? [];
    if (digest === undefined || digests.has(name)) {
      const what = digest === undefined ? 'is not 64 hex digits, two spaces and a file name' : `lists ${name} again`;
      throw new Refusal(`${file} is malformed: line ${index + 1} ${what}`);
    }
    digests.set(name, digest);
  });
  return digests;
}

/** The first bytes of a regular file, at most `limit` where one is given; its SHA-256; its mode. */
function examine(file, todo = DAMAGED, limit = Infinity) {
  const fd = open(file, todo);
  try {
    const stat = fs.fstatSync(fd);
    if (!stat.isFile()) {
      throw new Refusal(`${file} is not a regular file`, todo);
    }
    if (stat.size > limit) {
      throw new Refusal(`${file} has ${stat.size} bytes; at most ${limit} are read`, todo);
    }
    const hash = require('node:crypto').createHash('sha256');
    const piece = Buffer.allocUnsafe(256 * 1024); // small enough to stay in the processor's cache
    let bytes;
    for (let count; (count = fs.readSync(fd, piece)) > 0; ) {
      hash.update(piece.subarray(0, count));
      bytes ??= Buffer.from(piece.subarray(0, Math.min(count, LIST_LIMIT)));
    }
    return { bytes: bytes ?? Buffer.alloc(0), digest: hash.digest('hex'), mode: stat.mode };
  } finally {
    fs.closeSync(fd);
  }
}

function open(file, todo) {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  try {
    return fs.openSync(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK); // a named pipe would block for ever
  } catch (error) {
    const what = { ENOENT: 'is missing', ELOOP: 'is a symbolic link, which is not followed' }[error.code];
    throw new Refusal(`${file} ${what ?? `cannot be read: ${error.message}`}`, todo);
  }
}

function checkRunnable(file, { bytes, mode }) {
  // What the kernel knows no way to run, execvp hands to /bin/sh: it must not come to that.
  const script = bytes.toString('latin1', 0, 2) === '#!';
  const elf = bytes.length >= 20 && bytes.toString('latin1', 0, 4) === '\x7fELF';
  if (!script && !(elf && bytes.readUInt16LE(18) === MACHINES[PLATFORM])) {
    throw new Refusal(`${file} is not an executable for ${PLATFORM}`, 'Use one that is.');
  }
  if ((mode & 0o111) === 0) {
    throw new Refusal(`${file} is not marked as executable, as happens to a tree in an artifact or a zip file`,
      'Run chmod +x on it, or use the commit of the release itself.');
  }
}

/** What the program gets: everything, without what changes which code of ours runs. */
function environment(env) {
  // Any earlier step can set these through GITHUB_ENV. An attacker there could as well rewrite this
  // file; but libraries meant for another program should not end up in ours, and that is cheap.
  const foreign = Object.keys(env).filter((name) => name.startsWith('LD_') || name === 'GLIBC_TUNABLES');
  if (foreign.length > 0) {
    // setup-python sets LD_LIBRARY_PATH for every later step, so that is no reason for a warning.
    const told = foreign.every((name) => name === 'LD_LIBRARY_PATH') ? say : (text) => annotate('warning', text);
    told(`Not passed on to Hallmark: ${foreign.join(', ')}.`);
  }
  const kept = Object.entries(env).filter(([name]) => name !== 'HALLMARK_BIN' && !foreign.includes(name));
  return Object.fromEntries(kept);
}

function listen(run) {
  // On a cancel the runner signals this process alone, and kills it after 10 s: so pass it on at
  // once, and wait for the program, which has tools of its own to end.
  for (const name of Object.keys(SIGNALS)) {
    process.on(name, () => {
      run.signals.push(name);
      run.child?.kill(name);
    });
  }
}

function start(run, program, args, env) {
  if (run.signals.length > 0) {
    say(`Cancelled (${run.signals[0]}) before Hallmark was started.`);
    process.exitCode = 128 + SIGNALS[run.signals[0]];
    return;
  }
  // By its path. /proc/self/fd/… would run the very inode that was hashed, but a script's interpreter
  // and an emulator cannot open that, and who can swap the file can rewrite this one too.
  run.child = require('node:child_process').spawn(program, args, { env, shell: false, stdio: 'inherit' });
  run.child.on('error', (error) => refuse(notStarted(program, error)));
  run.child.on('exit', (code, signal) => {
    if (signal !== null && !run.signals.includes(signal)) {
      say(''); // the program may have left half a line
      const hint = signal === 'SIGKILL' ? ' (is the machine out of memory?)' : '';
      annotate('error', `Hallmark was ended by ${signal}${hint}.`);
    }
    process.exit(signal === null ? code : 128 + require('node:os').constants.signals[signal]);
  });
}

function notStarted(program, error) {
  const why = {
    ENOENT: 'its loader or interpreter is not on this machine',
    EACCES: 'permission was denied: its folder may be mounted with noexec',
  }[error.code];
  return `${program} cannot be started: ${why ?? error.message} (${error.code}).`;
}

function refuse(message) {
  annotate('error', `${message} Nothing was run.`);
  process.exitCode = 2;
}

function exists(file) {
  return fs.lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** An annotation. Its title is ours and has nothing to escape. */
function annotate(level, message) {
  const escaped = message.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  say(`::${level} title=Hallmark::${escaped}`);
}

function say(line) {
  try {
    // Not process.stdout: that would make a pipe non-blocking under the program that shares it.
    fs.writeSync(1, `${line}\n`);
  } catch {
    // Nobody reads the log any more; the exit code still says how it ended.
  }
}

module.exports = { launch };
