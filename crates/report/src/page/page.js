
"use strict";
(() => {
  const at = (id) => document.getElementById(id);
  const { texts, about, rows, exceptions, severities, outcomes } = JSON.parse(at("data").textContent);
  // Where what stands in a finding's row: html/data.rs writes them in this order.
  const [OUTCOME, SEVERITY, CLASS, ID, PACKAGE, VERSION, FIXED, TITLE, PATH, LAYER, CVSS, EPSS, KEV, NEW, ABOUT, BY] = Array(16).keys();
  const COLUMNS = [OUTCOME, SEVERITY, ID, PACKAGE, VERSION, FIXED, CVSS, EPSS];
  const FIRST = 30, STEP = 60;
  const body = at("rows"), search = at("search"), more = at("more"), group = at("group");

  // Everything that is shown goes into the page as text: nothing of a finding is ever read as markup.
  const make = (tag, className, ...inside) => {
    const one = document.createElement(tag);
    if (className) one.className = className;
    one.append(...inside);
    return one;
  };
  const score = (value) => value === null ? "" : value.toFixed(1);
  const percent = (value) => value === null ? "" : (value * 100).toFixed(value < 0.001 ? 2 : 1) + " %";
  const plural = (n, word) => n + " " + word + (n === 1 ? "" : "s");
  const label = (by, key) => (by === SEVERITY ? severities[key] : by === OUTCOME ? outcomes[key] : texts[key]) || "none";

  // Looked at once, so that a key press only compares strings and a sort only numbers.
  const small = texts.map((text) => text.toLowerCase());
  const names = about.map((one) => (one.aliases + " " + one.source).toLowerCase());
  const hay = rows.map((f) => small[f[ID]] + " " + small[f[PACKAGE]] + " " + small[f[VERSION]] + " " + small[f[TITLE]] + " " + small[f[PATH]] + " " + names[f[ABOUT]]);
  let ranks = null;
  // Numbers in a text count as numbers: CVE-2026-999 comes before CVE-2026-1000.
  const rank = () => {
    if (ranks) return ranks;
    const keys = small.map((text) => text.slice(0, 99).replace(/\d+/g, (digits) => digits.padStart(9, "0")));
    const order = [...keys.keys()].sort((a, b) => keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : 0);
    ranks = new Uint32Array(order.length);
    order.forEach((text, place) => { ranks[text] = place; });
    return ranks;
  };

  const given = [...rows.keys()];
  let order = given, list = given, items = given, drawn = 0, sort = null, down = false;
  const unfolded = new Set(), shut = new Set();

  const cell = (text, is) => {
    const td = make("td", "", text);
    if (is) td.dataset.is = is;
    return td;
  };
  const line = (i) => {
    const f = rows[i];
    const button = make("button", "row", texts[f[ID]] || "(no id)");
    button.type = "button";
    button.tabIndex = -1;
    button.setAttribute("aria-expanded", unfolded.has(i));
    const id = make("td", "", button);
    if (f[KEV]) id.append(make("span", "tag kev", "exploited"));
    if (f[NEW]) id.append(make("span", "tag", "new"));
    if (texts[f[CLASS]] !== "vulnerability") id.append(make("span", "tag", texts[f[CLASS]]));
    id.append(make("small", "", texts[f[TITLE]]));
    const outcome = outcomes[f[OUTCOME]], severity = severities[f[SEVERITY]];
    const pack = cell(texts[f[PACKAGE]]);
    if (f[PATH]) pack.append(make("small", "", texts[f[PATH]]));
    const tr = make("tr", unfolded.has(i) ? "open" : "", make("td", "", make("span", "badge " + outcome, outcome)),
      make("td", severity, severity), id, pack, cell(texts[f[VERSION]], "installed"), cell(texts[f[FIXED]], "fixed in"),
      cell(score(f[CVSS]), "CVSS"), cell(percent(f[EPSS]), "EPSS"));
    tr.dataset.i = i;
    return unfolded.has(i) ? [tr, details(i)] : [tr];
  };
  const facts = (pairs) => make("dl", "", ...pairs.filter(([, value]) => value).map(([name, value]) => make("div", "", make("dt", "", name), make("dd", "", value))));
  const waiver = (e) => {
    const vex = e.vex ? [e.vex.status, e.vex.justification, e.vex.impact, e.vex.action].filter(Boolean).join(" · ") : "";
    return make("div", "waiver", make("b", "", "Suppressed: "), e.reason, facts([["Owner", e.owner], ["Last day", e.expires], ["Ticket", e.ticket],
      ["Exception", e.label + " (line " + e.line + ")"], ["Covers", e.scope.join("; ")], ["VEX", vex], ["Until", e.untilFixed && "there is a fix"]]));
  };
  const address = (link) => {
    const a = make("a", "", link);
    a.href = link;
    a.rel = "noreferrer noopener";
    return make("li", "", a);
  };
  const details = (i) => {
    const f = rows[i], one = about[f[ABOUT]];
    const td = make("td", "");
    td.colSpan = COLUMNS.length;
    if (one.description) td.append(make("p", "", one.description));
    td.append(facts([["Also known as", one.aliases], ["CVSS", score(f[CVSS])], ["EPSS", percent(f[EPSS])], ["Known to be exploited", f[KEV] && "yes, by CISA's catalogue"],
      ["Published", one.published], ["Source package", one.source], ["Path", texts[f[PATH]]], ["Layer", texts[f[LAYER]]], ["Found by", one.scanner]]));
    td.append(...f[BY].map((place) => exceptions[place]).filter(Boolean).map(waiver));
    // An address of another kind could run something.
    td.append(make("ul", "", ...one.links.filter((link) => /^https?:[/][/]/i.test(link)).map(address)));
    return make("tr", "more", td);
  };
  const heading = ({ by, key, members }) => {
    const counts = outcomes.map((name, o) => [members.filter((i) => rows[i][OUTCOME] === o).length, name]).filter(([n]) => n);
    const button = make("button", "row", label(by, key));
    button.type = "button";
    button.tabIndex = -1;
    button.setAttribute("aria-expanded", !shut.has(key));
    const th = make("th", "", button, make("small", "", plural(members.length, "finding") + ": " + counts.map(([n, name]) => n + " " + name).join(", ")));
    th.colSpan = COLUMNS.length;
    th.scope = "colgroup";
    const tr = make("tr", "group", th);
    tr.dataset.key = key;
    return [tr];
  };

  const grow = (to) => {
    const part = document.createDocumentFragment();
    for (const end = Math.min(to, items.length); drawn < end; drawn += 1) part.append(...(typeof items[drawn] === "number" ? line(items[drawn]) : heading(items[drawn])));
    body.append(part);
    more.hidden = drawn >= items.length;
    more.textContent = "Show more: " + (items.length - drawn) + " rows are left";
  };
  const arrange = () => {
    const by = { package: PACKAGE, severity: SEVERITY, id: ID, class: CLASS, layer: LAYER }[group.value];
    if (by === undefined) return list;
    const groups = new Map();
    for (const i of list) {
      const key = rows[i][by];
      const known = groups.get(key);
      if (known) known.push(i); else groups.set(key, [i]);
    }
    const all = [];
    for (const [key, members] of groups) {
      all.push({ by, key, members });
      if (!shut.has(key)) for (const i of members) all.push(i);
    }
    return all;
  };
  const draw = (rowsToShow = FIRST) => {
    items = arrange();
    drawn = 0;
    body.replaceChildren();
    grow(rowsToShow);
    if (!items.length) {
      const none = make("td", "quiet", "No finding matches.");
      none.colSpan = COLUMNS.length;
      body.append(make("tr", "more", none));
    }
    const first = body.querySelector(".row");
    if (first) first.tabIndex = 0;
    at("shown").textContent = list.length === rows.length ? rows.length : list.length + " of " + rows.length;
  };
  const chosen = (id, of) => at(id).value === "" ? -1 : of.indexOf(at(id).value);
  const filter = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const severity = chosen("severity", severities), outcome = chosen("outcome", outcomes), kind = Number(at("class").value), layer = Number(at("layer").value);
    const fixable = at("fixable").checked, kev = at("kev").checked, fresh = at("new").checked;
    list = order.filter((i) => {
      const f = rows[i];
      return (severity < 0 || f[SEVERITY] === severity) && (outcome < 0 || f[OUTCOME] === outcome) && (!kind || f[CLASS] === kind) && (!layer || f[LAYER] === layer)
        && (!fixable || f[FIXED]) && (!kev || f[KEV]) && (!fresh || f[NEW]) && words.every((word) => hay[i].includes(word));
    });
    draw();
  };
  const scored = (key) => key === CVSS || key === EPSS;
  const sorted = () => {
    if (sort === null) return given;
    const key = COLUMNS[sort], place = rank();
    // Of scores the highest is looked for; what has none comes last.
    const values = Float64Array.from(rows, (f) => scored(key) ? -(f[key] ?? -1) : key === OUTCOME || key === SEVERITY ? f[key] : place[f[key]]);
    return given.slice().sort(down ? (a, b) => values[b] - values[a] : (a, b) => values[a] - values[b]);
  };
  const heads = [...document.querySelectorAll("#found thead th")];
  heads.forEach((th, column) => {
    const button = make("button", "", th.textContent);
    button.type = "button";
    th.replaceChildren(button);
    button.addEventListener("click", () => {
      // Up, down, and back to the order in which it was decided.
      if (sort !== column) [sort, down] = [column, false]; else if (!down) down = true; else [sort, down] = [null, false];
      for (const other of heads) other.removeAttribute("aria-sort");
      if (sort !== null) th.setAttribute("aria-sort", down === scored(COLUMNS[column]) ? "ascending" : "descending");
      order = sorted();
      filter();
    });
  });

  // One row is in the order of the Tab key; the arrows move among them.
  const focus = (button) => {
    if (!button) return;
    for (const other of body.querySelectorAll(".row[tabindex='0']")) other.tabIndex = -1;
    button.tabIndex = 0;
    button.focus();
  };
  const toggle = (tr, open) => {
    const button = tr.querySelector(".row");
    if (tr.classList.contains("group")) {
      const key = Number(tr.dataset.key), is = !shut.has(key);
      if (open === is) return;
      if (is) shut.add(key); else shut.delete(key);
      draw(Math.max(drawn, FIRST));
      focus(body.querySelector(".group[data-key='" + key + "'] .row"));
      return;
    }
    const i = Number(tr.dataset.i), is = unfolded.has(i);
    if (open === is) return;
    if (is) { unfolded.delete(i); tr.nextElementSibling.remove(); } else { unfolded.add(i); tr.after(details(i)); }
    tr.classList.toggle("open", !is);
    button.setAttribute("aria-expanded", !is);
  };
  body.addEventListener("click", (event) => {
    const tr = event.target.closest("tr:not(.more)");
    if (!tr || event.target.closest("a") || String(getSelection()).trim()) return;
    toggle(tr);
    const button = tr.isConnected && tr.querySelector(".row");
    if (button) focus(button);
  });
  body.addEventListener("keydown", (event) => {
    const button = event.target.closest(".row");
    if (!button || event.altKey || event.ctrlKey || event.metaKey) return;
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15, Home: -Infinity, End: Infinity }[event.key];
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") toggle(button.closest("tr"), event.key === "ArrowRight");
    else if (steps) {
      const before = [...body.querySelectorAll(".row")].indexOf(button);
      if (before + steps >= drawn - 1) grow(drawn + STEP);
      const all = body.querySelectorAll(".row"), to = before + steps;
      if (to < 0 && steps === -1) search.focus();
      else focus(all[Math.max(0, Math.min(all.length - 1, to))]);
    } else return;
    event.preventDefault();
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") { event.preventDefault(); focus(body.querySelector(".row")); }
    if (event.key === "Escape") { search.value = ""; filter(); }
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, select")) return;
    event.preventDefault();
    search.focus();
    search.select();
  });

  // What there is to choose from; where that is one thing only, nothing.
  for (const [id, place] of [["class", CLASS], ["layer", LAYER]]) {
    const kinds = [...new Set(rows.map((f) => f[place]))].filter(Boolean).slice(0, 200);
    at(id).append(...kinds.sort((a, b) => rank()[a] - rank()[b]).map((kind) => new Option(texts[kind], kind)));
    at(id).hidden = kinds.length < 2;
  }
  const controls = ["search", "severity", "outcome", "class", "layer", "fixable", "kev", "new"];
  for (const id of controls) at(id).addEventListener("input", filter);
  group.addEventListener("input", () => { shut.clear(); draw(); });
  at("clear").addEventListener("click", () => {
    for (const id of controls) { at(id).value = ""; at(id).checked = false; }
    filter();
    search.focus();
  });
  more.addEventListener("click", () => grow(drawn + STEP));
  const near = new IntersectionObserver((seen) => {
    if (!seen.some((one) => one.isIntersecting) || more.hidden) return;
    grow(drawn + STEP);
    near.unobserve(more);
    near.observe(more);
  }, { rootMargin: "600px" });
  near.observe(more);
  // What is printed is everything that the filter lets through.
  addEventListener("beforeprint", () => grow(Infinity));

  const packs = at("package"), lines = [...document.querySelectorAll("#packages tbody tr")];
  if (packs) {
    const said = lines.map((tr) => tr.textContent.toLowerCase());
    packs.addEventListener("input", () => {
      const words = packs.value.toLowerCase().split(/\s+/).filter(Boolean);
      lines.forEach((tr, i) => { tr.hidden = !words.every((word) => said[i].includes(word)); });
    });
  }
  for (const tools of document.querySelectorAll(".tools")) tools.hidden = false;
  draw();
  setTimeout(rank, 50);
})();
