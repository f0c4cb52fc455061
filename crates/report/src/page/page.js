
"use strict";
(() => {
  // Characters that control a terminal, or reorder what a reader sees, are shown and do nothing.
  const odd = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
  const shown = (key, value) => typeof value === "string" ? value.replace(odd, "\ufffd") : value;
  const data = JSON.parse(document.getElementById("data").textContent, shown);
  const rank = { critical: 0, high: 1, medium: 2, unknown: 3, low: 4, negligible: 5 };
  const weight = { fail: 0, review: 1, note: 2, allowed: 3, suppressed: 4 };
  const keys = ["outcome", "severity", "id", "package", "version", "fixed", "title"];
  const step = 200;
  const at = (id) => document.getElementById(id);
  // Looked at once, so that each key press only compares strings.
  const all = data.findings.map((f) => ({ f, hay: [f.id, f.package, f.version, f.title].join(" ").toLowerCase() }));
  let sort = null, down = false, list = all, most = step;

  const value = (f, key) => key === "severity" ? rank[f.severity] : key === "outcome" ? weight[f.outcome] : f[key] || "";
  const compare = (a, b) => {
    const x = value(a.f, sort), y = value(b.f, sort);
    const c = typeof x === "number" ? x - y : x < y ? -1 : x > y ? 1 : 0;
    return down ? -c : c;
  };
  // Only text nodes: nothing in a finding is ever read as markup.
  const cell = (text, className) => {
    const td = document.createElement("td");
    td.textContent = text;
    if (className) td.className = className;
    return td;
  };
  const row = ({ f }) => {
    const tr = document.createElement("tr");
    const badge = document.createElement("span");
    badge.className = "badge";
    badge.textContent = f.outcome;
    const why = f.exceptions.map((i) => data.exceptions[i]).filter(Boolean).map((e) => e.reason + " (" + e.owner + ", until " + e.expires + ")");
    if (why.length) badge.title = why.join("; ");
    const outcome = document.createElement("td");
    outcome.append(badge);
    tr.append(outcome, cell(f.severity, f.severity));
    const id = cell("");
    // An address of another kind could run something.
    if (f.link && /^https?:[/][/]/.test(f.link)) {
      const a = document.createElement("a");
      a.href = f.link;
      a.rel = "noreferrer noopener";
      a.textContent = f.id;
      id.append(a);
    } else id.textContent = f.id;
    tr.append(id, cell(f.package), cell(f.version), cell(f.fixed || ""), cell(f.title));
    return tr;
  };
  const draw = () => {
    at("rows").replaceChildren(...list.slice(0, most).map(row));
    at("shown").textContent = list.length === all.length ? all.length : list.length + " of " + all.length;
    at("more").hidden = list.length <= most;
  };
  const filter = () => {
    const words = at("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const severity = at("severity").value, outcome = at("outcome").value, fixable = at("fixable").checked;
    list = all.filter(({ f, hay }) => (!severity || f.severity === severity) && (!outcome || f.outcome === outcome)
      && (!fixable || f.fixed) && words.every((word) => hay.includes(word)));
    if (sort) list = list.slice().sort(compare);
    most = step;
    draw();
  };
  for (const th of document.querySelectorAll("#findings th")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = th.textContent;
    th.replaceChildren(button);
    button.addEventListener("click", () => {
      down = sort === th.dataset.key ? !down : false;
      sort = keys.includes(th.dataset.key) ? th.dataset.key : null;
      for (const other of document.querySelectorAll("#findings th")) other.removeAttribute("aria-sort");
      th.setAttribute("aria-sort", down ? "descending" : "ascending");
      filter();
    });
  }
  for (const id of ["search", "severity", "outcome", "fixable"]) at(id).addEventListener("input", filter);
  at("more").addEventListener("click", () => { most += step; draw(); });
  // What is printed is everything that the filter lets through.
  addEventListener("beforeprint", () => { most = list.length; draw(); });
  document.querySelector(".tools").hidden = false;
  draw();
})();
