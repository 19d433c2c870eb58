//! `tacit-lab train`: learns the population that ships with the server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use indicatif::ProgressBar;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tacit_engine::Population;
use tacit_engine::train::TrainSettings;
use tacit_proto::Modality;

use crate::accuracy::bar;
use crate::accuracy::sets;
use crate::accuracy::trials::{Person, fit};

/// Where to learn from and to.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Folder of the research sets (klicke, ikdd, sapimouse, balabit, swipe; never aalto, which may not be used commercially)
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Population file to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Order in which people are dealt to the calibration's folds
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Learns, calibrates and writes.
///
/// # Errors
/// When the data cannot be read or the file cannot be written.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let bar = bar();
    let population = learn(&args.data, args.seed, &bar)?;
    bar.finish_and_clear();
    std::fs::write(&args.out, population.to_json() + "\n").with_context(|| args.out.display().to_string())?;
    Ok(ExitCode::SUCCESS)
}

/// The population of all sets that may be shipped.
fn learn(data: &Path, seed: u64, bar: &ProgressBar) -> anyhow::Result<Population> {
    let klicke = sets::klicke(&data.join("klicke"), bar)?;
    let ikdd = sets::ikdd(&data.join("ikdd"), sets::CALIBRATION_KEYSTROKES, bar)?;
    let sapimouse = sets::sapimouse(&data.join("sapimouse"), bar)?;
    let balabit = sets::balabit(&data.join("balabit"), bar)?;
    let balabit: Vec<Person> = balabit.into_iter().map(|b| b.person).collect();
    let swipe = sets::swipe(&data.join("swipe"), bar)?;
    let provenance = vec![
        set("klicke", &klicke, "Tian, Crossley, Van Waes; CC BY 4.0"),
        set("ikdd", &ikdd, "Tsimperidis et al. 2024; cited"),
        set("sapimouse", &sapimouse, "Antal et al. 2021; cited"),
        set("balabit", &balabit, "Balabit 2016; for researchers, cited"),
        set("swipe", &swipe, "Leiva et al. 2021; cited"),
        format!("tacit-lab train --seed {seed}, tacit {}", env!("CARGO_PKG_VERSION")),
    ];
    let mut models = Vec::new();
    let sets = [
        (Modality::Keyboard, vec![&klicke, &ikdd]),
        (Modality::Pointer, vec![&sapimouse, &balabit]),
        (Modality::Touch, vec![&swipe]),
    ];
    for (modality, sets) in sets {
        let mut people: Vec<&Person> = sets.into_iter().flatten().collect();
        people.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        models.push(fit(modality, &people, &TrainSettings::default(), bar));
    }
    Ok(Population::join(models).with_provenance(provenance))
}

fn set(name: &str, people: &[Person], licence: &str) -> String {
    let sessions: usize = people.iter().map(|p| p.training.len()).sum();
    format!("{name}: {} people, {sessions} sessions ({licence})", people.len())
}
