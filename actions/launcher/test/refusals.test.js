'use strict';
// Each thing that is not as it should be: exit code 2, one sentence, and nothing was run.

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { NAME, annotations, bare, checkout, launch, list, release, sha256, temporary } = require('./tree.js');

const DIGEST = 'a'.repeat(64);
const OTHER = NAME.endsWith('x64') ? 'hallmark-linux-arm64' : 'hallmark-linux-x64';

/** Changes the list's text. */
function listed(change) {
  return ({ sums }) => fs.writeFileSync(sums, change(fs.readFileSync(sums, 'utf8')));
}

/** Puts another executable in place, and lists it. */
function executable(bytes) {
  return ({ root, exe }) => {
    fs.writeFileSync(exe, bytes);
    list(root);
  };
}

/** Puts something else in the place of a file. */
function instead(which, make) {
  return (places) => {
    fs.renameSync(places[which], `${places[which]}.aside`);
    make(places[which], `${places[which]}.aside`);
  };
}

const link = (file, aside) => fs.symlinkSync(aside, file);
const dangling = (file) => fs.symlinkSync('nowhere', file);
const folder = (file) => fs.mkdirSync(file);
const pipe = (file) => execFileSync('mkfifo', [file]);
const plain = (file) => fs.writeFileSync(file, '');
const nothing = () => {};

function flipped({ exe }) {
  const bytes = fs.readFileSync(exe);
  bytes[bytes.length >> 1] ^= 1;
  fs.writeFileSync(exe, bytes);
  return { found: sha256(bytes) };
}

function elsewhere({ root, exe }) {
  fs.renameSync(exe, path.join(root, 'bin', OTHER));
  list(root);
}

/** A real executable, of a machine that is nobody's. */
function alien() {
  const bytes = fs.readFileSync('/bin/true');
  bytes.writeUInt16LE(0xfffe, 18);
  return bytes;
}

// What is wrong, and the sentence about it; @exe, @list, @bin and @found stand for this tree's.
const RELEASES = [
  ['a flipped byte', flipped,
    /@exe has the wrong SHA-256: expected \w{64} \(from bin\/SHA256SUMS\), found @found\. This copy/],
  ['no executable', instead('exe', nothing), /@exe is missing\. This copy/],
  ['another platform only', elsewhere,
    new RegExp(`@list does not list ${NAME}\\. This release is for ${OTHER.slice('hallmark-'.length)}\\.`)],
  ['an executable that is not listed', listed(() => `${DIGEST}  other\n`),
    /@list does not list .*\. This release is for no platform\./],
  ['a link for the executable', instead('exe', link), /@exe is a symbolic link, which is not followed/],
  ['a folder for the executable', instead('exe', folder), /@exe is not a regular file/],
  ['a named pipe for the executable', instead('exe', pipe), /@exe is not a regular file/],
  ['a mode that was lost', ({ exe }) => fs.chmodSync(exe, 0o644),
    /@exe is not marked as executable, .* Run chmod \+x on it/],
  ['a text for the executable', executable('echo I am a script'), /@exe is not an executable for linux/],
  ['an empty executable', executable(''), /@exe is not an executable for linux/],
  ['an executable of a few bytes', executable('\x7fELF'), /@exe is not an executable for linux/],
  ['an executable for another machine', executable(alien()), /@exe is not an executable for linux/],
  ['no interpreter', executable('#!/nowhere/sh\n'),
    /@exe cannot be started: its loader or interpreter is not on this machine \(ENOENT\)/],
  ['no list', instead('sums', nothing), /@list is missing/],
  ['a link for the list', instead('sums', link), /@list is a symbolic link, which is not followed/],
  ['a folder for the list', instead('sums', folder), /@list is not a regular file/],
  ['an empty list', listed(() => ''), /@list is empty/],
  ['a list that is cut off', listed((text) => text.slice(0, -1)), /@list is cut off: its last line does not end/],
  ['a list whose second line is cut off', listed((text) => `${text}${DIGEST}  x`), /@list is cut off/],
  ['a list that is too long', listed((text) => text + `${DIGEST}  x\n`.repeat(1000)),
    /@list has \d+ bytes; at most 65536 are read/],
  ['a link for bin/', instead('bin', link), /@bin is not a folder; a symbolic link is not followed/],
  ['a dangling link for bin/', instead('bin', dangling), /@bin is not a folder/],
  ['a file for bin/', instead('bin', plain), /@bin is not a folder/],
  ['an empty bin/', instead('bin', folder), /@list is missing/],
];

const MALFORMED = [
  ['CRLF', (text) => text.replace('\n', '\r\n'), 1],
  ['an empty line', (text) => `${text}\n`, 2],
  ['a comment', (text) => `# sums\n${text}`, 1],
  ['one space', (text) => text.replace('  ', ' '), 1],
  ['binary mode', (text) => text.replace('  ', ' *'), 1],
  ['upper-case digits', (text) => text.slice(0, 64).toUpperCase().replace(/^./, 'A') + text.slice(64), 1],
  ['a short digest', (text) => text.slice(1), 1],
  ['a path', (text) => `${text}${DIGEST}  ../actions/launcher/launcher.js\n`, 2],
  ['an absolute path', (text) => `${text}${DIGEST}  /bin/sh\n`, 2],
  ['a hidden name', (text) => `${text}${DIGEST}  .hidden\n`, 2],
  ['a name with a blank', (text) => `${text}${DIGEST}  a b\n`, 2],
  ['no name', (text) => `${text}${DIGEST}  \n`, 2],
  ['a byte that is not ASCII', (text) => `${text}${DIGEST}  \u00e9\n`, 2],
  ['a NUL', (text) => `${text}${DIGEST}  a\0b\n`, 2],
];

function refused(run, sentence) {
  assert.deepEqual({ code: run.code, signal: run.signal, err: run.err }, { code: 2, signal: null, err: '' });
  assert.doesNotMatch(run.out, /^ran/m);
  const [message, ...others] = annotations(run);
  assert.deepEqual(others, []);
  assert.match(message, /^error: .*\. Nothing was run\.$/);
  assert.match(message, sentence);
}

/** The sentence, with the places of this tree in it. */
function inTree(sentence, places) {
  const named = (source, [name, place]) => source.replaceAll(name, place);
  return new RegExp(Object.entries(places).reduce(named, sentence.source));
}

for (const [name, prepare, sentence] of RELEASES) {
  test(`a release with ${name}`, async (t) => {
    const root = release(t);
    const bin = path.join(root, 'bin');
    const places = { root, bin, exe: path.join(bin, NAME), sums: path.join(bin, 'SHA256SUMS') };
    const found = prepare(places)?.found;
    const names = { '@exe': places.exe, '@list': places.sums, '@bin': bin, '@found': found };
    refused(await launch(root), inTree(sentence, names));
  });
}

for (const [name, change, line] of MALFORMED) {
  test(`a list with ${name}`, async (t) => {
    const root = release(t);
    listed(change)({ sums: path.join(root, 'bin/SHA256SUMS') });
    const what = `line ${line} is not 64 hex digits, two spaces and a file name`;
    refused(await launch(root), new RegExp(`SHA256SUMS is malformed: ${what}\\.`));
  });
}

test('a list with a name twice, even with the same digest', async (t) => {
  const root = release(t);
  listed((text) => text + text)({ sums: path.join(root, 'bin/SHA256SUMS') });
  refused(await launch(root), new RegExp(`SHA256SUMS is malformed: line 2 lists ${NAME} again\\.`));
});

for (const [platform, arch] of [['darwin', 'arm64'], ['win32', 'x64'], ['linux', 'riscv64']]) {
  test(`a release on ${platform}-${arch}`, async (t) => {
    const stub = path.join(temporary(t), 'stub.js');
    const values = `{ platform: { value: '${platform}' }, arch: { value: '${arch}' } }`;
    fs.writeFileSync(stub, `Object.defineProperties(process, ${values});`);
    const run = await launch(release(t), { options: ['--require', stub] });
    refused(run, new RegExp(`Hallmark does not run on ${platform}-${arch}\\. It runs on linux-x64 and linux-arm64\\.`));
  });
}

test('a tree that is neither a release nor a checkout, with HALLMARK_BIN and without', async (t) => {
  const root = bare(t);
  const sentence = /is no release: it has no bin\/, .* Pin the action to the full commit SHA of a release\./;
  refused(await launch(root), sentence);
  refused(await launch(root, { env: { HALLMARK_BIN: '/bin/true' } }), sentence);
});

test('a checkout without a good HALLMARK_BIN', async (t) => {
  const root = checkout(t);
  const place = temporary(t);
  const unmarked = path.join(place, 'plain');
  fs.copyFileSync('/bin/true', unmarked);
  fs.chmodSync(unmarked, 0o600);
  const linked = path.join(place, 'link');
  fs.symlinkSync('/bin/true', linked);
  const cases = [
    [undefined, /is a checkout of the source: .* set HALLMARK_BIN to the absolute path/],
    ['', /is a checkout of the source: /],
    ['target/debug/hallmark', /HALLMARK_BIN is not an absolute path: "target\/debug\/hallmark"\. Set it to one\./],
    ['x\n::error::y', /HALLMARK_BIN is not an absolute path: "x\\n::error::y"\./],
    [path.join(place, 'none'), /none is missing\. Set HALLMARK_BIN to an executable\./],
    [place, /is not a regular file\. Set HALLMARK_BIN/],
    [linked, /link is a symbolic link, which is not followed\. Set HALLMARK_BIN/],
    [unmarked, /plain is not marked as executable/],
    [__filename, /is not an executable for linux/],
  ];
  for (const [value, sentence] of cases) {
    refused(await launch(root, { env: value === undefined ? {} : { HALLMARK_BIN: value } }), sentence);
  }
});

test('what is in a path is text, and no workflow command', async (t) => {
  const root = release(t, { name: '100%\n::warning::\rno' });
  fs.rmSync(path.join(root, 'bin/SHA256SUMS'));
  refused(await launch(root), /\/100%25%0A::warning::%0Dno\/bin\/SHA256SUMS is missing/);
});

test('a mistake in the launcher, early or late, is no decision', async (t) => {
  const stub = path.join(temporary(t), 'stub.js');
  for (const [module, name] of [['fs', 'lstatSync'], ['child_process', 'spawn']]) {
    fs.writeFileSync(stub, `require('node:${module}').${name} = () => { throw new Error('mistake'); };`);
    const run = await launch(release(t), { options: ['--require', stub] });
    refused(run, /^error: The launcher failed: mistake\. Nothing was run\.$/);
  }
});
