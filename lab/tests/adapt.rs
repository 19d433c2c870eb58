//! Profiles that adapt, on simulated people who change from day to day.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};
use tacit_lab::adapt::{drift, poison, shift};

/// Two for each part that is judged: all the others are the population.
const PEOPLE: u32 = 10;
const LOGS: u32 = 4;
const KEYS: usize = 2_000;
const KEYS_A_PROBE: usize = 100;
/// Lists of a log: a code of each hand and the space bar, and some pairs of them, with a share of the keys each.
const HOLDS: [(u16, usize); 3] = [(30, 800), (36, 800), (57, 400)];
const LATENCIES: [(u16, u16, usize); 5] =
    [(30, 36, 450), (36, 30, 450), (30, 57, 300), (57, 36, 400), (33, 19, 300)];

/// Writes logs of people who each have a manner that drifts from log to log.
fn write_people(folder: &Path) {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut normal = |mean: f64, sd: f64| Normal::new(mean, sd).unwrap().sample(&mut rng);
    for person in 0..PEOPLE {
        let own = folder.join(format!("ikdd/{person}"));
        std::fs::create_dir_all(&own).unwrap();
        let mut holds = HOLDS.map(|_| normal(4.5, 0.2));
        let mut latencies = LATENCIES.map(|_| normal(5.2, 0.25));
        for log in 1..=LOGS {
            let mut text = "kind,code_a,code_b,values_ms\n".to_owned();
            let mut list = |head: String, mean: f64, count: usize| {
                let values: Vec<String> =
                    (0..count).map(|_| format!("{:.0}", normal(mean, 0.25).exp())).collect();
                text += &format!("{head},{}\n", values.join(" "));
            };
            for ((code, count), mean) in HOLDS.iter().zip(holds) {
                list(format!("hold,{code},"), mean, *count);
            }
            for ((from, to, count), mean) in LATENCIES.iter().zip(latencies) {
                list(format!("down_down,{from},{to}"), mean, *count);
            }
            std::fs::write(own.join(format!("{log}.csv")), gzip(&text)).unwrap();
            holds.iter_mut().chain(&mut latencies).for_each(|mean| *mean += normal(0.0, 0.06));
        }
    }
}

fn gzip(text: &str) -> Vec<u8> {
    use std::io::Write;
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap()
}

fn lab(folder: &Path, command: &str) -> Output {
    let json = folder.join(format!("{command}.jsonl"));
    let mut lab = Command::new(env!("CARGO_BIN_EXE_tacit-lab"));
    lab.args([command, "--data"]).arg(folder).arg("--json").arg(json).output().unwrap()
}

fn rows<T: serde::de::DeserializeOwned>(folder: &Path, command: &str) -> Vec<T> {
    let output = lab(folder, command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(folder.join(format!("{command}.jsonl"))).unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().lines().count() > text.lines().count());
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn a_profile_that_adapts_follows_people_and_a_change_that_stays_is_told() {
    let folder = tempfile::tempdir().unwrap();
    write_people(folder.path());

    let drift: Vec<drift::Row> = rows(folder.path(), "drift");
    assert_eq!(drift.iter().map(|r| r.log).collect::<Vec<_>>(), [Some(2), Some(3), Some(4), None]);
    let (second, last) = (&drift[0], &drift[2]);
    let probes = PEOPLE as usize * KEYS / KEYS_A_PROBE;
    assert_eq!((last.people, last.first.genuine), (PEOPLE as usize, probes));
    assert_eq!(second.first, second.adapting, "nothing was learned before the second log");
    assert!(last.adapting.auc > last.first.auc, "{last:?}");
    assert!(last.genuine_taught > last.impostor_taught, "{last:?}");

    let shift: Vec<shift::Row> = rows(folder.path(), "shift");
    assert_eq!(shift.len(), 30);
    let row = |of: shift::Shift| shift.iter().find(|r| r.shift == of).unwrap();
    let (none, one_hand) = (row(shift::Shift::None), row(shift::Shift::OneHand));
    assert!(none.flagged.len() == 6 && none.sessions == 6 * PEOPLE as usize);
    assert!(one_hand.doubted[0] > none.doubted[0], "{one_hand:?} {none:?}");
}

#[test]
fn poison_is_told_day_by_day() {
    let folder = tempfile::tempdir().unwrap();
    write_people(folder.path());
    let rows: Vec<poison::Row> = rows(folder.path(), "poison");
    assert_eq!(rows.len(), 42);
    let (before, after) = (&rows[0], &rows[20]);
    assert_eq!((before.day, after.day, after.pairs), (0, 20, PEOPLE as usize));
    assert!(before.genuine_llr > 0.0 && before.owned < 0.5, "{before:?}");
    // What is taught is the impostor's: the profile gets no nearer to the subject by it.
    assert!(after.owned >= before.owned && after.genuine_llr < before.genuine_llr, "{after:?}");
    assert!(rows.iter().all(|r| (0.0..=1.0).contains(&r.mix)));
}

#[test]
fn people_of_one_day_cannot_be_followed() {
    let folder = tempfile::tempdir().unwrap();
    assert!(!lab(folder.path(), "drift").status.success());
    let own = folder.path().join("ikdd/a");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("1.csv"), gzip("kind,code_a,code_b,values_ms\nhold,30,,90 95\n")).unwrap();
    for command in ["drift", "shift", "poison"] {
        let told = lab(folder.path(), command);
        let told = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(told.contains("too few people with logs of enough days"), "{command}: {told}");
    }
}
