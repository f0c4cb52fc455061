"""Reports as Trivy writes them, of any length: the same bytes for the same number of findings."""

import json
import random

# So many packages have each vulnerability: a kernel or an LLVM brings dozens of binary packages, and each is reported.
SHARE = 20
SOURCES = {"os-pkgs": ("debian", "Debian Security Tracker"), "lang-pkgs": ("ghsa", "GitHub Security Advisory npm")}
SEVERITIES = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
WORDS = (
    "a flaw was found in the way that handles crafted input which may lead to an out of bounds write when parsing "
    "remote attackers could exploit this issue to cause denial of service or possibly execute arbitrary code memory "
    "corruption use after free integer overflow library function before version allows local users privileges kernel"
).split()


def _indented(value, depth):
    """Members as Trivy indents them, to stand that deep in the file."""
    return json.dumps(value, indent=2, ensure_ascii=False).replace("\n", "\n" + " " * depth)


def _advisory(chance, number, kind):
    """What every finding of one vulnerability says alike, and its severity and whether it is mended."""
    severity = chance.choices(range(4), (30, 45, 20, 5))[0]
    score = min(10.0, round(severity * 2.4 + 1 + chance.random() * 2, 1))
    source, name = SOURCES[kind]
    identifier = f"CVE-{2015 + number % 12}-{10_000 + number}"
    vector = f"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:{'NLHH'[severity]}/I:N/A:H"
    text = " ".join(chance.choices(WORDS, k=chance.randint(30, 110)))
    links = [f"https://access.redhat.com/security/cve/{identifier}", f"https://nvd.nist.gov/vuln/detail/{identifier}"]
    links += [f"https://git.example.org/project-{number}/commit/{chance.getrandbits(160):040x}" for _ in range(chance.randint(1, 7))]
    links.append(f"https://www.cve.org/CVERecord?id={identifier}")
    alike = {
        "SeveritySource": source if chance.random() < 0.4 else "nvd",
        "PrimaryURL": f"https://avd.aquasec.com/nvd/{identifier.lower()}",
        "DataSource": {"ID": source, "Name": name, "URL": "https://security-tracker.debian.org/tracker/data/json"},
        "Title": f"project-{number}: {' '.join(chance.choices(WORDS, k=9))}",
        "Description": text.capitalize() + ".",
        "Severity": SEVERITIES[severity],
        "CweIDs": [f"CWE-{chance.randint(20, 900)}"],
        "VendorSeverity": {"debian": severity + 1, "nvd": severity + 1, "redhat": max(1, severity), "ubuntu": 2},
        "CVSS": {
            "nvd": {"V2Vector": "AV:N/AC:L/Au:N/C:P/I:P/A:P", "V3Vector": vector, "V2Score": 7.5, "V3Score": score},
            "redhat": {"V3Vector": vector, "V3Score": score},
        },
        "References": links,
        "PublishedDate": f"20{15 + number % 12}-0{1 + number % 9}-1{number % 9}T12:15:08.23Z",
        "LastModifiedDate": "2026-06-17T01:15:59.613Z",
    }
    # Without the braces: the members of one object are written in two parts.
    return identifier, _indented(alike, 8)[2:-2].rstrip(), chance.random() < 0.4


def _package(number, kind):
    """A package as the report lists it, and what a finding in it says of it."""
    version = f"{number % 9}.{number % 31}.{number % 7}-{1 + number % 4}"
    name, uid = f"lib-{kind[:2]}-{number}", f"{number:016x}"
    if kind == "os-pkgs":
        purl = f"pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-13.2"
        place = {}
    else:
        purl, place = f"pkg:npm/{name}@{version}", {"FilePath": f"opt/app-{number % 17}/node_modules/{name}/package.json"}
    identifier = {"PURL": purl, "UID": uid}
    listed = {"ID": f"{name}@{version}", "Name": name, "Identifier": identifier, "Version": version} | place
    if kind == "os-pkgs":
        listed |= {"Arch": "amd64", "SrcName": f"src-{number // 4}", "SrcVersion": version, "Licenses": ["GPL-2.0-only"]}
    found = {"PkgID": f"{name}@{version}", "PkgName": name} | ({"PkgPath": place["FilePath"]} if place else {})
    return listed, found | {"PkgIdentifier": identifier, "InstalledVersion": version}


def write(path, findings):
    """A report with that many findings, of a twentieth as many vulnerabilities; returns its vulnerabilities and bytes."""
    chance = random.Random(findings)
    unique = max(1, findings // SHARE)
    with open(path, "w", encoding="utf-8") as out:
        out.write('{\n  "SchemaVersion": 2,\n  "Trivy": {\n    "Version": "0.69.3"\n  },\n')
        out.write('  "CreatedAt": "2026-11-22T22:04:42.451657552Z",\n  "ArtifactName": "disk.raw",\n  "ArtifactType": "vm",\n')
        out.write('  "Metadata": {\n    "OS": {\n      "Family": "debian",\n      "Name": "13.2"\n    }\n  },\n  "Results": [\n')
        made = 0
        for kind, least, most in (("os-pkgs", 0, unique * 3 // 5), ("lang-pkgs", unique * 3 // 5, unique)):
            packages = [_package(number, kind) for number in range(4_000)]
            label = "debian" if kind == "os-pkgs" else "node-pkg"
            out.write("    {\n" if kind == "os-pkgs" else ",\n    {\n")
            out.write(f'      "Target": "{label}",\n      "Class": "{kind}",\n      "Type": "{label}",\n      "Packages": ')
            out.write(_indented([listed for listed, _ in packages], 6))
            out.write(',\n      "Vulnerabilities": [')
            comma = ""
            for number in range(least, most):
                identifier, alike, mended = _advisory(chance, number, kind)
                count = SHARE if number + 1 < unique else findings - made
                for at in chance.sample(range(len(packages)), count):
                    found = packages[at][1] | {"FixedVersion": "9.99.9-9", "Status": "fixed"} if mended else packages[at][1] | {"Status": "affected"}
                    own = _indented({"VulnerabilityID": identifier} | found, 8)[:-2].rstrip()
                    out.write(f"{comma}\n        {own},\n{' ' * 8}{alike.lstrip(chr(10)).lstrip().join(('  ', ''))}\n        }}")
                    comma = ","
                    made += 1
            out.write("\n      ]\n    }")
        out.write("\n  ]\n}\n")
        size = out.tell()
    if made != findings:
        raise AssertionError(f"{made} findings were made, {findings} were wanted")
    return unique, size
