//! Inverses of small covariances by their Cholesky factors, in place: most of the time that an update of a profile takes is
//! spent here.
//!
//! Columns stand one after the other, padded to whole vectors; only the lower triangle is read. An identity below the square
//! is taken along by the elimination and becomes `L⁻ᵀ`. Four columns at a time are taken from two others, so that the
//! arithmetic and not the memory sets the pace.

use nalgebra::DMatrix;
use pulp::{Arch, Simd, WithSimd};

/// Columns that are eliminated together.
const PANEL: usize = 4;
/// Rows are padded to a multiple: at least the lanes of any vector.
const LANES: usize = 8;
/// Beyond this ridge only numbers that are not finite need one.
const STEEPEST: f64 = 1e12;

/// A symmetric matrix by the columns of its lower triangle.
pub(crate) trait Lower {
    /// How numbers are kept.
    type Number: Copy + Into<f64>;

    /// From the diagonal downwards.
    fn column(&self, column: usize) -> &[Self::Number];
}

impl Lower for DMatrix<f64> {
    type Number = f64;

    fn column(&self, column: usize) -> &[f64] {
        let size = self.nrows();
        &self.as_slice()[column * size + column..(column + 1) * size]
    }
}

/// A lower triangle and nothing else.
#[derive(Debug, Clone, Default)]
pub(crate) struct Triangle<T> {
    size: usize,
    values: Vec<T>,
}

impl<T> Triangle<T> {
    pub(crate) fn new(size: usize) -> Self {
        Self { size, values: Vec::with_capacity(size * (size + 1) / 2) }
    }

    /// The next column, from the diagonal downwards.
    pub(crate) fn push(&mut self, column: impl Iterator<Item = T>) {
        self.values.extend(column);
    }

    /// Rows, and columns.
    pub(crate) fn size(&self) -> usize {
        self.size
    }

    /// Numbers that it holds.
    pub(crate) fn numbers(&self) -> usize {
        self.values.len()
    }
}

impl Triangle<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "single precision is finer than what was learned")]
    pub(crate) fn of(matrix: &DMatrix<f64>) -> Self {
        let mut triangle = Self::new(matrix.nrows());
        for c in 0..matrix.nrows() {
            triangle.push(Lower::column(matrix, c).iter().map(|v| *v as f32));
        }
        triangle
    }

    /// Becomes the sum of two of one size.
    pub(crate) fn sum(&mut self, one: &Self, other: &Self) {
        self.size = one.size;
        self.values.clear();
        self.values.extend(one.values.iter().zip(&other.values).map(|(one, other)| one + other));
    }

    /// Adds so many times a matrix of the same size.
    #[expect(clippy::cast_possible_truncation, reason = "single precision is finer than what was learned")]
    pub(crate) fn add(&mut self, matrix: &DMatrix<f64>, by: f64) {
        let added = (0..matrix.nrows()).flat_map(|c| Lower::column(matrix, c));
        for (into, from) in self.values.iter_mut().zip(added) {
            *into += (from * by) as f32;
        }
    }
}

impl<T: Copy + Into<f64>> Lower for Triangle<T> {
    type Number = T;

    fn column(&self, column: usize) -> &[T] {
        let start = column * self.size - column * column.saturating_sub(1) / 2;
        &self.values[start..start + self.size - column]
    }
}

fn steeper(ridge: f64) -> f64 {
    if ridge > 0.0 { ridge * 10.0 } else { 1e-9 }
}

/// Inverse of a symmetric positive definite matrix; a matrix that has lost definiteness to rounding is first mended.
pub(crate) fn inverse(matrix: &impl Lower, size: usize) -> DMatrix<f64> {
    let padded = size.next_multiple_of(LANES);
    let stride = (size + padded).next_multiple_of(LANES);
    let mut work = vec![0.0; size * stride];
    let mut ridge = 0.0;
    loop {
        work.fill(0.0);
        for (c, column) in work.chunks_exact_mut(stride).enumerate() {
            for (into, from) in column[c..size].iter_mut().zip(matrix.column(c)) {
                *into = (*from).into();
            }
            column[c] += ridge;
            column[size + c] = 1.0;
        }
        if Arch::new().dispatch(Eliminate { work: &mut work, size, stride }) {
            break;
        }
        ridge = steeper(ridge);
        if ridge > STEEPEST {
            return DMatrix::identity(size, size);
        }
    }
    let mut product = vec![0.0; size * padded];
    Arch::new().dispatch(Square { work: &work, product: &mut product, size, stride, padded });
    DMatrix::from_fn(size, size, |r, c| product[r.min(c) * padded + r.max(c)])
}

/// Takes column after column out of those to the right. False if the matrix is not definite.
struct Eliminate<'a> {
    work: &'a mut [f64],
    size: usize,
    stride: usize,
}

impl WithSimd for Eliminate<'_> {
    type Output = bool;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> bool {
        let Self { work, size, stride } = self;
        let down = |row: usize| row / S::F64_LANES * S::F64_LANES;
        for first in (0..size).step_by(PANEL) {
            let width = PANEL.min(size - first);
            // Further down the identity is still empty in these columns.
            let end = (size + first + width).next_multiple_of(S::F64_LANES);
            let (panel, rest) = work[first * stride..].split_at_mut(width * stride);
            for p in 0..width {
                let (head, others) = panel[p * stride..].split_at_mut(stride);
                let pivot = head[first + p];
                if pivot.is_nan() || pivot <= 0.0 {
                    return false;
                }
                let by = simd.splat_f64s(pivot.sqrt().recip());
                for x in S::as_mut_simd_f64s(&mut head[down(first + p)..end]).0 {
                    *x = simd.mul_f64s(*x, by);
                }
                for (q, column) in others.chunks_exact_mut(stride).enumerate() {
                    let row = first + p + 1 + q;
                    let by = simd.splat_f64s(-head[row]);
                    let range = down(row)..end;
                    let from = S::as_simd_f64s(&head[range.clone()]).0;
                    for (x, f) in S::as_mut_simd_f64s(&mut column[range]).0.iter_mut().zip(from) {
                        *x = simd.mul_add_e_f64s(by, *f, *x);
                    }
                }
            }
            if width < PANEL {
                break;
            }
            let mut row = first + PANEL;
            for pair in rest.chunks_mut(2 * stride) {
                add(simd, panel, stride, row, down(row)..end, pair, stride, down(row), -1.0);
                row += 2;
            }
        }
        true
    }
}

/// `L⁻ᵀL⁻¹` of what elimination left below the square, its lower triangle.
struct Square<'a> {
    work: &'a [f64],
    product: &'a mut [f64],
    size: usize,
    stride: usize,
    padded: usize,
}

impl WithSimd for Square<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { work, product, size, stride, padded } = self;
        let down = |row: usize| row / S::F64_LANES * S::F64_LANES;
        for first in (0..size).step_by(PANEL) {
            let width = PANEL.min(size - first);
            let end = (first + width).next_multiple_of(S::F64_LANES);
            let panel = &work[first * stride..(first + width) * stride];
            for (at, pair) in product[..(first + width) * padded].chunks_mut(2 * padded).enumerate() {
                let row = 2 * at;
                let rows = size + down(row)..size + end;
                add(simd, panel, stride, size + row, rows, pair, padded, down(row), 1.0);
            }
        }
    }
}

/// Adds to each of two columns the panel's columns times what they hold in that column's row, and times `sign`.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "the innermost loops of two eliminations")]
fn add<S: Simd>(
    simd: S,
    panel: &[f64],
    stride: usize,
    row: usize,
    rows: std::ops::Range<usize>,
    pair: &mut [f64],
    pair_stride: usize,
    start: usize,
    sign: f64,
) {
    let length = rows.len();
    let zero = &panel[..0];
    let mut columns = [zero; PANEL];
    let mut by = [[0.0; PANEL]; 2];
    for (p, column) in panel.chunks_exact(stride).enumerate() {
        columns[p] = &column[rows.clone()];
        by[0][p] = sign * column[row];
        by[1][p] = sign * column[row + 1];
    }
    if panel.len() < PANEL * stride || pair.len() < 2 * pair_stride {
        // The last columns, fewer than the loop below takes.
        for (column, by) in pair.chunks_exact_mut(pair_stride).zip(by) {
            for (from, by) in columns.iter().zip(by) {
                let by = simd.splat_f64s(by);
                let into = S::as_mut_simd_f64s(&mut column[start..start + length]).0;
                for (x, f) in into.iter_mut().zip(S::as_simd_f64s(from).0) {
                    *x = simd.mul_add_e_f64s(by, *f, *x);
                }
            }
        }
        return;
    }
    let (one, other) = pair.split_at_mut(pair_stride);
    let one = S::as_mut_simd_f64s(&mut one[start..start + length]).0;
    let other = S::as_mut_simd_f64s(&mut other[start..start + length]).0;
    let [a, b, c, d] = columns.map(|column| S::as_simd_f64s(column).0);
    let [left, right] = by.map(|by| by.map(|by| simd.splat_f64s(by)));
    let from = a.iter().zip(b).zip(c).zip(d);
    for ((x, y), (((a, b), c), d)) in one.iter_mut().zip(other).zip(from) {
        let p = simd.mul_add_e_f64s(left[0], *a, *x);
        let q = simd.mul_add_e_f64s(right[0], *a, *y);
        let p = simd.mul_add_e_f64s(left[1], *b, p);
        let q = simd.mul_add_e_f64s(right[1], *b, q);
        let p = simd.mul_add_e_f64s(left[2], *c, p);
        let q = simd.mul_add_e_f64s(right[2], *c, q);
        *x = simd.mul_add_e_f64s(left[3], *d, p);
        *y = simd.mul_add_e_f64s(right[3], *d, q);
    }
}
