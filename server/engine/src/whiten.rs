//! Whitens what several pools of stats show of one block, side by side: most of the time that a score takes is spent here.
//!
//! All pools share the covariances of the block and each has a noise of its own, so each has a matrix of its own to factor.
//! A lane of a vector holds a pool: whatever the processor's vectors hold is worked out at the cost of one. What some pools
//! show and others do not stands in the matrices of those others as an identity, which changes nothing else. Single precision
//! is far finer than what was learned.

use nalgebra::DVector;
use pulp::{Arch, Simd, WithSimd};

use crate::factor::{Lower, Triangle};
use crate::model::Observation;

/// Rows and columns that are worked out together: as many sums as stay in the registers of a small processor.
const TILE: usize = 3;
/// Added to a diagonal that rounding has left indefinite, and ten times as much each time that does not do.
const FIRST_RIDGE: f32 = 1e-6;
/// Beyond this ridge only numbers that are not finite need one.
const STEEPEST: f32 = 1e12;
/// Numbers of a cache line.
const LINE: usize = 16;

/// One coordinate of a whitened vector, with its place on the factor's diagonal.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whitened {
    pub(crate) value: f64,
    pub(crate) diagonal: f64,
}

/// How a block varies, in single precision: lower triangles.
#[derive(Debug, Clone)]
pub(crate) struct Varies {
    /// Covariance of anyone: of subjects and of their sessions.
    pub(crate) anyone: Triangle<f32>,
    /// Covariance of the session's term.
    pub(crate) session: Triangle<f32>,
    /// Correlations of the noise.
    pub(crate) noise: Triangle<f32>,
}

/// Room to whiten in, kept from one time to the next: asking the system for it costs as much as a small score.
#[derive(Debug, Default)]
pub(crate) struct Room {
    together: Triangle<f32>,
    columns: Vec<f32>,
    lanes: Lanes,
    factor: Vec<f32>,
}

/// Numbers of some pools, by dimensions and then by pools.
#[derive(Debug, Default)]
struct Lanes {
    /// One where the pool shows the dimension.
    shown: Vec<f32>,
    /// Standard deviation of the noise.
    spread: Vec<f32>,
    value: Vec<f32>,
    /// Added to the diagonal.
    ridge: Vec<f32>,
    whitened: Vec<f32>,
    /// Over the factor's diagonal, one.
    scale: Vec<f32>,
}

impl Room {
    /// Whitens what each pool shows of a block by how anyone varies, and adds it to what the pool has already. A matrix that is
    /// not finite is taken for an identity: as if nothing were known.
    pub(crate) fn whiten_anyone(
        &mut self,
        varies: &Varies,
        pools: &[Option<&Observation>],
        into: &mut [Vec<Whitened>],
    ) {
        let Self { columns, lanes, factor, .. } = self;
        let (covariance, noise) = (&varies.anyone, &varies.noise);
        Arch::new().dispatch(Whiten { columns, lanes, factor, covariance, noise, mean: None, pools, into });
    }

    /// The same by how one subject varies, whose term has a mean and a covariance.
    pub(crate) fn whiten_subject(
        &mut self,
        varies: &Varies,
        (mean, covariance): (&DVector<f32>, &Triangle<f32>),
        pools: &[Option<&Observation>],
        into: &mut [Vec<Whitened>],
    ) {
        let Self { together, columns, lanes, factor } = self;
        together.sum(covariance, &varies.session);
        let (covariance, noise) = (&*together, &varies.noise);
        Arch::new().dispatch(Whiten {
            columns,
            lanes,
            factor,
            covariance,
            noise,
            mean: Some(mean),
            pools,
            into,
        });
    }
}

struct Whiten<'a> {
    columns: &'a mut Vec<f32>,
    lanes: &'a mut Lanes,
    factor: &'a mut Vec<f32>,
    covariance: &'a Triangle<f32>,
    noise: &'a Triangle<f32>,
    mean: Option<&'a DVector<f32>>,
    pools: &'a [Option<&'a Observation>],
    into: &'a mut [Vec<Whitened>],
}

impl WithSimd for Whiten<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { columns, lanes, factor, covariance, noise, mean, pools, into } = self;
        let width = S::F32_LANES;
        let size = covariance.size().next_multiple_of(TILE);
        let needed = size * size * width;
        if factor.len() < needed + LINE {
            factor.resize(needed + LINE, 0.0);
        }
        // Vectors that lie across two cache lines cost twice.
        let start = factor.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        let factor = &mut factor[start..start + needed];
        for (pools, into) in pools.chunks(width).zip(into.chunks_mut(width)) {
            if pools.iter().all(Option::is_none) {
                continue;
            }
            lanes.begin(size, width, mean, pools);
            loop {
                Factor { size, covariance, noise, columns, lanes, factor }.work(simd);
                if !lanes.steeper(width) {
                    break;
                }
            }
            lanes.end(width, pools, into);
        }
    }
}

impl Lanes {
    /// Takes the pools of one vector.
    #[expect(clippy::cast_possible_truncation, reason = "single precision is finer than what was learned")]
    fn begin(
        &mut self,
        size: usize,
        width: usize,
        mean: Option<&DVector<f32>>,
        pools: &[Option<&Observation>],
    ) {
        let Self { shown, spread, value, ridge, whitened, scale } = self;
        for all in [&mut *shown, spread, value, whitened, scale] {
            all.clear();
            all.resize(size * width, 0.0);
        }
        ridge.clear();
        ridge.resize(width, 0.0);
        for (lane, pool) in pools.iter().enumerate() {
            let Some(o) = pool else { continue };
            for ((&dimension, of), noise) in o.index.iter().zip(&o.value).zip(&o.noise) {
                let at = dimension * width + lane;
                shown[at] = 1.0;
                spread[at] = noise.sqrt() as f32;
                value[at] = *of as f32 - mean.map_or(0.0, |mean| mean[dimension]);
            }
        }
    }

    /// Adds to the diagonals of those that were not definite. False if there are none.
    fn steeper(&mut self, width: usize) -> bool {
        let mut any = false;
        for lane in 0..width {
            // Of a pivot that is not above nothing, what is multiplied by is no finite number, nor is the sum.
            let sum: f32 = self.scale.iter().skip(lane).step_by(width).sum();
            let ridge = &mut self.ridge[lane];
            if !sum.is_finite() && *ridge <= STEEPEST {
                *ridge = if *ridge > 0.0 { *ridge * 10.0 } else { FIRST_RIDGE };
                any = true;
            }
        }
        any
    }

    fn end(&self, width: usize, pools: &[Option<&Observation>], into: &mut [Vec<Whitened>]) {
        for (lane, (pool, into)) in pools.iter().zip(into).enumerate() {
            let Some(o) = pool else { continue };
            let known = self.ridge[lane] <= STEEPEST;
            into.extend(o.index.iter().map(|dimension| {
                let at = dimension * width + lane;
                let (value, scale) =
                    if known { (self.whitened[at], self.scale[at]) } else { (self.value[at], 1.0) };
                Whitened { value: f64::from(value), diagonal: f64::from(scale).recip() }
            }));
        }
    }
}

/// Factors the matrices of all lanes, tile by tile of rows and columns, and takes the values along.
struct Factor<'a> {
    size: usize,
    covariance: &'a Triangle<f32>,
    noise: &'a Triangle<f32>,
    columns: &'a mut Vec<f32>,
    lanes: &'a mut Lanes,
    /// The factors, by rows, columns and lanes.
    factor: &'a mut [f32],
}

impl Factor<'_> {
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "a tile reads best by its places")]
    fn work<S: Simd>(self, simd: S) {
        let Self { size, covariance, noise, columns, lanes, factor } = self;
        let shown = S::as_simd_f32s(&lanes.shown).0;
        let spread = S::as_simd_f32s(&lanes.spread).0;
        let value = S::as_simd_f32s(&lanes.value).0;
        let whitened = S::as_mut_simd_f32s(&mut lanes.whitened).0;
        let scale = S::as_mut_simd_f32s(&mut lanes.scale).0;
        let factor = S::as_mut_simd_f32s(factor).0;
        let ridge = S::as_simd_f32s(&lanes.ridge).0[0];
        let one = simd.splat_f32s(1.0);
        for column in (0..size).step_by(TILE) {
            fill(columns, size, column, covariance, noise);
            let given = Given { size, columns, shown, spread };
            let (done, below) = factor.split_at_mut((column + TILE) * size);
            let own = &mut done[column * size..];

            let mut tile = given.tile(simd, column, column);
            subtract(simd, &mut tile, own, own, column);
            let mut scales = [one; TILE];
            for j in 0..TILE {
                let identity = simd.sub_f32s(one, shown[column + j]);
                let mut pivot = simd.add_f32s(tile[j][j], simd.add_f32s(ridge, identity));
                for k in 0..j {
                    pivot = simd.sub_f32s(pivot, simd.mul_f32s(tile[j][k], tile[j][k]));
                }
                scales[j] = simd.div_f32s(one, simd.sqrt_f32s(pivot));
                for i in j + 1..TILE {
                    for k in 0..j {
                        tile[i][j] = simd.sub_f32s(tile[i][j], simd.mul_f32s(tile[i][k], tile[j][k]));
                    }
                    tile[i][j] = simd.mul_f32s(tile[i][j], scales[j]);
                    own[i * size + column + j] = tile[i][j];
                }
            }
            scale[column..column + TILE].copy_from_slice(&scales);

            let others = tile;
            for (at, rows) in below.chunks_exact_mut(TILE * size).enumerate() {
                let mut tile = given.tile(simd, column + TILE * (at + 1), column);
                subtract(simd, &mut tile, rows, own, column);
                for i in 0..TILE {
                    for j in 0..TILE {
                        for k in 0..j {
                            tile[i][j] = simd.sub_f32s(tile[i][j], simd.mul_f32s(tile[i][k], others[j][k]));
                        }
                        tile[i][j] = simd.mul_f32s(tile[i][j], scales[j]);
                    }
                    rows[i * size + column..][..TILE].copy_from_slice(&tile[i]);
                }
            }
        }
        for (r, row) in factor.chunks_exact(size).enumerate() {
            // Several sums at a time: each waits for its own last addition.
            let mut sums = [simd.splat_f32s(0.0); 4];
            let (known, rest) = whitened.split_at_mut(r);
            for (row, known) in row[..r].chunks(4).zip(known.chunks(4)) {
                for ((sum, x), w) in sums.iter_mut().zip(row).zip(known) {
                    *sum = simd.mul_add_e_f32s(*x, *w, *sum);
                }
            }
            let sum = simd.add_f32s(simd.add_f32s(sums[0], sums[1]), simd.add_f32s(sums[2], sums[3]));
            rest[0] = simd.mul_f32s(simd.sub_f32s(value[r], sum), scale[r]);
        }
    }
}

/// The columns of a tile of both triangles, by rows of the whole: nothing above the diagonal nor beyond the last dimension.
fn fill(
    columns: &mut Vec<f32>,
    size: usize,
    first: usize,
    covariance: &Triangle<f32>,
    noise: &Triangle<f32>,
) {
    columns.clear();
    for triangle in [covariance, noise] {
        for column in first..first + TILE {
            let end = columns.len() + size;
            if column < triangle.size() {
                columns.resize(end - size + column, 0.0);
                columns.extend_from_slice(triangle.column(column));
            }
            columns.resize(end, 0.0);
        }
    }
}

/// What the matrices of all lanes are made of.
struct Given<'a, V> {
    size: usize,
    /// Of the covariance and of the correlations of the noise.
    columns: &'a [f32],
    shown: &'a [V],
    spread: &'a [V],
}

impl<V: Copy> Given<'_, V> {
    /// Of some rows and the columns that are given.
    #[inline(always)]
    fn tile<S: Simd<f32s = V>>(&self, simd: S, first: usize, column: usize) -> [[V; TILE]; TILE] {
        let Self { size, columns, shown, spread } = *self;
        let mut tile = [[simd.splat_f32s(0.0); TILE]; TILE];
        let (of_rows, of_columns) = (&shown[first..][..TILE], &shown[column..][..TILE]);
        let (noisy_rows, noisy_columns) = (&spread[first..][..TILE], &spread[column..][..TILE]);
        for j in 0..TILE {
            let covariance = &columns[j * size + first..][..TILE];
            let noise = &columns[(TILE + j) * size + first..][..TILE];
            for i in 0..TILE {
                let both = simd.mul_f32s(of_rows[i], of_columns[j]);
                let noisy = simd.mul_f32s(noisy_rows[i], noisy_columns[j]);
                let varies = simd.mul_f32s(simd.splat_f32s(covariance[i]), both);
                tile[i][j] = simd.mul_add_e_f32s(simd.splat_f32s(noise[i]), noisy, varies);
            }
        }
        tile
    }
}

/// Takes from each place of a tile the product of its row and its column, as far as these are known.
#[inline(always)]
fn subtract<S: Simd>(
    simd: S,
    tile: &mut [[S::f32s; TILE]; TILE],
    rows: &[S::f32s],
    columns: &[S::f32s],
    known: usize,
) {
    let mut sums = [[simd.splat_f32s(0.0); TILE]; TILE];
    let size = rows.len() / TILE;
    let (a, b, c) = (&rows[..known], &rows[size..][..known], &rows[2 * size..][..known]);
    let (x, y, z) = (&columns[..known], &columns[size..][..known], &columns[2 * size..][..known]);
    for (((((a, b), c), x), y), z) in a.iter().zip(b).zip(c).zip(x).zip(y).zip(z) {
        let (rows, columns) = ([*a, *b, *c], [*x, *y, *z]);
        for i in 0..TILE {
            for j in 0..TILE {
                sums[i][j] = simd.mul_add_e_f32s(rows[i], columns[j], sums[i][j]);
            }
        }
    }
    for i in 0..TILE {
        for j in 0..TILE {
            tile[i][j] = simd.sub_f32s(tile[i][j], sums[i][j]);
        }
    }
}

#[cfg(test)]
mod tests {
    use nalgebra::DMatrix;

    use super::*;

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn varies(size: usize) -> Varies {
        let correlated = |by: f64| {
            DMatrix::from_fn(size, size, |r, c| if r == c { 1.0 } else { by / (1.0 + r.abs_diff(c) as f64) })
        };
        let of = |scale: f64, by: f64| Triangle::of(&(correlated(by) * scale));
        Varies { anyone: of(1.3, 0.5), session: of(0.3, 0.4), noise: of(1.0, 0.3) }
    }

    /// What shows every so-manieth dimension.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn shown(size: usize, step: usize, noise: f64) -> Observation {
        let index: Vec<usize> = (0..size).step_by(step).collect();
        let value = DVector::from_fn(index.len(), |r, _| (index[r] as f64 * 0.7).sin());
        let noise = DVector::from_element(index.len(), noise);
        Observation { block: 0, index, value, noise }
    }

    fn whitened<S: Simd>(simd: S, varies: &Varies, pools: &[Option<&Observation>]) -> Vec<Vec<Whitened>> {
        let Room { mut columns, mut lanes, mut factor, .. } = Room::default();
        let mut into = vec![Vec::new(); pools.len()];
        Whiten {
            columns: &mut columns,
            lanes: &mut lanes,
            factor: &mut factor,
            covariance: &varies.anyone,
            noise: &varies.noise,
            mean: None,
            pools,
            into: &mut into,
        }
        .with_simd(simd);
        into
    }

    #[test]
    fn vectors_of_any_width_whiten_alike() {
        for size in [1, 2, 3, 4, 50, 91] {
            let varies = varies(size);
            let pools: Vec<_> = (1..=11).map(|step| shown(size, step, 0.02 * step as f64)).collect();
            let mut pools: Vec<_> = pools.iter().map(Some).collect();
            pools.insert(3, None);
            let one = whitened(pulp::Scalar, &varies, &pools);
            let others = [
                whitened(pulp::Scalar128b, &varies, &pools),
                whitened(pulp::Scalar256b, &varies, &pools),
                whitened(pulp::Scalar512b, &varies, &pools),
            ];
            for other in others {
                for (one, other) in one.iter().zip(&other) {
                    assert_eq!(one.len(), other.len());
                    for (a, b) in one.iter().zip(other) {
                        let off = (a.value - b.value).abs() + (a.diagonal - b.diagonal).abs();
                        assert!(off < 1e-4, "{size}: {a:?} and {b:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn numbers_that_are_none_spoil_no_other_pool_and_tell_nothing() {
        let (size, room) = (10, &mut Room::default());
        let varies = varies(size);
        let (sound, bad) = (shown(size, 1, 0.1), shown(size, 1, f64::NAN));
        let mut alone = [Vec::new()];
        room.whiten_anyone(&varies, &[Some(&sound)], &mut alone);
        let mut beside = [Vec::new(), Vec::new()];
        room.whiten_anyone(&varies, &[Some(&bad), Some(&sound)], &mut beside);
        for (alone, beside) in alone[0].iter().zip(&beside[1]) {
            assert_eq!((alone.value, alone.diagonal), (beside.value, beside.diagonal));
        }
        assert_eq!(beside[0].len(), size);
        assert!(beside[0].iter().all(|w| w.value.is_finite() && (w.diagonal - 1.0).abs() < 1e-12));
    }

    #[test]
    fn what_is_not_definite_is_mended() {
        let size = 4;
        let all = Triangle::of(&DMatrix::from_element(size, size, 1.0));
        let varies = Varies { anyone: all.clone(), session: all.clone(), noise: all };
        let mut into = [Vec::new()];
        Room::default().whiten_anyone(&varies, &[Some(&shown(size, 1, 0.0))], &mut into);
        assert!(into[0].iter().all(|w| w.value.is_finite() && w.diagonal.is_finite() && w.diagonal > 0.0));
        assert!(into[0].iter().any(|w| w.diagonal < 0.1), "{into:?}");
    }
}
