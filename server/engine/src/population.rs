//! The distribution of feature stats over people, sessions and noise: the prior for every subject.

use std::ops::Range;
use std::sync::LazyLock;

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};
use tacit_proto::{FeatureId, Modality, catalogue};

use crate::blocks::runs;
use crate::model::{Aspect, Calibration, Dimension, Model, cholesky};

const FORMAT: u32 = 2;

/// Why a population file is not one.
#[derive(Debug, thiserror::Error)]
pub enum PopulationError {
    /// Not the format.
    #[error("population file: {0}")]
    Format(String),
}

/// A trained population, one model a modality.
#[derive(Debug, Clone)]
pub struct Population {
    models: Vec<Model>,
    provenance: Vec<String>,
}

/// Means of the features of one modality in transformed units: what people can be drawn from.
#[derive(Debug, Clone)]
pub struct Prior {
    /// Which features.
    pub features: Vec<FeatureId>,
    /// Mean over people.
    pub mean: Vec<f64>,
    /// Covariance of subjects' means.
    pub subject_cov: DMatrix<f64>,
    /// Covariance of sessions within a subject.
    pub session_cov: DMatrix<f64>,
    /// Standard deviation of single values within a session.
    pub within_sd: Vec<f64>,
}

static SHIPPED: LazyLock<Population> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the file is part of the build, and a test reads it")]
    Population::from_json(include_str!("../data/population.json")).expect("the shipped population is sound")
});

impl Population {
    pub(crate) fn new(models: Vec<Model>, provenance: Vec<String>) -> Self {
        Self { models, provenance }
    }

    /// The population that ships with the server.
    #[must_use]
    pub fn shipped() -> Self {
        SHIPPED.clone()
    }

    /// Where it comes from, a line each.
    #[must_use]
    pub fn provenance(&self) -> &[String] {
        &self.provenance
    }

    /// States where it comes from.
    #[must_use]
    pub fn with_provenance(self, provenance: Vec<String>) -> Self {
        Self { provenance, ..self }
    }

    /// One population of several, each of its own modality.
    #[must_use]
    pub fn join(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut joined = Self::new(Vec::new(), Vec::new());
        for part in parts {
            joined.models.extend(part.models);
            joined.provenance.extend(part.provenance);
        }
        joined
    }

    /// The model of a modality, if it was trained.
    #[must_use]
    pub fn model(&self, modality: Modality) -> Option<&Model> {
        self.models.iter().find(|m| m.modality == modality)
    }

    /// Sets the calibration of a modality.
    pub fn calibrate(&mut self, modality: Modality, calibration: Calibration) {
        if let Some(model) = self.models.iter_mut().find(|m| m.modality == modality) {
            model.calibration = calibration;
        }
    }

    /// What people of a modality can be drawn from.
    #[must_use]
    pub fn prior(&self, modality: Modality) -> Option<Prior> {
        let model = self.model(modality)?;
        let at: Vec<usize> =
            (0..model.dimensions.len()).filter(|&i| model.dimensions[i].aspect == Aspect::Mean).collect();
        let d = |i: usize| &model.dimensions[at[i]];
        let scaled = |covariances: &[DMatrix<f64>]| {
            DMatrix::from_fn(at.len(), at.len(), |r, c| match (model.place(at[r]), model.place(at[c])) {
                (Some((block, i)), Some((other, j))) if block == other => {
                    covariances[block][(i, j)] * d(r).scale * d(c).scale
                }
                _ => 0.0,
            })
        };
        Some(Prior {
            features: (0..at.len()).map(|i| d(i).feature).collect(),
            mean: (0..at.len()).map(|i| d(i).centre).collect(),
            subject_cov: scaled(&model.subject),
            session_cov: scaled(&model.session),
            within_sd: (0..at.len()).map(|i| d(i).noise.sqrt() * d(i).scale).collect(),
        })
    }

    /// Reads a population file as `tacit-lab train` wrote it.
    ///
    /// # Errors
    /// When the file is not a population or is inconsistent.
    pub fn from_json(text: &str) -> Result<Self, PopulationError> {
        let file: File = serde_json::from_str(text).map_err(|e| PopulationError::Format(e.to_string()))?;
        if file.format != FORMAT {
            return Err(PopulationError::Format(format!(
                "format {}, this version reads {FORMAT}",
                file.format
            )));
        }
        let models = file.models.into_iter().map(Model::try_from).collect::<Result<_, _>>()?;
        Ok(Self { models, provenance: file.provenance })
    }

    /// The population as a file: dimensions with their numbers, covariances as lower triangles by rows.
    #[must_use]
    pub fn to_json(&self) -> String {
        let file = File {
            format: FORMAT,
            provenance: self.provenance.clone(),
            models: self.models.iter().map(FileModel::from).collect(),
        };
        serde_json::to_string(&file).unwrap_or_default()
    }
}

#[derive(Serialize, Deserialize)]
struct File {
    format: u32,
    provenance: Vec<String>,
    models: Vec<FileModel>,
}

#[derive(Serialize, Deserialize)]
struct FileModel {
    modality: Modality,
    calibration: Calibration,
    dimensions: Vec<Dimension>,
    /// Lower triangles by rows, a block each.
    subject: Vec<Vec<f32>>,
    session: Vec<Vec<f32>>,
    noise: Vec<Vec<f32>>,
}

impl From<&Model> for FileModel {
    fn from(model: &Model) -> Self {
        Self {
            modality: model.modality,
            calibration: model.calibration,
            dimensions: model.dimensions.clone(),
            subject: model.subject.iter().map(lower).collect(),
            session: model.session.iter().map(lower).collect(),
            noise: model.noise.iter().map(lower).collect(),
        }
    }
}

impl TryFrom<FileModel> for Model {
    type Error = PopulationError;

    fn try_from(file: FileModel) -> Result<Self, PopulationError> {
        let bad = |what: &str| PopulationError::Format(format!("{:?}: {what}", file.modality));
        for d in &file.dimensions {
            let known = catalogue::feature(d.feature).is_some_and(|f| f.modality == file.modality);
            let sound = d.centre.is_finite()
                && d.scale > 0.0
                && d.scale.is_finite()
                && d.noise > 0.0
                && d.noise.is_finite();
            if !known || !sound {
                return Err(bad(&format!("dimension of feature {} is not sound", d.feature.0)));
            }
        }
        if !file.dimensions.is_sorted_by_key(|d| (d.block(), d.feature, d.aspect)) {
            return Err(bad("dimensions are not sorted by block, feature and aspect"));
        }
        let sizes: Vec<usize> = runs(&file.dimensions).iter().map(Range::len).collect();
        let matrices = |packed: &[Vec<f32>], name: &str| {
            if packed.len() != sizes.len() {
                return Err(bad(&format!("{} {name} covariances for {} blocks", packed.len(), sizes.len())));
            }
            let matrix = |(packed, size): (&Vec<f32>, &usize)| {
                let whole = packed.len() == size * (size + 1) / 2 && packed.iter().all(|v| v.is_finite());
                whole
                    .then(|| full(packed, *size))
                    .ok_or_else(|| bad(&format!("a {name} covariance is not {size} by {size}")))
            };
            packed.iter().zip(&sizes).map(matrix).collect::<Result<Vec<_>, _>>()
        };
        let subject = matrices(&file.subject, "subject")?;
        let session = matrices(&file.session, "session")?;
        let noise = matrices(&file.noise, "noise")?;
        Ok(Self::new(file.modality, file.dimensions, subject, session, noise, file.calibration))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "single precision is finer than what was learned")]
fn lower(matrix: &DMatrix<f64>) -> Vec<f32> {
    (0..matrix.nrows()).flat_map(|r| (0..=r).map(move |c| matrix[(r, c)] as f32)).collect()
}

fn full(packed: &[f32], size: usize) -> DMatrix<f64> {
    let at = |r: usize, c: usize| f64::from(packed[r * (r + 1) / 2 + c]);
    let matrix = DMatrix::from_fn(size, size, |r, c| if r >= c { at(r, c) } else { at(c, r) });
    // Rounding may have cost definiteness.
    let factor = cholesky(&matrix).l();
    &factor * factor.transpose()
}
