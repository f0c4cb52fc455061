'use strict';
// Keeps of GitHub's API descriptions (70 MB each) only what this crate asks, so that the mock is up in
// a second or two. What is kept is as GitHub publishes it, but for one member, and for a form that the mock cannot hold
// bodies to.
const fs = require('node:fs');
const path = require('node:path');

const asked = [
  '/repos/{owner}/{repo}',
  '/repos/{owner}/{repo}/actions/permissions',
  '/repos/{owner}/{repo}/actions/permissions/workflow',
  '/repos/{owner}/{repo}/actions/runs',
  '/repos/{owner}/{repo}/actions/runs/{run_id}',
  '/repos/{owner}/{repo}/actions/runs/{run_id}/approvals',
  '/repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}/jobs',
  '/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs',
  '/repos/{owner}/{repo}/branches/{branch}',
  '/repos/{owner}/{repo}/commits/{commit_sha}/pulls',
  '/repos/{owner}/{repo}/commits/{ref}',
  '/repos/{owner}/{repo}/contents/{path}',
  '/repos/{owner}/{repo}/environments/{environment_name}',
  '/repos/{owner}/{repo}/pulls/{pull_number}/commits',
  '/repos/{owner}/{repo}/rules/branches/{branch}',
];
// What is asked and changed too, of each path only these methods.
const changed = {
  '/orgs/{org}/teams/{team_slug}': ['get'],
  '/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}': ['get'],
  '/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts': ['get'],
  '/repos/{owner}/{repo}/actions/runs/{run_id}/cancel': ['post'],
  '/repos/{owner}/{repo}/actions/runs/{run_id}/pending_deployments': ['get', 'post'],
  '/repos/{owner}/{repo}/check-runs': ['post'],
  '/repos/{owner}/{repo}/code-scanning/sarifs': ['post'],
  '/repos/{owner}/{repo}/code-scanning/sarifs/{sarif_id}': ['get'],
  '/repos/{owner}/{repo}/contents/{path}': ['put'],
  '/repos/{owner}/{repo}/dependency-graph/snapshots': ['post'],
  '/repos/{owner}/{repo}/environments': ['get'],
  '/repos/{owner}/{repo}/environments/{environment_name}': ['put'],
  '/repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies': ['get', 'post'],
  '/repos/{owner}/{repo}/environments/{environment_name}/deployment-branch-policies/{branch_policy_id}': ['delete'],
  '/repos/{owner}/{repo}/environments/{environment_name}/secrets': ['get'],
  '/repos/{owner}/{repo}/environments/{environment_name}/variables': ['get', 'post'],
  '/repos/{owner}/{repo}/environments/{environment_name}/variables/{name}': ['patch', 'delete'],
  '/repos/{owner}/{repo}/git/ref/{ref}': ['get'],
  '/repos/{owner}/{repo}/git/refs': ['post'],
  '/repos/{owner}/{repo}/issues/comments/{comment_id}': ['patch'],
  '/repos/{owner}/{repo}/issues/{issue_number}/comments': ['get', 'post'],
  '/repos/{owner}/{repo}/issues': ['get', 'post'],
  '/repos/{owner}/{repo}/issues/{issue_number}': ['patch'],
  '/repos/{owner}/{repo}/pulls': ['get', 'post'],
  '/user': ['get'],
  '/users/{username}': ['get'],
};
// `nullable` beside `anyOf` and without a `type` is nothing that the mock's validator knows, and it lets every body pass
// that has such a member somewhere: said in each of the `anyOf` instead, it means the same.
function nullableWithItsType(schema) {
  if (!schema || typeof schema !== 'object') return;
  const kinds = ['anyOf', 'oneOf'].find((kinds) => Array.isArray(schema[kinds]));
  if (schema.nullable && !schema.type && kinds) {
    schema[kinds] = schema[kinds].map((one) => ({ ...one, nullable: true }));
    delete schema.nullable;
  }
  Object.values(schema).forEach(nullableWithItsType);
}

const from = path.join(__dirname, 'node_modules/@octokit/openapi/generated');

for (const name of ['api.github.com', 'ghes-3.17']) {
  const whole = JSON.parse(fs.readFileSync(path.join(from, `${name}.deref.json`), 'utf8'));
  const paths = {};
  for (const at of asked) {
    if (!whole.paths[at]) throw new Error(`${name} does not describe ${at}`);
    paths[at] = { get: whole.paths[at].get };
  }
  for (const [at, methods] of Object.entries(changed)) {
    for (const method of methods) {
      if (!whole.paths[at]?.[method]) throw new Error(`${name} does not describe ${method} ${at}`);
      paths[at] = { ...paths[at], [method]: whole.paths[at][method] };
    }
  }
  // GitHub takes this member, and its clients send it; left out, it means `true`. Its description does not have it yet.
  const environment = paths['/repos/{owner}/{repo}/environments/{environment_name}'].put.requestBody;
  const members = environment.content['application/json'].schema.properties;
  if (members.can_admins_bypass) throw new Error(`${name} describes can_admins_bypass by now: take this out`);
  members.can_admins_bypass = { type: 'boolean' };
  for (const path of Object.values(paths)) {
    for (const operation of Object.values(path)) nullableWithItsType(operation.requestBody);
  }
  const cut = { openapi: whole.openapi, info: whole.info, paths };
  fs.writeFileSync(path.join(__dirname, `${name}.json`), JSON.stringify(cut));
}
