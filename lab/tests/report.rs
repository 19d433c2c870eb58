//! The report of made-up rows: the same rows, the same bytes; what is no row is named.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use tacit_lab::report::{Rendered, Report};

const ACCURACY: &str = r#"{"set":"aalto","protocol":"enrol 10 sentences, probe one","population":"in-set","modality":"keyboard","eer_global":0.03,"eer_user":0.015,"fnmr_at_fmr_1pct":0.1,"auc":0.995,"cllr":0.12,"min_cllr":0.11,"genuine":1200,"impostor":35000,"det":[[0.001,0.3],[0.01,0.1],[0.1,0.01],[1.0,0.0]]}
{"set":"odd | set","protocol":"a <b> & {{seed}}","population":"shipped","modality":"pointer","eer_global":0.2,"eer_user":0.1,"fnmr_at_fmr_1pct":0.5,"auc":0.9,"cllr":0.9,"min_cllr":0.5,"genuine":40,"impostor":400}
{"set":"aalto","protocol":"enrol 10 sentences, probe one","population":"in-set","modality":"keyboard","times":"noise","eer_global":0.04,"eer_user":0.025,"fnmr_at_fmr_1pct":0.2,"auc":0.98,"cllr":0.2,"min_cllr":0.12,"genuine":1200,"impostor":35000}
"#;

const FIGURES: &str = r#""eer_user":0.01,"fnmr_at_fmr_1pct":0.1,"auc":0.99,"cllr":0.2,"min_cllr":0.1,"genuine":90,"impostor":900"#;

fn drift() -> String {
    let row = |log: &str, first: f64, adapting: f64| {
        format!(
            r#"{{"log":{log},"people":9,"first":{{"eer_global":{first},{FIGURES}}},"adapting":{{"eer_global":{adapting},{FIGURES}}},"genuine_taught":1.0,"impostor_taught":0.1,"impostor_sessions":70}}"#
        ) + "\n"
    };
    row("2", 0.03, 0.03) + &row("5", 0.06, 0.03) + &row("null", 0.05, 0.03)
}

const SHIFT: &str = r#"{"shift":"none","feedback":"none","device":"known","people":9,"sessions":54,"flags":0.0,"flagged":[0.0,0.0],"doubted":[0.1,0.0],"still_flagged":0.0,"last_flag":null,"not_scorable":0.0,"taught":0.98,"others_flagged":0.9,"others_after":3}
{"shift":"injured_hand","feedback":"always","device":"new","people":9,"sessions":54,"flags":1.5,"flagged":[0.5,0.25],"doubted":[0.75,0.5],"still_flagged":0.1,"last_flag":4,"not_scorable":0.02,"taught":0.6,"others_flagged":0.0,"others_after":null}
"#;

const POISON: &str = r#"{"subject_works":false,"day":0,"pairs":9,"mix":0.0,"taught":0.0,"owned":0.125,"genuine_doubted":0.02,"genuine_flagged":0.0,"genuine_llr":4.5}
{"subject_works":false,"day":1,"pairs":9,"mix":0.5,"taught":1.0,"owned":0.25,"genuine_doubted":0.03,"genuine_flagged":0.0,"genuine_llr":4.0}
{"subject_works":true,"day":1,"pairs":9,"mix":0.4,"taught":1.0,"owned":0.2,"genuine_doubted":0.02,"genuine_flagged":0.0,"genuine_llr":4.4}
"#;

fn takeover(set: &str, modality: &str, threshold: f64, false_flags: u32, keys: f64) -> String {
    let (typed, pointed) = if modality == "keyboard" { ("0.5", "null") } else { ("null", "0.5") };
    let typed = typed.replace("0.5", &f64::from(false_flags).to_string());
    format!(
        r#"{{"set":"{set}","modality":"{modality}","enrolled":true,"people":9,"genuine_keys":50000,"genuine_active_s":null,"false_flags":{false_flags},"false_per_50k_keys":{typed},"false_per_40h":{pointed},"takeovers":72,"flagged_before":0,"detected":0.75,"detected_within_300":0.7,"median_keys":{keys},"p90_keys":{},"median_active_s":40.0,"p90_active_s":90.0,"median_windows":3.0,"p90_windows":7.0,"anga":null,"ania":250.0,"never_flagged":1.0,"gini":null,"threshold":{threshold},"shipped_threshold":{}}}"#,
        2.0 * keys,
        (threshold - 2.0).abs() < 1e-9
    ) + "\n"
}

/// Writes the rows, and runs the report on them.
fn report(folder: &Path, accuracy: &str, takeovers: &[&str]) -> Output {
    let rows = folder.join("accuracy.jsonl");
    std::fs::write(&rows, accuracy).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tacit-lab"));
    command.args(["report", "--date", "2020-02-29", "--accuracy"]).arg(rows).arg("--takeover");
    for (at, rows) in takeovers.iter().enumerate() {
        let path = folder.join(format!("takeover-{at}.jsonl"));
        std::fs::write(&path, rows).unwrap();
        command.arg(path);
    }
    for (kind, rows) in [("drift", drift().as_str()), ("shift", SHIFT), ("poison", POISON)] {
        let path = folder.join(format!("{kind}.jsonl"));
        // A test may have put others there.
        if !path.exists() {
            std::fs::write(&path, rows).unwrap();
        }
        command.arg(format!("--{kind}")).arg(path);
    }
    command.arg("--out").arg(folder.join("figures.md")).output().unwrap()
}

fn takeovers() -> [String; 2] {
    let of = |set: &str, modality: &str| {
        takeover(set, modality, 20.0, 3, 100.0) + &takeover(set, modality, 2.0, 1, 150.0)
    };
    [of("klicke", "keyboard"), of("balabit", "pointer")]
}

fn rows<T: serde::de::DeserializeOwned>(text: &str) -> Vec<T> {
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// Every file of a report, one after the other.
fn joined(rendered: Rendered) -> String {
    let plots = rendered.plots.into_iter().map(|(file, svg)| format!("\n=== {file}\n{svg}"));
    rendered.document + &plots.collect::<String>()
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let report = Report {
        accuracy: rows(ACCURACY),
        takeover: rows(&takeovers().concat()),
        drift: rows(&drift()),
        shift: rows(SHIFT),
        poison: rows(POISON),
        seed: 2,
        date: time::macros::date!(2020 - 02 - 29),
        version: "1.2.3".to_owned(),
        provenance: vec!["somewhere: 3 people".to_owned(), "elsewhere: 4 people".to_owned()],
        plots: "figures".to_owned(),
    };
    insta::assert_snapshot!(joined(report.render()));
}

#[test]
fn a_report_is_written_with_its_plots() {
    let (folder, takeovers) = (tempfile::tempdir().unwrap(), takeovers());
    let mut seen = Vec::new();
    for _ in 0..2 {
        let output = report(folder.path(), ACCURACY, &[&takeovers[0], &takeovers[1]]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let files: Vec<String> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|f| std::fs::read_to_string(f).unwrap())
            .collect();
        let (document, plots) = files.split_last().unwrap();
        assert!(document.contains("tacit-lab train --seed"), "the provenance of the population that ships");
        assert_eq!(document.matches("](figures/").count(), plots.len());
        assert!(plots.iter().all(|svg| svg.starts_with("<svg ")));
        seen.push(files);
    }
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn what_is_no_row_is_named_with_its_line() {
    let takeovers = takeovers();
    let (keys, strokes) = (takeovers[0].as_str(), takeovers[1].as_str());
    let twice = keys.to_owned() + keys;
    let unshipped = takeover("ikdd", "keyboard", 20.0, 3, 100.0);
    let cases: [(String, &[&str], &str); 7] = [
        (format!("{ACCURACY}{{\"set\":"), &[keys, strokes], "accuracy.jsonl:4: EOF"),
        (ACCURACY.replace("\"auc\":0.9,", ""), &[keys], "accuracy.jsonl:2: missing field `auc`"),
        (ACCURACY.replace("\"auc\":0.9,", "\"auc\":90,"), &[keys], "accuracy.jsonl:2: a rate is a share"),
        (
            ACCURACY.repeat(2),
            &[keys],
            "accuracy.jsonl:4: aalto, enrol 10 sentences, probe one: the row is there twice",
        ),
        (String::new(), &[keys], "accuracy.jsonl: no rows"),
        (
            ACCURACY.to_owned(),
            &[strokes, &twice],
            "takeover-1.jsonl:3: klicke, trust below 20: the row is there twice",
        ),
        (ACCURACY.to_owned(), &[&unshipped], "takeover-0.jsonl: ikdd has no row of the threshold that ships"),
    ];
    for (accuracy, takeovers, named) in cases {
        let folder = tempfile::tempdir().unwrap();
        let output = report(folder.path(), &accuracy, takeovers);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains(named), "{named}: {told}");
        assert!(!folder.path().join("figures.md").exists(), "nothing is written of half the rows");
    }
}

#[test]
fn what_is_no_row_of_a_profile_that_adapts_is_named() {
    let cases = [
        ("drift", drift().repeat(2), "drift.jsonl:4: log 2: the row is there twice"),
        ("shift", SHIFT.replace("injured_hand", "tired"), "shift.jsonl:2: unknown variant `tired`"),
        ("shift", SHIFT.replace("0.75", "75"), "shift.jsonl:2: a rate is a share"),
        ("poison", POISON.replace(":0.125", ":-0.125"), "poison.jsonl:1: a rate is a share"),
        ("poison", String::new(), "poison.jsonl: no rows"),
    ];
    for (kind, rows, named) in cases {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(format!("{kind}.jsonl")), rows).unwrap();
        let takeovers = takeovers();
        let output = report(folder.path(), ACCURACY, &[&takeovers[0]]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains(named), "{named}: {told}");
    }
}

#[test]
fn what_to_report_must_be_said() {
    let lab = |args: &[&str]| Command::new(env!("CARGO_BIN_EXE_tacit-lab")).args(args).output().unwrap();
    let told = |args: &[&str]| {
        let output = lab(args);
        assert!(!output.status.success(), "{args:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(told(&["report", "--out", "x.md"]).contains("--accuracy"));
    assert!(told(&["report", "--data", ".", "--out", "x"]).contains("ends in .md"));
    assert!(told(&["report", "--data", ".", "--out", "x.md", "--date", "29.2.2020"]).contains("YYYY-MM-DD"));
    assert!(told(&["report", "--data", "/nonexistent", "--out", "x.md"]).contains("/nonexistent/aalto"));
    let half = ["report", "--accuracy", "/nonexistent.jsonl", "--out", "x.md"];
    assert!(told(&half).contains("--takeover"), "half of the rows, and nothing to measure the rest on");
}
