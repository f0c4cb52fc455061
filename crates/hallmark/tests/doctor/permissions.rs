//! What a job may do: permissions, the job that runs the template, foreign code beside secrets.

use crate::doctor::fixture::{GOOD, Repository, WORKFLOW, check, row};

#[test]
fn permissions_and_the_job_that_runs_the_template() {
    check(&[
        row("permissions: {}\n", "", "permissions", "ok", "stated", ""),
        row(
            "permissions: {}\n",
            "permissions: write-all\n",
            "permissions",
            "warning",
            "`write-all`",
            "write-all",
        ),
        row(
            "    permissions:\n      contents: read\n      security-events: write\n",
            "    permissions: write-all\n",
            "permissions",
            "warning",
            "the job `assay` has `write-all`",
            "write-all",
        ),
        row(
            "      security-events: write\n",
            "",
            "job-permissions",
            "problem",
            "the job `assay` has no `security-events: write`",
            "upload-sarif",
        ),
        row(
            "github/codeql-action/upload-sarif@0daa2b3d1ba0ef3d5e5a9dfc0fd7a2c9d6d24e73 # v4\n        with:\n          sarif_file: x.sarif",
            "hallmark-images/hallmark/actions/upload-sarif@0123456789abcdef0123456789abcdef01234567 # v0.1.0\n        with:\n          token: ${{ github.token }}\n          sarif: x.sarif",
            "job-permissions",
            "warning",
            "the job `assay` has no `actions: read`",
            "upload-sarif",
        ),
        row(
            "      security-events: write\n    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          ref: ${{ github.event.repository.default_branch }}\n          persist-credentials: false\n",
            "    steps:\n      - uses: hallmark-images/hallmark/actions/upload-sarif@0123456789abcdef0123456789abcdef01234567 # v0.1.0\n        with:\n          token: ${{ github.token }}\n          sarif: x.sarif\n",
            "job-permissions",
            "problem",
            "nothing comes into the Security tab",
            "upload-sarif",
        ),
        row(
            "      contents: read\n      security-events: write\n",
            "      security-events: write\n",
            "job-permissions",
            "warning",
            "cannot check out a private repository",
            "actions/checkout",
        ),
        row(
            "      - run: sudo apt-get install --yes mmdebstrap\n",
            "      - uses: aws-actions/configure-aws-credentials@0123456789abcdef0123456789abcdef01234567\n        with: {role-to-assume: x}\n",
            "job-permissions",
            "problem",
            "the job `bake` has no `id-token: write`",
            "aws-actions",
        ),
        row(
            "          signing-key: ${{ secrets.PUBLISH }}\n",
            "          signing-key: keyless\n",
            "job-permissions",
            "problem",
            "the job `publish` has no `id-token: write`, and without it the runner gives no OIDC token, by which the step signs",
            "register-ami",
        ),
        row(
            "      - run: sudo apt-get install --yes mmdebstrap\n",
            "      - uses: actions/attest@0123456789abcdef0123456789abcdef01234567\n",
            "job-permissions",
            "problem",
            "no `attestations: write`",
            "actions/attest@",
        ),
        row(
            "      contents: read\n    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          persist-credentials: false\n      - run",
            "      contents: write\n      packages: write\n    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          persist-credentials: false\n      - run",
            "template-job",
            "warning",
            "may write contents, packages",
            "contents: write",
        ),
        row(
            "        with:\n          persist-credentials: false\n      - run",
            "      - run",
            "template-job",
            "warning",
            "leaves the job's token on the disk",
            "actions/checkout",
        ),
    ]);
    let silent = GOOD
        .replace("permissions: {}\n", "")
        .replace("    permissions:\n      contents: read\n    steps:", "    steps:");
    let findings = Repository::good().file(WORKFLOW, silent).findings();
    assert_eq!(findings.of("permissions").len(), 1);
    assert!(findings.of("permissions")[0].starts_with("warning "), "{:?}", findings.of("permissions"));
    // With static keys nobody asks for a token.
    let by_key = "      - uses: aws-actions/configure-aws-credentials@0123456789abcdef0123456789abcdef01234567\n        with: {role-to-assume: x, aws-access-key-id: y}\n";
    let findings = Repository::good()
        .with(WORKFLOW, "      - run: sudo apt-get install --yes mmdebstrap\n", by_key)
        .findings();
    assert!(findings.of("job-permissions")[0].starts_with("ok"), "{:?}", findings.of("job-permissions"));
}

#[test]
fn a_role_is_opened_by_a_token() {
    // Of a job that publishes: what it is given, its permissions, the workflow's, its events; whether it can do so.
    const ROLE: &str = "aws-role: ${{ vars.ROLE }}";
    const READS: &str = "permissions: {contents: read}";
    const DISPATCHED: &str = "workflow_dispatch:";
    const CALLED: &str = "workflow_call:";
    let cases = [
        (ROLE, READS, READS, DISPATCHED, false),
        ("aws-role: arn:aws:iam::111122223333:role/publish", READS, READS, DISPATCHED, false),
        ("aws-role: ''", READS, READS, DISPATCHED, true),
        (ROLE, "permissions: {contents: read, id-token: write}", READS, DISPATCHED, true),
        (ROLE, "permissions: write-all", READS, DISPATCHED, true),
        (ROLE, "permissions: read-all", READS, DISPATCHED, false),
        // A job's own word counts, and nothing of the workflow's beside it.
        (ROLE, READS, "permissions: {contents: read, id-token: write}", DISPATCHED, false),
        (ROLE, "", "permissions: {contents: read, id-token: write}", DISPATCHED, true),
        // By default no job may ask for a token, unless whoever calls the workflow lets it.
        (ROLE, "", "", DISPATCHED, false),
        (ROLE, "", "", CALLED, true),
        (ROLE, "", "", "workflow_call:\n  workflow_dispatch:", false),
        (ROLE, READS, "", CALLED, false),
    ];
    for (given, job, workflow, events, good) in cases {
        let text = [
            ("          channel: stable\n", format!("          channel: stable\n          {given}\n")),
            ("production\n    permissions:\n      contents: read\n", format!("production\n    {job}\n")),
            ("permissions: {}\n", format!("{workflow}\n")),
            ("  workflow_dispatch:\n  schedule:\n    - cron: '37 4 * * 1'\n", format!("  {events}\n")),
        ]
        .into_iter()
        .fold(GOOD.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{from}");
            text.replace(from, &to)
        });
        let found = Repository::good().file(WORKFLOW, text).findings().of("job-permissions");
        let expected = "problem the job `publish` has no `id-token: write`, and without it the runner gives no OIDC token, by \
                        which the step assumes its `aws-role`";
        assert_eq!(found[0].starts_with(expected), !good, "{given} {job} {workflow} {events}: {found:?}");
        assert_eq!(found[0].starts_with("ok"), good, "{given} {job} {workflow} {events}: {found:?}");
    }
}

#[test]
fn foreign_code_with_secrets() {
    for (trigger, reference, expected) in [
        ("pull_request_target", "", Some("warning `pull_request_target` gives")),
        (
            "pull_request_target",
            "          ref: ${{ github.event.pull_request.head.sha }}\n",
            Some("problem on `pull_request_target`, this checks out"),
        ),
        (
            "workflow_run",
            "          ref: ${{ github.event.workflow_run.head_sha }}\n",
            Some("problem on `workflow_run`"),
        ),
        ("workflow_run", "", None),
        ("pull_request", "          ref: ${{ github.event.pull_request.head.sha }}\n", None),
    ] {
        let text = GOOD
            .replace("  workflow_dispatch:\n", &format!("  {trigger}:\n    branches: [main]\n"))
            .replacen(
                "          persist-credentials: false\n",
                &format!("{reference}          persist-credentials: false\n"),
                1,
            );
        let found = Repository::good().file(WORKFLOW, text).findings().of("pull-request-target");
        match expected {
            Some(expected) => assert!(
                found.len() == 1 && found[0].starts_with(expected),
                "{trigger} {reference}: {found:?}"
            ),
            None => assert_eq!(found, Vec::<String>::new(), "{trigger} {reference}"),
        }
    }
}
