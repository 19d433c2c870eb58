//! `tacit-lab train-drawn`: learns the networks that tell times drawn one by one from a hand's, and judges them on people and
//! programs of which it did not learn.

mod judge;
mod learn;
mod programs;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use indicatif::ProgressBar;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_measure::automation::each::{NEAR, surroundings};
use tacit_measure::automation::learned::{JUDGES, Judge, Network, of_run};

use crate::accuracy::bar;
use crate::attack::typists::{self, Typist};
use crate::rows;
use judge::{People, Programs, Typed};
use learn::{RUNS, STROKES, learn};
use programs::{Family, Known, Program};

pub use judge::Row;

/// Of three writers, two are learned of; the third is not, and judges.
const DEALT: usize = 3;
/// Parts of those learned of, each judged by a network of the others: what the limit comes from.
const PARTS: usize = 4;
/// False alarms in a million keys at the limit of each family, by networks that learned of fewer people.
const ALARMS: [f64; JUDGES] = [0.35, 0.25, 0.22];
/// Runs of more strokes are long.
const SHORT: usize = 100;
/// Programs of which networks of short runs learn, and keys of each; the same of long ones.
const PROGRAMS: [usize; 2] = [12_800, 2_400];
const KEYS: [usize; 2] = [200, 500];
/// Strokes between the beginnings of short runs, of people and of programs; twice as many between those of long ones.
const EVERY_OF_PEOPLE: usize = 5;
const EVERY: usize = 16;
/// Other hands that each writer is made to be, where sampling programs are learned of, and strokes between beginnings of their runs.
const HANDS: usize = 3;
const EVERY_OF_HANDS: usize = 11;
/// Programs of each kind that judge, and keys of each.
const JUDGED: usize = 1_000;
const KEYS_JUDGED: usize = 510;

/// Where to learn from and to.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Folder of the research sets (klicke is learned of; aalto, where it is there, only judges)
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// File of weights to write: agent/measure/src/automation/learned.f32
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Also write the curve to a file, a JSON object a line
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Draws programs and first weights
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Whether the network that ships learned of the writer at this place of klicke, by name.
#[must_use]
pub fn learned_of(place: usize) -> bool {
    place % DEALT != DEALT - 1
}

/// Learns, writes the weights and prints the curve.
///
/// # Errors
/// When the data cannot be read or a file cannot be written.
pub fn run(args: &Args, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let bar = bar();
    let typists = typists::read(&args.data, &bar)?;
    let (learned, apart): (Vec<&Typist>, Vec<&Typist>) = typists.iter().partition(|t| t.learned_of);
    let others = Others::of(&apart, args.seed, &bar);
    let learned = Learned::of(&learned, &bar);
    let left_out = learned.left_out(args.seed, &bar)?;
    let known = Known::of(&learned.typists, &learned.typists, KEYS[0]);
    let (mut rows, mut weights) = (Vec::new(), Vec::new());
    for ((family, alarms), left_out) in Family::ALL.into_iter().zip(ALARMS).zip(&left_out) {
        bar.set_message(family.name());
        #[expect(clippy::cast_possible_truncation, reason = "a few units")]
        let limit = left_out.limit(alarms) as f32;
        let judge = Judge { limit, ..learned.judge(family, &known, |_| true, args.seed, &bar)? };
        weights.extend(judge.bytes());
        rows.extend(others.curve(family, &judge, left_out, &bar));
    }
    bar.finish_and_clear();
    std::fs::write(&args.out, weights).with_context(|| args.out.display().to_string())?;
    let heading = rows.first().map(Row::heading).unwrap_or_default();
    rows::put(&rows, &heading, Row::line, args.json.as_deref(), out)
}

/// Those who are learned of.
struct Learned<'a> {
    typists: Vec<&'a Typist>,
    typed: Vec<Typed>,
}

impl<'a> Learned<'a> {
    fn of(typists: &[&'a Typist], bar: &ProgressBar) -> Self {
        bar.set_prefix("measure");
        let typed = typists.iter().map(|typist| Typed::of(&typist.events)).collect();
        Self { typists: typists.to_vec(), typed }
    }

    /// What they say to networks of each family that learned of others.
    fn left_out(&self, seed: u64, bar: &ProgressBar) -> anyhow::Result<[People; JUDGES]> {
        let mut left_out = Family::ALL.map(|family| People::of(family.rule()));
        for part in 0..PARTS {
            let others = |place: usize| place % PARTS != part;
            let typists: Vec<&Typist> =
                self.typists.iter().enumerate().filter(|(at, _)| others(*at)).map(|(_, t)| *t).collect();
            let known = Known::of(&typists, &typists, KEYS[0]);
            for (family, left_out) in Family::ALL.into_iter().zip(&mut left_out) {
                bar.set_message(format!("{}, part {} of {PARTS}", family.name(), part + 1));
                let judge = self.judge(family, &known, others, seed + 1 + part as u64, bar)?;
                for (_, typed) in self.typed.iter().enumerate().filter(|(at, _)| !others(*at)) {
                    left_out.add(&judge, family.strokes(), typed);
                }
            }
        }
        Ok(left_out)
    }

    /// What those at some places, and programs of a family that know them, teach.
    fn judge(
        &self,
        family: Family,
        known: &Known,
        at: impl Fn(usize) -> bool,
        seed: u64,
        bar: &ProgressBar,
    ) -> anyhow::Result<Judge> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (strokes, long) = (family.strokes(), usize::from(family.strokes() > SHORT));
        bar.set_prefix("programs");
        bar.set_length(PROGRAMS[long] as u64);
        bar.set_position(0);
        let mut programs = Vec::new();
        for program in family.programs().iter().cycle().take(PROGRAMS[long]) {
            programs.push(Typed::of(&known.typed(*program, KEYS[long], &mut rng)));
            bar.inc(1);
        }
        let hands = if family == Family::Sampling { HANDS } else { 0 };
        let people: Vec<&Typed> =
            self.typed.iter().enumerate().filter(|(place, _)| at(*place)).map(|(_, typed)| typed).collect();
        let programs: Vec<&Typed> = programs.iter().collect();
        let near = |typed: &[&Typed]| -> Vec<[f32; NEAR]> {
            typed.iter().flat_map(|typed| typed.runs(strokes, strokes)).flat_map(surroundings).collect()
        };
        // In long runs, what strokes say takes simulated people, and some of another set, for synthesisers.
        let each = if strokes > SHORT {
            Network::silent()
        } else {
            learn(STROKES, &near(&people), &near(&programs), seed, bar)?
        };
        bar.set_prefix("measure");
        let runs = |typed: &[&Typed], every: usize| -> Vec<_> {
            typed
                .iter()
                .flat_map(|typed| typed.runs(strokes, every << long))
                .map(|run| of_run(&each, run))
                .collect()
        };
        let (mut of_people, programs) = (runs(&people, EVERY_OF_PEOPLE), runs(&programs, EVERY));
        // A writer of whom nothing was learned differs from all of them by more than a run from its own.
        for _ in 0..hands {
            let hands: Vec<Typed> = people.iter().map(|typed| typed.of_another_hand(&mut rng)).collect();
            of_people.extend(runs(&hands.iter().collect::<Vec<_>>(), EVERY_OF_HANDS));
        }
        let run = learn(RUNS, &of_people, &programs, seed, bar)?;
        Ok(Judge { each, run, limit: f32::INFINITY })
    }
}

/// Those of whom nothing was learned: people, and programs that know every other one of them and type what the rest typed.
struct Others {
    /// Of the same set as those learned of, and of another.
    people: [Vec<Typed>; 2],
    programs: Vec<(Program, Vec<Typed>)>,
}

impl Others {
    fn of(apart: &[&Typist], seed: u64, bar: &ProgressBar) -> Self {
        bar.set_message("those who judge");
        let typed = |here: bool| {
            let of = apart.iter().filter(|typist| (typist.set == typists::LEARNED_SET) == here);
            of.map(|typist| Typed::of(&typist.events)).collect()
        };
        let known: Vec<&Typist> = apart.iter().copied().step_by(2).collect();
        let authors: Vec<&Typist> = apart.iter().copied().skip(1).step_by(2).collect();
        let known = Known::of(&known, &authors, KEYS_JUDGED);
        let program = |program: Program| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let typed = (0..JUDGED).map(|_| Typed::of(&known.typed(program, KEYS_JUDGED, &mut rng)));
            (program, typed.collect())
        };
        Self {
            people: [typed(true), typed(false)],
            programs: Program::ALL.into_iter().map(program).collect(),
        }
    }

    fn curve(&self, family: Family, judge: &Judge, left_out: &People, bar: &ProgressBar) -> Vec<Row> {
        bar.set_prefix("judge");
        let [same, other] = self.people.each_ref().map(|people| {
            let mut said = People::of(family.rule());
            people.iter().for_each(|typed| said.add(judge, family.strokes(), typed));
            said
        });
        let programs: Vec<(Program, Programs)> = self
            .programs
            .iter()
            .map(|(program, all)| {
                let mut said = Programs::of(family.rule());
                all.iter().for_each(|typed| said.add(judge, family.strokes(), typed));
                (*program, said)
            })
            .collect();
        let row = |limit: f64| Row {
            family: family.name().to_owned(),
            limit,
            ships: (limit - f64::from(judge.limit)).abs() < 1e-3,
            learned: left_out.alarms_in_a_million(limit),
            apart: same.alarms_in_a_million(limit),
            other_set: (other.keys > 0).then(|| other.alarms_in_a_million(limit)),
            programs: programs
                .iter()
                .map(|(program, said)| {
                    let shares = [70, 300, 500].map(|keys| said.within(keys, limit));
                    (program.name().to_owned(), family.programs().contains(program), shares)
                })
                .collect(),
        };
        judge::limits().map(row).collect()
    }
}
