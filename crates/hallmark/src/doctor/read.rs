//! Reading a workflow: what is wrong with its form is a finding at its line, and the rest is still read.

use std::collections::BTreeMap;

use super::finding::{Finding, Place, named};
use super::uses::Uses;
use super::workflow::{Access, Given, Job, Permissions, Says, Step, Workflow};
use policy::yaml::{self, Node, Value};

impl Workflow {
    /// Reads a file. What is wrong with its form is a finding; the rest of it is still looked at.
    pub(super) fn read(file: &str, text: &str, composite: bool) -> Result<(Self, Vec<Finding>), Finding> {
        let root = yaml::parse(text).map_err(|broken| {
            let place = Place::new(file, broken.at);
            Finding::problem(format!("GitHub cannot read it: {}", broken.what), "mend the YAML here")
                .at(&place)
        })?;
        let mut reader = Reader { file, findings: Vec::new() };
        let jobs = if composite { reader.composite(&root) } else { reader.jobs(&root) };
        let workflow = Self {
            file: file.to_owned(),
            triggers: reader.triggers(&root),
            permissions: root.get("permissions").and_then(|node| reader.permissions(node)),
            jobs,
            composite,
            lines: text.lines().map(str::to_owned).collect(),
        };
        Ok((workflow, reader.findings))
    }
}

struct Reader<'f> {
    file: &'f str,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn place(&self, node: &Node) -> Place {
        Place::new(self.file, node.at)
    }

    fn wrong(&mut self, node: &Node, what: &str, wanted: &str) {
        let place = self.place(node);
        self.findings.push(Finding::problem(what, format!("{wanted} is wanted")).at(&place));
    }

    fn triggers(&self, root: &Node) -> BTreeMap<String, Place> {
        let Some(on) = root.get("on") else { return BTreeMap::new() };
        let by_key = on.entries().iter().map(|(key, _)| key);
        let by_item = on.items().iter().filter(|_| on.entries().is_empty());
        by_key.chain(by_item).filter_map(|node| Some((node.text()?, self.place(node)))).collect()
    }

    fn jobs(&mut self, root: &Node) -> Vec<Job> {
        let Some(jobs) = root.get("jobs") else {
            self.wrong(root, "the workflow has no jobs", "`jobs:`");
            return Vec::new();
        };
        if jobs.entries().is_empty() {
            self.wrong(jobs, "`jobs` holds no job", "a mapping of jobs");
        }
        jobs.entries().iter().filter_map(|(id, job)| Some(self.job(&id.text()?, id, job))).collect()
    }

    fn job(&mut self, id: &str, key: &Node, job: &Node) -> Job {
        if job.entries().is_empty() {
            self.wrong(key, &format!("the job {} is empty", named(id)), "a mapping");
        }
        let runs_on = job.get("runs-on");
        let labels = runs_on.map(|node| node.get("labels").unwrap_or(node));
        let environment = job.get("environment").map(|node| node.get("name").unwrap_or(node));
        Job {
            id: id.to_owned(),
            at: self.place(key),
            runs_on: self.texts(labels),
            environment: self.texts(environment).into_iter().next(),
            permissions: job.get("permissions").and_then(|node| self.permissions(node)),
            uses: self.uses(job),
            steps: self.steps(job),
        }
    }

    fn composite(&mut self, root: &Node) -> Vec<Job> {
        let Some(runs) = root.get("runs") else { return Vec::new() };
        let (at, steps) = (self.place(runs), self.steps(runs));
        vec![Job {
            id: String::new(),
            at,
            runs_on: vec![],
            environment: None,
            permissions: None,
            uses: None,
            steps,
        }]
    }

    fn steps(&mut self, job: &Node) -> Vec<Step> {
        let Some(steps) = job.get("steps") else { return Vec::new() };
        if !matches!(steps.value, Value::List(_)) {
            self.wrong(steps, "`steps` is no list", "a list");
            return Vec::new();
        }
        steps.items().iter().map(|step| self.step(step)).collect()
    }

    fn step(&mut self, step: &Node) -> Step {
        let with = step.get("with").map_or(&[][..], Node::entries);
        let given = with.iter().filter_map(|(key, value)| {
            Some(Given { name: key.text()?, at: self.place(key), value: value.text() })
        });
        Step {
            at: self.place(step),
            run: self.texts(step.get("run")).into_iter().next(),
            with: given.collect(),
            uses: self.uses(step),
        }
    }

    fn uses(&mut self, node: &Node) -> Option<(Uses, Place)> {
        let node = node.get("uses")?;
        let uses = node.text().map(|text| Uses::parse(&text));
        if let Some(Uses::Odd(text)) = &uses {
            let what = format!("{} names no action", named(text));
            self.wrong(node, &what, "`owner/name@commit`, `./folder` or `docker://image`");
        }
        Some((uses?, self.place(node)))
    }

    fn texts(&self, node: Option<&Node>) -> Vec<(String, Place)> {
        let items = node.map_or(&[][..], Node::items);
        items.iter().filter_map(|item| Some((item.text()?, self.place(item)))).collect()
    }

    fn permissions(&mut self, node: &Node) -> Option<Permissions> {
        let at = self.place(node);
        let says = match &node.value {
            Value::Text(text) if text == "write-all" => Says::WriteAll,
            Value::Text(text) if text == "read-all" => Says::ReadAll,
            Value::Map(entries) => Says::Each(self.each(entries)),
            _ => {
                self.wrong(
                    node,
                    "`permissions` cannot be read",
                    "`{}`, a mapping, `read-all` or `write-all`",
                );
                return None;
            }
        };
        Some(Permissions { at, says })
    }

    fn each(&mut self, entries: &[(Node, Node)]) -> BTreeMap<String, Access> {
        let mut each = BTreeMap::new();
        for (key, value) in entries {
            let access = match value.text().as_deref() {
                Some("write") => Access::Write,
                Some("read") => Access::Read,
                Some("none") => Access::None,
                _ => {
                    self.wrong(value, "this is no permission", "`read`, `write` or `none`");
                    continue;
                }
            };
            each.extend(key.text().map(|scope| (scope, access)));
        }
        each
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::expressions;

    #[test]
    fn every_part_has_its_place() {
        let text = "on: [push, pull_request]\npermissions: {}\njobs:\n  bake:\n    runs-on: [self-hosted, linux]\n    \
                    environment: {name: prod}\n    permissions: {contents: read, id-token: write}\n    steps:\n      \
                    - uses: actions/checkout@v4\n        with: {Persist-Credentials: false}\n      - run: |\n          a\n          echo ${{ secrets.X }}\n";
        let (workflow, findings) = Workflow::read("w.yml", text, false).unwrap();
        assert_eq!(findings, []);
        assert_eq!(workflow.triggers.keys().collect::<Vec<_>>(), ["pull_request", "push"]);
        let job = &workflow.jobs[0];
        assert_eq!((job.at.line, job.at.col), (4, 3));
        assert_eq!(
            job.runs_on.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>(),
            ["self-hosted", "linux"]
        );
        assert_eq!(job.environment.as_ref().unwrap().0, "prod");
        let permissions = workflow.permissions_of(job).unwrap();
        assert_eq!((permissions.of("id-token"), permissions.of("actions")), (Access::Write, Access::None));
        assert_eq!(job.steps[0].literal("persist-credentials"), Some("false"));
        let (run, at) = job.steps[1].run.as_ref().unwrap();
        assert_eq!(expressions(run).collect::<Vec<_>>(), ["secrets.X"]);
        assert_eq!(workflow.find(at, "secrets.X").line, 13);
    }

    #[test]
    fn every_form_of_on_runs_on_and_permissions() {
        for (on, triggers) in
            [("push", vec!["push"]), ("[a, b]", vec!["a", "b"]), ("{a: , b: {x: y}}", vec!["a", "b"])]
        {
            let text = format!("on: {on}\njobs: {{a: {{runs-on: {{group: g, labels: ubuntu-latest}}}}}}\n");
            let (workflow, _) = Workflow::read("w.yml", &text, false).unwrap();
            assert_eq!(workflow.triggers.keys().map(String::as_str).collect::<Vec<_>>(), triggers);
            assert_eq!(workflow.jobs[0].runs_on[0].0, "ubuntu-latest");
        }
        for (says, contents, id_token) in [
            ("write-all", Access::Write, Access::Write),
            ("read-all", Access::Read, Access::None),
            ("{}", Access::None, Access::None),
            ("{contents: read}", Access::Read, Access::None),
        ] {
            let text = format!("permissions: {says}\njobs: {{a: {{steps: []}}}}\n");
            let (workflow, findings) = Workflow::read("w.yml", &text, false).unwrap();
            let permissions = workflow.permissions_of(&workflow.jobs[0]).unwrap();
            assert_eq!(
                (permissions.of("contents"), permissions.of("id-token")),
                (contents, id_token),
                "{says}"
            );
            assert_eq!(findings, [], "{says}");
        }
    }

    #[test]
    fn a_form_that_github_refuses_is_a_problem_at_its_line() {
        for (text, line) in [
            ("on: push\n", 1),
            ("jobs: []\n", 1),
            ("jobs:\n  a: []\n", 2),
            ("jobs:\n  a:\n    steps: {x: y}\n", 3),
            ("jobs:\n  a:\n    permissions: all\n", 3),
            ("jobs:\n  a:\n    permissions: {contents: all}\n", 3),
            ("jobs:\n  a:\n    steps:\n      - uses: gate\n", 4),
        ] {
            let (_, findings) = Workflow::read("w.yml", text, false).unwrap();
            assert_eq!(findings.len(), 1, "{text}: {findings:?}");
            assert_eq!(findings[0].at.as_ref().unwrap().line, line, "{text}");
        }
    }
}
