use super::*;
use crate::policy::Score;

fn about(id: &str, aliases: &[&str]) -> Finding {
    Finding { aliases: aliases.iter().map(ToString::to_string).collect(), ..crate::testing::finding(id, "p") }
}

#[test]
fn cve_ids_and_nothing_else() {
    assert_eq!(Cve::parse("CVE-2026-0001"), Cve::parse("cve-2026-0001"));
    assert_ne!(Cve::parse("CVE-2026-0001"), Cve::parse("CVE-2025-0001"));
    assert_ne!(Cve::parse("CVE-2026-10001"), Cve::parse("CVE-2026-0001"));
    assert!(Cve::parse("CVE-2026-999999999999").is_some());
    for text in [
        "",
        "CVE-",
        "CVE-2026",
        "CVE-2026-",
        "CVE-2026-1",
        "CVE-2026-001",
        "CVE-2026-00001",
        "CVE-2026-1000000000000",
        "CVE-2026-12e4",
        "CVE-+026-0001",
        "CVE-2026-0001 ",
        " CVE-2026-0001",
        "GHSA-2026-0001",
        "CVÉ-2026-0001",
    ] {
        assert_eq!(Cve::parse(text), None, "{text:?}");
    }
}

const EPSS: &str = "\
#model_version:v2025.03.14,score_date:2026-11-21T00:00:00+0000
cve,epss,percentile
CVE-2026-0002,0.5,0.99
CVE-2026-0001,0.00042,0.05
CVE-2026-0003,1.0,1
";

#[test]
fn epss_reads_plain_and_packed() {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(EPSS.as_bytes()).unwrap();
    let epss = Epss::parse(EPSS.as_bytes()).unwrap();
    assert_eq!(Epss::parse(&packed.finish().unwrap()).unwrap(), epss);
    assert_eq!(Epss::parse(EPSS.replace('\n', "\r\n").as_bytes()).unwrap(), epss);
    assert_eq!(epss.len(), 3);
    assert_eq!(epss.date().unwrap().to_string(), "2026-11-21T00:00:00Z");
    for (id, aliases, score) in [
        ("CVE-2026-0001", &[] as &[&str], Some(0.00042)),
        ("cve-2026-0003", &[], Some(1.0)),
        ("CVE-2026-0004", &[], None),
        ("GHSA-aaaa", &["CVE-2026-0002"], Some(0.5)),
        ("CVE-2026-0001", &["CVE-2026-0002"], Some(0.5)),
        ("GHSA-aaaa", &[], None),
    ] {
        assert_eq!(epss.score(&about(id, aliases)).map(Score::value), score, "{id} {aliases:?}");
    }
}

#[test]
fn epss_dates() {
    for (from, to, date) in [
        ("T00:00:00+0000", "T00:00:00Z", Some("2026-11-21T00:00:00Z")),
        ("T00:00:00+0000", "T12:55:00Z", Some("2026-11-21T12:55:00Z")),
        ("T00:00:00+0000", "", Some("2026-11-21T00:00:00Z")),
        (",score_date:2026-11-21T00:00:00+0000", "", None),
        ("#model_version:v2025.03.14,score_date:2026-11-21T00:00:00+0000\n", "", None),
    ] {
        assert!(EPSS.contains(from), "{from}");
        let epss = Epss::parse(EPSS.replacen(from, to, 1).as_bytes()).unwrap();
        assert_eq!(epss.date().map(|at| at.to_string()).as_deref(), date, "{to}");
    }
}

/// Of two scores for one id the higher holds.
#[test]
fn epss_that_contradicts_itself_is_read_the_worse_way() {
    for rows in ["CVE-2026-0009,0.1,0\nCVE-2026-0009,0.7,0\n", "CVE-2026-0009,0.7,0\nCVE-2026-0009,0.1,0\n"] {
        let epss = Epss::parse(format!("{EPSS}{rows}").as_bytes()).unwrap();
        assert_eq!(epss.score(&about("CVE-2026-0009", &[])).map(Score::value), Some(0.7));
    }
}

#[test]
fn epss_that_is_none_is_refused_as_a_whole() {
    for (from, to, wanted) in [
        ("0.5,0.99", "1.5,0.99", "EPSS: line 3 is no CVE id with a score from 0 to 1"),
        ("0.5,0.99", "-0.5,0.99", "EPSS: line 3 is no"),
        ("0.5,0.99", "NaN,0.99", "EPSS: line 3 is no"),
        ("0.5,0.99", "inf,0.99", "EPSS: line 3 is no"),
        ("0.5,0.99", ",0.99", "EPSS: line 3 is no"),
        ("0.5,0.99", "0.5", "EPSS: line 3 is no"),
        ("0.5,0.99", "0.5,0.99,1", "EPSS: line 3 is no"),
        ("CVE-2026-0002", "GHSA-aaaa", "EPSS: line 3 is no"),
        ("cve,epss,percentile\n", "", "EPSS: the columns are not"),
        ("cve,epss,percentile", "cve,percentile,epss", "EPSS: the columns are not"),
        ("2026-11-21T", "yesterdayT", "EPSS: its `score_date` is no date"),
        (EPSS, "", "EPSS: the columns are not"),
        (EPSS, "cve,epss,percentile\n", "EPSS: it rates nothing"),
        (EPSS, "\u{1f}\u{8b}", "EPSS: the columns are not"),
    ] {
        assert!(EPSS.contains(from), "{from}");
        let error = Epss::parse(EPSS.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{to}: {error}");
    }
    let error = Epss::parse(&[0x1f, 0x8b, 8, 0]).unwrap_err().to_string();
    assert!(error.starts_with("EPSS: the gzip file cannot be unpacked"), "{error}");
}

/// Some hundred kilobytes that would be hundreds of megabytes.
#[test]
fn epss_that_unpacks_without_end_is_stopped() {
    use std::io::Write as _;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![b'\n'; 1 << 20];
    for _ in 0..130 {
        packed.write_all(&zeros).unwrap();
    }
    let error = Epss::parse(&packed.finish().unwrap()).unwrap_err().to_string();
    assert_eq!(error, "EPSS: it has more than 128 MiB unpacked");
}

const KEV: &str = r#"{"title": "CISA Catalog of Known Exploited Vulnerabilities", "catalogVersion": "2026.11.20",
 "dateReleased": "2026-11-20T15:00:03.9573Z", "count": 2, "vulnerabilities": [
 {"cveID": "CVE-2026-0002", "vendorProject": "a"}, {"cveID": "CVE-2021-44228", "product": "b"}]}"#;

#[test]
fn kev_reads_and_lists() {
    let kev = Kev::parse(KEV.as_bytes()).unwrap();
    assert_eq!((kev.len(), kev.version()), (2, "2026.11.20"));
    assert_eq!(kev.date().unwrap().to_string(), "2026-11-20T15:00:03.9573Z");
    for (id, aliases, listed) in [
        ("CVE-2026-0002", &[] as &[&str], true),
        ("CVE-2026-0003", &[], false),
        ("GHSA-aaaa", &["CVE-2021-44228"], true),
        ("GHSA-aaaa", &[], false),
    ] {
        assert_eq!(kev.lists(&about(id, aliases)), listed, "{id}");
    }
    let undated = KEV.replace(r#""dateReleased": "2026-11-20T15:00:03.9573Z", "#, "");
    assert_eq!(Kev::parse(undated.as_bytes()).unwrap().date(), None);
}

#[test]
fn kev_that_is_none_is_refused_as_a_whole() {
    for (from, to, wanted) in [
        (KEV, "", "KEV: it is no catalogue"),
        (KEV, "[]", "KEV: it is no catalogue"),
        (KEV, "{}", "KEV: it is no catalogue"),
        ("vulnerabilities", "entries", "KEV: it is no catalogue"),
        ("\"count\": 2", "\"count\": 3", "KEV: it says that it lists 3 vulnerabilities, and lists 2"),
        ("CVE-2021-44228", "log4shell", "KEV: its entry 2 is no CVE id"),
        ("2026-11-20T15", "2026-13-20T15", "KEV: its `dateReleased` is no date"),
    ] {
        assert!(KEV.contains(from), "{from}");
        let error = Kev::parse(KEV.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with(wanted), "{to}: {error}");
    }
    let empty = r#"{"catalogVersion": "1", "vulnerabilities": []}"#;
    assert_eq!(Kev::parse(empty.as_bytes()).unwrap_err().to_string(), "KEV: it lists nothing");
}
