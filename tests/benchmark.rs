//! What `benches/compare/run` has measured, and the page that tells of it: the two are the same.
//! No figure is judged here.

use std::collections::BTreeSet;

use serde_json::Value;

const RESULTS: &str = include_str!("../benches/compare/results.json");
const PAGE: &str = include_str!("../docs/PERFORMANCE.md");

const CONTENDERS: [&str; 14] = [
    "raw socket, C",
    "flexcancel, C",
    "flexcancel, C++",
    "flexcancel, Go",
    "flexcancel with the session, Go",
    "flexcancel, Python",
    "libcurl + cJSON, C",
    "net/http, Go",
    "stripe-go, Go",
    "http.client, Python",
    "httpx, Python",
    "requests, Python",
    "requests.post, Python",
    "stripe-python, Python",
];

/// The cells' names in the results, and their headings on the page.
const CELLS: [(&str, &str); 8] = [
    ("warm plain 1", "Warm, plain, 1 thread"),
    ("warm tls 1", "Warm, TLS, 1 thread"),
    ("cold plain 1", "Cold, plain, 1 thread"),
    ("cold tls 1", "Cold, TLS, 1 thread"),
    ("warm plain 16", "Warm, plain, 16 threads"),
    ("warm tls 16", "Warm, TLS, 16 threads"),
    ("cold plain 16", "Cold, plain, 16 threads"),
    ("cold tls 16", "Cold, TLS, 16 threads"),
];

/// A cell's figures, and the digits after the point that the page shows.
const FIGURES: [(&str, usize); 4] = [("p50_us", 1), ("p99_us", 1), ("ratio", 2), ("cpu_us", 1)];

/// The tables of growth: their names in the results, their headings, their columns.
type Growth = (&'static str, &'static str, &'static [(&'static str, usize)]);
const GROWTH: [Growth; 4] = [
    ("threads", "Threads on one client", &[("threads", 0), ("cpu_us", 1), ("wall_us", 1)]),
    (
        "idle",
        "Idle clients, each with a connection",
        &[("clients", 0), ("p50_us", 1), ("cpu_us", 1), ("rss_kib", 0)],
    ),
    ("answers", "Size of the response", &[("bytes", 0), ("p50_us", 1), ("cpu_us", 1)]),
    ("calls", "Memory over many calls", &[("calls", 0), ("cpu_us", 1), ("rss_kib", 0)]),
];

fn results() -> Value {
    serde_json::from_str(RESULTS).expect("results.json")
}

fn number(value: &Value, what: &str) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{what}: expected a number, found {value}"))
}

fn label(contender: &Value) -> String {
    let text = |key: &str| contender[key].as_str().unwrap_or_else(|| panic!("{key}")).to_owned();
    format!("{}, {}", text("title"), text("language"))
}

/// The median with its spread as the page shows it; panics where it cannot be one.
fn spread(stat: &Value, digits: usize, what: &str) -> String {
    let [median, least, most] = ["median", "least", "most"].map(|key| number(&stat[key], what));
    assert!(0.0 < least && least <= median && median <= most, "{what}: {stat}");
    format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
}

/// The rows of the table under a heading, without the table's head.
fn rows<'a>(heading: &str) -> Vec<&'a str> {
    let from = PAGE.find(&format!("\n### {heading}\n")).unwrap_or_else(|| panic!("{heading}"));
    let lines = PAGE[from + 1..].lines().skip(1).take_while(|line| !line.starts_with('#'));
    lines.filter(|line| line.starts_with("| ")).skip(2).collect()
}

fn row(cells: &[String]) -> String {
    format!("| {} |", cells.join(" | "))
}

#[test]
fn every_contender_is_measured_in_every_way() {
    let results = results();
    let contenders = results["contenders"].as_array().expect("contenders");
    assert_eq!(contenders.iter().map(label).collect::<Vec<_>>(), CONTENDERS);
    for contender in contenders {
        let cells = contender["cells"].as_object().expect("cells");
        assert_eq!(cells.len(), CELLS.len(), "{}", label(contender));
        number(&contender["installed_bytes"], "installed_bytes");
    }
    for (cell, _) in CELLS {
        let limit = &contenders[0]["cells"][cell]["ratio"];
        assert_eq!(spread(limit, 2, cell), "1.00 (1.00–1.00)", "the limit's own ratio");
    }
}

#[test]
fn the_pages_tables_show_the_results() {
    let results = results();
    let contenders = results["contenders"].as_array().expect("contenders");
    for (cell, heading) in CELLS {
        let expected = contenders.iter().map(|contender| {
            let what = format!("{}, {cell}", label(contender));
            let figures = FIGURES.map(|(figure, digits)| {
                spread(&contender["cells"][cell][figure], digits, &format!("{what}, {figure}"))
            });
            row(&[&[label(contender)], &figures[..]].concat())
        });
        assert_eq!(rows(heading), expected.collect::<Vec<_>>(), "{heading}");
    }
    let expected = contenders.iter().map(|contender| {
        row(&[
            label(contender),
            spread(&contender["startup_ms"], 1, "startup_ms"),
            spread(&contender["peak_kib"], 0, "peak_kib"),
            format!("{:.2}", number(&contender["installed_bytes"], "bytes") / 1_000_000.0),
        ])
    });
    assert_eq!(rows("What each weighs"), expected.collect::<Vec<_>>());
}

#[test]
fn the_pages_summary_is_what_the_results_come_to() {
    let results = results();
    let contenders = results["contenders"].as_array().expect("contenders");
    let of_kind = |kind: &'static str| contenders.iter().filter(move |found| found["kind"] == kind);
    let figures = |contender: &Value| {
        let cells = &contender["cells"];
        [
            &cells["warm plain 1"]["p50_us"],
            &cells["warm tls 1"]["p50_us"],
            &cells["cold tls 1"]["p50_us"],
            &cells["warm plain 16"]["cpu_us"],
            &contender["startup_ms"],
            &contender["peak_kib"],
        ]
        .map(|stat| number(&stat["median"], &label(contender)))
    };
    let expected = of_kind("other").map(|other| {
        let mut same_language = of_kind("ours").filter(|own| own["language"] == other["language"]);
        let own = figures(same_language.next().expect("flexcancel in the same language"));
        let shares = figures(other).into_iter().zip(own).map(|(other, own)| other / own);
        let shares = shares.map(|share| format!("{share:.2}"));
        row(&std::iter::once(label(other)).chain(shares).collect::<Vec<_>>())
    });
    assert_eq!(rows("In short"), expected.collect::<Vec<_>>());
}

#[test]
fn the_pages_growth_is_that_of_the_results() {
    for (name, heading, columns) in GROWTH {
        let measured = results()["growth"][name].as_array().expect(name).clone();
        assert!(measured.len() >= 4, "{name} shows how it grows");
        let expected = measured.iter().map(|found| {
            let cells: Vec<String> = columns
                .iter()
                .map(|(column, digits)| format!("{:.digits$}", number(&found[column], column)))
                .collect();
            row(&cells)
        });
        assert_eq!(rows(heading), expected.collect::<Vec<_>>(), "{heading}");
    }
}

#[test]
fn the_page_names_machine_versions_and_effort() {
    let results = results();
    for key in ["cpu", "system", "kernel"] {
        let text = results["machine"][key].as_str().unwrap_or_else(|| panic!("{key}"));
        assert!(PAGE.contains(text), "{key}: {text}");
    }
    for (name, version) in results["versions"].as_object().expect("versions") {
        let shown = format!("{name} {}", version.as_str().expect("a version"));
        assert!(PAGE.contains(&shown), "{shown}");
    }
    let rounds = number(&results["rounds"], "rounds");
    assert!(PAGE.contains(&format!(" {rounds} rounds in ")), "{rounds}");
    let is_quick = results["is_quick"].as_bool().expect("is_quick");
    assert_eq!(PAGE.contains("**A quick run,"), is_quick, "a quick run says so");
    assert!(is_quick || rounds >= 5.0, "{rounds} rounds");
}

/// How many points each line of a plot has.
fn markers(svg: &str) -> usize {
    let lines = svg.split("<g id=\"line of ").skip(1);
    let counts: BTreeSet<usize> = lines
        .map(|line| line.split("</g>").next().expect("a line").matches("<use ").count())
        .collect();
    let [count] = counts.into_iter().collect::<Vec<_>>()[..] else { panic!("lines that differ") };
    count
}

#[test]
fn every_plot_on_the_page_shows_the_results() {
    let results = results();
    let contenders = results["contenders"].as_array().expect("contenders");
    let plots: Vec<&str> = PAGE
        .split("](performance/")
        .skip(1)
        .map(|rest| rest.split(')').next().expect("a plot's name"))
        .collect();
    assert_eq!(plots.len(), 8, "{plots:?}");
    for plot in plots {
        let path = format!("{}/docs/performance/{plot}", env!("CARGO_MANIFEST_DIR"));
        let svg = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{plot}: {error}"));
        if let Some(name) = plot.strip_prefix("growth-") {
            let name = name.strip_suffix(".svg").expect(plot);
            assert_eq!(markers(&svg), results["growth"][name].as_array().expect(plot).len());
            continue;
        }
        let (cell, figure) = match plot {
            "warm-plain.svg" => ("warm plain 1", "p50_us"),
            "warm-tls.svg" => ("warm tls 1", "p50_us"),
            "cold-tls.svg" => ("cold tls 1", "p50_us"),
            "sixteen-threads.svg" => ("warm plain 16", "cpu_us"),
            other => panic!("{other} is not known here"),
        };
        for contender in contenders {
            let median = number(&contender["cells"][cell][figure]["median"], plot);
            assert!(svg.contains(&format!(">{}<", label(contender))), "{plot}");
            assert!(svg.contains(&format!(">{median:.1}")), "{plot}: {median:.1}");
        }
    }
}
