//! The list of reason codes: each with its usual weight, whether a policy may change that, what it
//! means and what clears it. One list; the README's table is checked against it.

use std::fmt;

use model::Weight;

macro_rules! codes {
    ($($name:ident $slug:literal $weight:ident $may:ident: $about:literal; $clears:literal;)*) => {
        /// A reason's stable code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $about] $name,)* }

        impl Code {
            /// Every code, in the order in which a README lists them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As verdicts, policies and approvals write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// Its weight where the policy says nothing else.
            #[must_use]
            pub const fn usual_weight(self) -> Weight {
                match self { $(Self::$name => Weight::$weight,)* }
            }

            /// Who sets its weight.
            #[must_use]
            pub const fn set_by(self) -> SetBy {
                match self { $(Self::$name => SetBy::$may,)* }
            }

            /// What it means.
            #[must_use]
            pub const fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)* }
            }

            /// What would clear it.
            #[must_use]
            pub const fn clears(self) -> &'static str {
                match self { $(Self::$name => $clears,)* }
            }
        }
    };
}

/// Who sets the weight of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBy {
    /// Nobody: an altered or foreign statement is never a matter of taste.
    Nobody,
    /// The policy's `reasons`.
    Reasons,
    /// The policy's rules about findings, or its Rego module.
    Rules,
}

codes! {
    MalformedEvidence "malformed-evidence" Fail Nobody: "A file of the evidence cannot be read as a statement."; "Remove the file, or run the step that wrote it again.";
    UnknownFile "unknown-file" Fail Nobody: "The evidence folder holds something that is no evidence."; "Remove it from the folder.";
    UnknownKind "unknown-kind" Fail Nobody: "A statement is of a kind that this gate does not know."; "Remove it, or use a gate that knows the kind.";
    UnmappedKind "unmapped-kind" Fail Nobody: "A statement is of a kind that the policy maps to no signer."; "Add the kind to the policy's `evidence`, or remove the statement.";
    BadSignature "bad-signature" Fail Nobody: "A signature does not fit what it signs, or what vouches for it does not hold."; "Run the step that wrote the statement again; find out who changed it.";
    UnknownSigner "unknown-signer" Fail Nobody: "A statement is signed by a key or an identity that the policy does not name; the message says what differs."; "Sign as somebody whom the policy names, or add who signed to its `signers`.";
    WrongSigner "wrong-signer" Fail Nobody: "A statement is signed by someone who may not sign its kind."; "Have the signer that the policy maps to the kind sign it.";
    UnsignedEvidence "unsigned-evidence" Fail Nobody: "A statement is not signed."; "Give the step that writes it a `signing-key`.";
    UnsignedAllowed "unsigned-allowed" Note Reasons: "A statement is not signed, and the policy allows that."; "Sign it, and take `allow-unsigned` out of the policy.";
    WrongSubject "wrong-subject" Fail Nobody: "A statement is about another image."; "Remove it; use one evidence folder for each image.";
    WrongImageManifest "wrong-image-manifest" Fail Nobody: "A statement is about this content under another image.json."; "Run the step again with this image.json.";
    UnjoinedFiles "unjoined-files" Fail Nobody: "Files whose signatures were verified are none that the provenance names."; "Verify the files that the bake uses, before the bake.";
    DuplicateEvidence "duplicate-evidence" Fail Reasons: "The same statement lies in the folder more than once."; "Keep one copy.";
    ReportMissing "report-missing" Fail Nobody: "The full report that a statement refers to is not there."; "Keep `reports` with the evidence, or scan again.";
    ReportChanged "report-changed" Fail Nobody: "A full report is not the one that was signed for."; "Scan again; find out who changed it.";
    ReportUnreadable "report-unreadable" Fail Nobody: "A full report cannot be read."; "Scan again with a scanner that this gate knows.";
    ReportDisagrees "report-disagrees" Fail Nobody: "A statement's counts are not those of its own report."; "Scan again with the same version as the gate.";
    ScanIncomplete "scan-incomplete" Fail Reasons: "A scan recognised no system, or matched none of its packages."; "Find out why the scanner does not know the system.";
    SharedKey "shared-key" Fail Reasons: "Two signers of the policy have the same key or identity, so that nothing separates them."; "Give each signer a key or a workflow file of its own.";
    MissingEvidence "missing-evidence" Fail Reasons: "Required evidence is not there."; "Run the step that makes it, with the same evidence folder.";
    NotSeenAsRequired "not-seen-as-required" Fail Reasons: "There is evidence, but the image was not seen as the policy requires."; "Run the step so that it sees the image that way.";
    StaleEvidence "stale-evidence" Fail Reasons: "Evidence is older than the policy allows."; "Run the step again.";
    UndatedEvidence "undated-evidence" Fail Reasons: "Evidence says no date, and the policy limits its age."; "Use a version of the step that dates its statements.";
    FutureEvidence "future-evidence" Fail Reasons: "Evidence is dated after the decision."; "Set the clock of the machine that made it.";
    MisdatedEvidence "misdated-evidence" Fail Nobody: "Evidence says that it was made after a log or a timestamp has it signed."; "Set the clock of the machine that made it, and run the step again.";
    TestsFailed "tests-failed" Fail Reasons: "Tests failed."; "Mend what they found and bake again.";
    TestsWarned "tests-warned" Review Reasons: "Tests ended with warnings."; "Mend what they warn of and bake again.";
    TestsSkipped "tests-skipped" Note Reasons: "Tests were skipped."; "Run them.";
    TooFewTests "too-few-tests" Fail Reasons: "Fewer tests ran than the policy requires."; "Run more tests: nothing tested proves nothing.";
    TooFewPackages "too-few-packages" Fail Reasons: "The scanner saw fewer packages than the policy requires."; "Find out why the scanner does not see them.";
    StaleDatabase "stale-database" Fail Reasons: "The scanner's database is older than the policy allows."; "Scan again with a newer database.";
    UndatedDatabase "undated-database" Fail Reasons: "The scanner's database says no date, and the policy limits its age."; "Scan with a database that is dated.";
    SampleDatabase "sample-database" Fail Reasons: "The scan used the sample database, which knows only a few packages."; "Scan with the scanner's real database.";
    BaseLevel "base-level" Fail Reasons: "The image is built on another that passed by a policy which is not among those named."; "Gate the base image by one of the policies whose level the policy names.";
    BaseNotVerified "base-not-verified" Fail Reasons: "The image is built on another that has no passing verification."; "Gate the base image, and give its evidence as `base-evidence`.";
    FixableVulnerability "fixable-vulnerability" Fail Rules: "Vulnerabilities for which the distribution has a fix."; "Bake with the fixed versions, or write an exception with a reason and an end.";
    UnfixedVulnerability "unfixed-vulnerability" Fail Rules: "Vulnerabilities for which no fix is known."; "Remove the package, wait for a fix, or write an exception with a reason and an end.";
    SecretFound "secret-found" Fail Rules: "Secrets lie in the image."; "Take them out of what is baked and make them worthless, or write an exception with a reason and an end.";
    LicenseFound "license-found" Review Rules: "Packages have licences that the policy speaks against."; "Remove the package, or write an exception with a reason and an end.";
    WeaknessFound "weakness-found" Fail Rules: "Code that went into the image has flaws that a rule speaks against."; "Mend the code and bake again, or write an exception with a reason and an end.";
    MisconfigurationFound "misconfiguration-found" Fail Rules: "Settings in the image that a check speaks against."; "Mend the setting and bake again, or write an exception with a reason and an end.";
    ClassNotScanned "class-not-scanned" Fail Reasons: "The policy has rules for something that no scan looked for."; "Scan for it too, or take the rules out of the policy.";
    FeedMissing "feed-missing" Fail Reasons: "The policy has rules that need a feed (EPSS, KEV), and it was not given."; "Give the gate the feed, or take the rules out of the policy.";
    FeedStale "feed-stale" Fail Reasons: "A feed is older than the policy allows."; "Give the gate a newer one.";
    FeedUndated "feed-undated" Fail Reasons: "A feed says no date, and the policy limits its age."; "Give the gate the feed as its maker publishes it.";
    NothingCompared "nothing-compared" Note Reasons: "The image before was given, and could not be compared with."; "Give its image.json and its evidence, with a scan that the policy's signers signed.";
    RegoDenied "rego-denied" Fail Rules: "The policy's Rego module speaks against the image; `rego:` and a code of its own is the same."; "Do what the module's message says.";
    RegoError "rego-error" Fail Nobody: "The policy's Rego module gave no answer that can be read."; "Mend the module: give the gate `rego-input`, and run it over that document.";
    ExceptionExpired "exception-expired" Note Nobody: "An exception has expired and suppresses nothing any more."; "Remove it, or renew it with a reason.";
    ExceptionEnding "exception-ending" Note Nobody: "An exception is about to expire."; "Mend what it suppresses, or renew it in time.";
    ExceptionNotYet "exception-not-yet" Note Nobody: "An exception is dated in the future and suppresses nothing yet."; "Wait, or mend its `created`.";
    ExceptionLapsed "exception-lapsed" Note Nobody: "An exception holds until there is a fix, and there is one."; "Bake with the fixed version and remove the exception.";
    ExceptionUnused "exception-unused" Note Nobody: "An exception matches nothing in this image."; "Remove it, or mend what it should match.";
    ExceptionBroad "exception-broad" Note Nobody: "An exception covers more than somebody can have looked at."; "Name the vulnerability, the package, its versions or the image families.";
    ApprovalRefused "approval-refused" Fail Nobody: "An approval is not signed by someone who may approve."; "Have an approver sign, with a key that is not the gate's.";
    ApprovalOfAnother "approval-of-another" Fail Nobody: "An approval is for another verdict than this one."; "Approve the verdict that stands.";
    ApprovalExpired "approval-expired" Review Nobody: "An approval has expired."; "Approve again.";
    ApprovalMissing "approval-missing" Review Nobody: "Nobody whose word counts has approved the run in an environment that was named."; "Have somebody approve the run there (Review deployments), and run the job again.";
    ApprovalRejected "approval-rejected" Fail Nobody: "Somebody has rejected the run in an environment that was named."; "Mend what they speak against, and start a new run.";
    ApprovalUnbound "approval-unbound" Review Nobody: "An approval is not known to be for the brief that stands."; "Run the job again, and approve with the comment that the message names.";
    ApprovalComment "approval-comment" Review Nobody: "A comment begins as a command and is none."; "Run the job again, and approve with a comment that is written as the README says.";
    ApprovalByStarter "approval-by-starter" Review Nobody: "Who approved is not known to be another than who started the run, or this attempt of it."; "Have somebody else approve.";
    ApprovalByAuthor "approval-by-author" Review Nobody: "Who approved wrote of the change: its pull request, or one of its commits."; "Have somebody approve who did not.";
    ApprovalNotDistinct "approval-not-distinct" Review Nobody: "The environments that were named have been approved by fewer people than there are environments."; "Have each environment approved by somebody else.";
    AuthorUnknown "author-unknown" Review Reasons: "Somebody who wrote the change has no account, so that nobody can tell whether they approved it."; "Commit with an e-mail address of an account, or set the code's weight in the policy's `reasons`.";
    EnvironmentMissing "environment-missing" Fail Nobody: "An environment that was named is not there, or hidden from the token."; "Name an environment of the repository, and give the job `actions: read`.";
    EnvironmentOpen "environment-open" Fail Nobody: "An environment does not ask anybody."; "Give the environment required reviewers.";
    EnvironmentSelfReview "environment-self-review" Fail Reasons: "An environment lets those approve who started the run."; "Tick `Prevent self-review` in the environment's rules.";
    EnvironmentBypass "environment-bypass" Fail Reasons: "Administrators may pass by an environment's rules."; "Untick `Allow administrators to bypass configured protection rules`.";
    EnvironmentBranches "environment-branches" Fail Reasons: "A job of any branch may use an environment."; "Restrict the environment's deployment branches and tags.";
    ApprovalIncomplete "approval-incomplete" Review Nobody: "There is a reason for review that the approver has not seen."; "Approve the new verdict.";
}

impl Code {
    /// The code with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_kebab_case_and_unique() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert!(code.as_str().bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{code}");
            assert_eq!(Code::from_name(code.as_str()), Some(*code));
            assert!(code.about().ends_with('.') && code.clears().ends_with('.'), "{code}");
        }
    }

    /// Exceptions must never make a verdict worse: their own reasons are notes, and stay so.
    #[test]
    fn what_is_said_about_exceptions_decides_nothing() {
        for code in Code::ALL.iter().filter(|code| code.as_str().starts_with("exception-")) {
            assert_eq!((code.usual_weight(), code.set_by()), (Weight::Note, SetBy::Nobody), "{code}");
        }
    }
}
