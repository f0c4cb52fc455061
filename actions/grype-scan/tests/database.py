"""Writes a small Grype database (schema v6) of the advisories that are given as JSON on standard input.

usage: database.py FOLDER < advisories.json

Each advisory: id, package, fixed (or null), severity, and where they matter ecosystem (for a distribution: none), os
([name, major, minor]), cvss (a vector), aliases, epss ([score, percentile]), kev (a date), urls.
"""
import json
import os
import sqlite3
import sys

folder = os.path.join(sys.argv[1], "6")
os.makedirs(folder)
path = os.path.join(folder, "vulnerability.db")
db = sqlite3.connect(path)
for table in (
    "blobs (id integer primary key, value text not null)",
    "db_metadata (build_timestamp datetime not null, model integer, revision integer, addition integer)",
    "providers (id text primary key, version text, processor text, date_captured datetime, input_digest text)",
    "vulnerability_handles (id integer primary key, name text collate nocase, status text, published_date datetime,"
    " modified_date datetime, withdrawn_date datetime, provider_id text, blob_id integer)",
    "vulnerability_aliases (name text collate nocase, alias text collate nocase, primary key (name, alias))",
    "affected_package_handles (id integer primary key, vulnerability_id integer, operating_system_id integer,"
    " package_id integer, blob_id integer)",
    "unaffected_package_handles (id integer primary key, vulnerability_id integer, operating_system_id integer,"
    " package_id integer, blob_id integer)",
    "operating_systems (id integer primary key, name text collate nocase, release_id text collate nocase, major_version text,"
    " minor_version text, label_version text, codename text, channel text, eol_date datetime, eoas_date datetime)",
    "operating_system_specifier_overrides (alias text, version text, version_pattern text, codename text, channel text,"
    " replacement text, replacement_major_version text, replacement_minor_version text, replacement_label_version text,"
    " replacement_channel text, rolling numeric, applicable_client_db_schemas text)",
    "packages (id integer primary key, ecosystem text collate nocase, name text collate nocase)",
    "package_specifier_overrides (ecosystem text, replacement_ecosystem text)",
    "architecture_aliases (alias text primary key, canonical text not null)",
    "affected_cpe_handles (id integer primary key, vulnerability_id integer, cpe_id integer, blob_id integer)",
    "unaffected_cpe_handles (id integer primary key, vulnerability_id integer, cpe_id integer, blob_id integer)",
    "cpes (id integer primary key, part text, vendor text, product text, edition text, language text, software_edition text,"
    " target_hardware text, target_software text, other text)",
    "package_cpes (package_id integer, cpe_id integer, primary key (package_id, cpe_id))",
    "known_exploited_vulnerability_handles (id integer primary key, cve text collate nocase, blob_id integer)",
    "epss_handles (id integer primary key, cve text collate nocase, epss real, percentile real)",
    "epss_metadata (date datetime not null)",
    "cwe_handles (id integer primary key, cve text collate nocase, cwe text, source text, type text)",
    "ssvc_handles (id integer primary key, cve text collate nocase, source text, role text, version text)",
):
    db.execute("create table " + table)

BUILT = "2026-11-20 00:00:00+00:00"
db.execute("insert into db_metadata values (?, 6, 1, 10)", (BUILT,))
db.execute("insert into epss_metadata values (?)", (BUILT,))
db.execute("insert into providers values ('test', '1', 'test', ?, 'sha256:0')", (BUILT,))


def blob(value):
    return db.execute("insert into blobs (value) values (?)", (json.dumps(value),)).lastrowid


def one(table, columns, values):
    where = " and ".join(f"{column} is ?" for column in columns)
    found = db.execute(f"select id from {table} where {where}", values).fetchone()
    if found:
        return found[0]
    marks = ", ".join("?" * len(values))
    return db.execute(f"insert into {table} ({', '.join(columns)}) values ({marks})", values).lastrowid


for advisory in json.load(sys.stdin):
    severities = [{"scheme": "CHMLN", "value": advisory["severity"], "rank": 1}]
    if advisory.get("cvss"):
        severities.append(
            {"scheme": "CVSS", "value": {"vector": advisory["cvss"], "version": "3.1"}, "source": "nvd@nist.gov", "rank": 2}
        )
    value = {
        "id": advisory["id"],
        "description": advisory.get("description", "planted"),
        "refs": [{"url": url} for url in advisory.get("urls", [])],
        "aliases": advisory.get("aliases", []),
        "severities": severities,
    }
    vulnerability = db.execute(
        "insert into vulnerability_handles (name, status, published_date, provider_id, blob_id) values (?, 'active', ?, 'test', ?)",
        (advisory["id"], BUILT, blob(value)),
    ).lastrowid
    for alias in advisory.get("aliases", []):
        db.execute("insert into vulnerability_aliases values (?, ?)", (advisory["id"], alias))
    system, kind = None, advisory.get("ecosystem")
    if advisory.get("os"):
        name, major, minor = advisory["os"]
        columns = ["name", "release_id", "major_version", "minor_version", "label_version", "codename", "channel"]
        system = one("operating_systems", columns, [name, name, major, minor, "", "", ""])
        kind = {"debian": "deb", "ubuntu": "deb", "alpine": "apk"}.get(name, "rpm")
    package = one("packages", ["ecosystem", "name"], [kind, advisory["package"]])
    fixed = advisory.get("fixed")
    versions = {"deb": "dpkg", "apk": "apk", "rpm": "rpm"}.get(kind, "semantic" if kind == "npm" else kind)
    affected = {
        "ranges": [
            {
                "version": {"type": versions, "constraint": f"< {fixed}" if fixed else ""},
                "fix": {"version": fixed, "state": "fixed"} if fixed else {"state": "not-fixed"},
            }
        ]
    }
    db.execute(
        "insert into affected_package_handles (vulnerability_id, operating_system_id, package_id, blob_id) values (?, ?, ?, ?)",
        (vulnerability, system, package, blob(affected)),
    )
    if advisory.get("epss"):
        db.execute("insert into epss_handles (cve, epss, percentile) values (?, ?, ?)", (advisory["id"], *advisory["epss"]))
    if advisory.get("kev"):
        known = {"cve": advisory["id"], "date_added": advisory["kev"] + "T00:00:00Z", "known_ransomware_campaign_use": "Unknown"}
        db.execute("insert into known_exploited_vulnerability_handles (cve, blob_id) values (?, ?)", (advisory["id"], blob(known)))
db.commit()
db.close()


def xxh64(data):
    """Grype's own check of the file: XXH64 with the seed 0."""
    mask = (1 << 64) - 1
    p1, p2, p3, p4, p5 = (
        11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579, 2870177450012600261,
    )

    def rotate(x, r):
        return ((x << r) | (x >> (64 - r))) & mask

    def rounded(acc, lane):
        return rotate((acc + lane * p2) & mask, 31) * p1 & mask

    def word(at, size):
        return int.from_bytes(data[at : at + size], "little")

    at, length = 0, len(data)
    if length >= 32:
        lanes = [(p1 + p2) & mask, p2, 0, -p1 & mask]
        while at <= length - 32:
            for n in range(4):
                lanes[n] = rounded(lanes[n], word(at + 8 * n, 8))
            at += 32
        h = sum(rotate(lane, r) for lane, r in zip(lanes, (1, 7, 12, 18))) & mask
        for lane in lanes:
            h = ((h ^ rounded(0, lane)) * p1 + p4) & mask
    else:
        h = p5
    h = (h + length) & mask
    while at <= length - 8:
        h = (rotate(h ^ rounded(0, word(at, 8)), 27) * p1 + p4) & mask
        at += 8
    if at <= length - 4:
        h = (rotate(h ^ (word(at, 4) * p1 & mask), 23) * p2 + p3) & mask
        at += 4
    while at < length:
        h = rotate(h ^ (data[at] * p5 & mask), 11) * p1 & mask
        at += 1
    h = (h ^ (h >> 33)) * p2 & mask
    h = (h ^ (h >> 29)) * p3 & mask
    return h ^ (h >> 32)


with open(path, "rb") as file:
    digest = xxh64(file.read())
with open(os.path.join(folder, "import.json"), "w", encoding="utf-8") as file:
    json.dump({"digest": f"xxh64:{digest:016x}", "source": "test", "client_version": "v6.1.10"}, file)
