//! The dashboard and the alert rules name metrics that the server records.

use std::collections::BTreeSet;
use std::path::Path;

const FILES: [&str; 2] = [
    include_str!("../../../deploy/monitoring/grafana-dashboard.json"),
    include_str!("../../../deploy/monitoring/prometheus-alerts.yml"),
];

fn sources(folder: &Path, text: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
}

/// Words that begin as metrics do.
fn metrics(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("tacit_")).collect()
}

#[test]
fn every_metric_that_is_watched_is_recorded() {
    let mut source = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut source);
    let source: String = source.split_whitespace().collect();
    let recorded = |name: &str, kinds: &[&str]| {
        kinds.iter().any(|kind| source.contains(&format!("metrics::{kind}!(\"{name}\"")))
    };
    let watched: BTreeSet<_> = FILES.iter().flat_map(|text| metrics(text)).collect();
    assert!(watched.len() > 12, "{watched:?}");
    for name in watched {
        let histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let found = recorded(name, &["counter", "gauge"])
            || histogram.is_some_and(|histogram| recorded(histogram, &["histogram"]));
        assert!(found, "{name} is recorded nowhere");
    }
}
