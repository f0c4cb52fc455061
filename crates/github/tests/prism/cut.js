'use strict';
// Keeps of GitHub's API descriptions (70 MB each) only what this crate asks, so that the mock is up in
// a second or two. What is kept is as GitHub publishes it.
const fs = require('node:fs');
const path = require('node:path');

const asked = [
  '/repos/{owner}/{repo}',
  '/repos/{owner}/{repo}/actions/permissions',
  '/repos/{owner}/{repo}/actions/permissions/workflow',
  '/repos/{owner}/{repo}/actions/runs/{run_id}',
  '/repos/{owner}/{repo}/actions/runs/{run_id}/approvals',
  '/repos/{owner}/{repo}/branches/{branch}',
  '/repos/{owner}/{repo}/commits/{commit_sha}/pulls',
  '/repos/{owner}/{repo}/commits/{ref}',
  '/repos/{owner}/{repo}/contents/{path}',
  '/repos/{owner}/{repo}/environments/{environment_name}',
  '/repos/{owner}/{repo}/pulls/{pull_number}/commits',
  '/repos/{owner}/{repo}/rules/branches/{branch}',
];
const from = path.join(__dirname, 'node_modules/@octokit/openapi/generated');

for (const name of ['api.github.com', 'ghes-3.17']) {
  const whole = JSON.parse(fs.readFileSync(path.join(from, `${name}.deref.json`), 'utf8'));
  const paths = {};
  for (const at of asked) {
    if (!whole.paths[at]) throw new Error(`${name} does not describe ${at}`);
    paths[at] = { get: whole.paths[at].get };
  }
  const cut = { openapi: whole.openapi, info: whole.info, paths };
  fs.writeFileSync(path.join(__dirname, `${name}.json`), JSON.stringify(cut));
}
