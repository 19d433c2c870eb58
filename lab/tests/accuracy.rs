//! The accuracy command and the trials behind it, on simulated people.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::{Command, Output};

use indicatif::ProgressBar;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal};
use tacit_engine::train::TrainSettings;
use tacit_lab::accuracy::trials::{Person, fit, run};
use tacit_lab::data;
use tacit_lab::metrics::Figures;
use tacit_measure::{Input, Locator, Origin, Settings, TimedInput};
use tacit_proto::Modality;

/// How one simulated person types: log milliseconds.
struct Hand {
    hold: [f64; 3],
    gap: [f64; 3],
    spread: f64,
}

impl Hand {
    fn draw(rng: &mut impl Rng) -> Self {
        let around = |rng: &mut _, centre: f64, sd: f64| Normal::new(centre, sd).unwrap().sample(rng);
        Self {
            hold: [0; 3].map(|_| around(rng, 4.5, 0.25)),
            gap: [0; 3].map(|_| around(rng, 5.2, 0.25)),
            spread: around(rng, 0.25, 0.05).clamp(0.1, 0.4),
        }
    }

    /// Key presses and releases as (microseconds, down, code), in order of time.
    fn keys(&self, count: usize, rng: &mut impl Rng) -> Vec<(u64, bool, u16)> {
        let day = Normal::new(0.0, 0.05).unwrap().sample(rng);
        let mut events = Vec::new();
        let mut at_us = 1_000_000.0;
        for _ in 0..count {
            let (kind, codes): (usize, &[u16]) = match rng.random_range(0..5) {
                0 | 1 => (0, &[30, 31, 32, 33, 18, 19]),
                2 | 3 => (1, &[36, 37, 38, 22, 23, 24]),
                _ => (2, &[57]),
            };
            let value =
                |log: f64, rng: &mut _| Normal::new(log + day, self.spread).unwrap().sample(rng).exp();
            let hold = value(self.hold[kind], rng);
            let code = codes[rng.random_range(0..codes.len())];
            events.push((at_us as u64, true, code));
            events.push(((at_us + 1000.0 * hold) as u64, false, code));
            at_us += 1000.0 * value(self.gap[kind], rng).max(hold * 1.05);
        }
        events.sort_by_key(|e| (e.0, e.1));
        events
    }
}

fn located(keys: &[(u64, bool, u16)]) -> Vec<TimedInput> {
    let mut locator = Locator::new();
    keys.iter()
        .filter_map(|(at_us, down, code)| {
            let input: Option<Input> = if *down { locator.key_down(*code) } else { locator.key_up(*code) };
            input.map(|input| TimedInput { at_us: *at_us, origin: Origin::Device, input })
        })
        .collect()
}

fn simulated(people: usize, seed: u64) -> Vec<Person> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..people)
        .map(|_| {
            let hand = Hand::draw(&mut rng);
            let mut session = |keys: usize| located(&hand.keys(keys, &mut rng));
            let sessions: Vec<_> =
                (0..3).filter_map(|_| data::whole(&session(200), Modality::Keyboard)).collect();
            let fifty = Settings { window_keystrokes: 50, ..data::WHOLE };
            Person {
                training: sessions.iter().map(|s| s.stats.clone()).collect(),
                enrolment: sessions,
                probes: data::windows(&session(200), Modality::Keyboard, fifty),
                ..Person::default()
            }
        })
        .collect()
}

#[test]
fn simulated_people_are_told_apart_by_a_population_they_are_not_in() {
    let (training, tested) = (simulated(40, 1), simulated(20, 2));
    let refs = |people: &'static [Person]| people.iter().collect::<Vec<_>>();
    let (training, tested) = (refs(training.leak()), refs(tested.leak()));
    let bar = ProgressBar::hidden();
    let population = fit(Modality::Keyboard, &training, &TrainSettings::default(), &bar);
    let figures = Figures::of(&run(&population, Modality::Keyboard, &tested, &bar)).unwrap();
    assert_eq!((figures.genuine, figures.impostor), (80, 20 * 19 * 4));
    assert!(figures.eer_global < 0.05, "{figures:?}");
    assert!(figures.auc > 0.98, "{figures:?}");
    assert!(figures.cllr < figures.min_cllr + 0.2, "a score means what it says: {figures:?}");
}

fn lab(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tacit-lab")).args(args).output().unwrap()
}

fn write_trace(path: &Path, keys: &[(u64, bool, u16)]) {
    let mut text = String::from("t_us,event,code,x,y\n");
    for (at_us, down, code) in keys {
        text += &format!("{at_us},{},{code},,\n", if *down { "kd" } else { "ku" });
    }
    std::fs::write(path, text).unwrap();
}

#[test]
fn any_folder_of_traces_gets_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for user in 0..4 {
        write_trace(&folder.path().join(format!("{user}.csv")), &Hand::draw(&mut rng).keys(600, &mut rng));
    }
    let json = folder.path().join("rows.jsonl");
    let (traces, out) = (folder.path().to_str().unwrap(), json.to_str().unwrap());
    let output =
        lab(&["accuracy", "--traces", traces, "--enrol", "0.5", "--probe-keys", "100", "--json", out]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let rows = std::fs::read_to_string(json).unwrap();
    let row: serde_json::Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
    assert_eq!(row["population"], "shipped");
    assert_eq!(row["modality"], "keyboard");
    assert_eq!((&row["genuine"], &row["impostor"]), (&12.into(), &36.into()));
    for rate in ["eer_global", "eer_user", "fnmr_at_fmr_1pct", "auc", "cllr", "min_cllr"] {
        assert!(row[rate].is_f64(), "{rate}");
    }
}

/// Strokes of one finger: how fast, how long it rests before it moves and before it lifts off, in milliseconds.
fn write_touches(path: &Path, rng: &mut impl Rng) {
    let draw = |mean: f64, sd: f64, rng: &mut _| Normal::new(mean, sd).unwrap().sample(rng).exp();
    let own: Vec<f64> = [4.0, 3.0, 2.0].iter().map(|mean| draw(*mean, 0.6, rng).ln()).collect();
    let (mut text, mut at_us) = (String::from("t_us,event,code,x,y\n"), 0.0);
    for stroke in 0..60 {
        let [landing, step, dwell] = [0, 1, 2].map(|i| 1000.0 * draw(own[i], 0.3, rng));
        let (mut x, y) = (f64::from(stroke % 7) * 20.0, f64::from(stroke % 5) * 30.0);
        text += &format!("{at_us:.0},td,0,{x},{y}\n");
        at_us += landing;
        for _ in 0..20 {
            x += 8.0;
            text += &format!("{at_us:.0},tm,0,{x},{y}\n");
            at_us += step;
        }
        at_us += dwell;
        text += &format!("{at_us:.0},tu,0,{x},{y}\n");
        at_us += 400_000.0;
    }
    std::fs::write(path, text).unwrap();
}

#[test]
fn people_who_swipe_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("swipe")).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for user in 0..40 {
        write_touches(&folder.path().join(format!("swipe/{user}.csv")), &mut rng);
    }
    let json = folder.path().join("rows.jsonl");
    let (data, out) = (folder.path().to_str().unwrap(), json.to_str().unwrap());
    let output = lab(&["accuracy", "--data", data, "--set", "swipe", "--json", out]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let row: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!((&row["set"], &row["modality"]), (&"swipe".into(), &"touch".into()));
    // 60 strokes each: 30 enrolled, three probes, against nine others of the same fold.
    assert_eq!((&row["genuine"], &row["impostor"]), (&120.into(), &(40 * 9 * 3).into()));
    assert!(row["eer_global"].as_f64().unwrap() < 0.15, "{row}");
}

#[test]
fn a_bad_trace_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("a.csv");
    std::fs::write(&bad, "t_us,event,code,x,y\n0,kd,30,,\nlater,ku,30,,\n").unwrap();
    let traces = folder.path().to_str().unwrap();
    let output = lab(&["accuracy", "--traces", traces, "--enrol", "0.5", "--probe-keys", "100"]);
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains(&format!("{}:3: t_us", bad.display())), "{told}");
}

#[test]
fn what_to_measure_must_be_said() {
    assert!(!lab(&["accuracy"]).status.success());
    assert!(!lab(&["accuracy", "--traces", ".", "--enrol", "0.5"]).status.success());
    assert!(!lab(&["accuracy", "--data", ".", "--set", "nowhere"]).status.success());
    let output = lab(&["accuracy", "--data", "/nonexistent", "--set", "ikdd"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("/nonexistent/ikdd"));
}
