// Packing for the direct convolution: the input rows of a piece are copied to scratch as [C block][row][phase][pixel][kSlot], with `outside`
// where the padding is, so that the inner loop meets neither borders nor strides: the pixels of a tile are kSlot floats apart, tap after tap.
//
// A phase is the remainder of the input column by the stride: tap s of output q lies in phase s % stride, at pixel q + s / stride.
// Small inputs (R S C <= kSlot: the first layer) are packed as patches instead: a pixel's slot holds all its R S C inputs.
// Bound by L2 writes: one copy of the input for the piece's R S K / 16 multiply-adds per float.
#pragma once

#include "direct_shape.h"
#include "floats.h"

namespace {

// Where a unit lies.
struct Place { int64_t image; int column, row; };

AG_INLINE Place place(const Correlation& f, const Cut& cut, int64_t unit) {
  const int64_t strip = unit / f.p;
  return {strip / cut.columns, int(strip % cut.columns), int(unit % f.p)};
}

// Input row `row` of an image, C block of `count` channels from `c0`, columns for outputs [q0, q0 + width): phases x pitch pixels.
static void pack_row(const Correlation& f, const Cut& cut, const float* image, int row, int q0, int c0, int count, float* to) {
  const bool inside = row >= 0 && row < f.h;
  const float* from = image + int64_t{row} * f.w * f.c + c0;  // (W,C), read only where inside
  for (int phase = 0; phase < cut.phases; ++phase) {
    const int64_t first = int64_t{q0} * f.stride_w + phase - f.pad_left;
    for (int j = 0; j < cut.pitch; ++j, to += kSlot) {
      const int64_t column = first + int64_t{j} * f.stride_w;
      if (inside && column >= 0 && column < f.w) {
        copy_floats(to, from + column * f.c, count);
      } else {
        fill_floats(to, f.outside, count);
      }
    }
  }
}

// The patches (R,S,C) of outputs [q0, q0 + width) of output row p.
static void pack_patches(const Correlation& f, const float* image, int p, int q0, int width, float* to) {
  const int run = f.s * f.c;
  for (int j = 0; j < width; ++j, to += kSlot) {
    const int64_t column = int64_t{q0 + j} * f.stride_w - f.pad_left;
    for (int r = 0; r < f.r; ++r) {
      const int64_t row = int64_t{p} * f.stride_h - f.pad_top + r;
      const float* from = image + (row * f.w + column) * f.c;  // (S,C), read only where inside
      float* slot = to + r * run;
      if (row < 0 || row >= f.h) {
        fill_floats(slot, f.outside, run);
      } else if (column >= 0 && column + f.s <= f.w) {
        copy_floats(slot, from, run);
      } else {
        for (int s = 0; s < f.s; ++s) {
          if (column + s >= 0 && column + s < f.w) {
            copy_floats(slot + s * f.c, from + s * f.c, f.c);
          } else {
            fill_floats(slot + s * f.c, f.outside, f.c);
          }
        }
      }
    }
  }
}

// Packs the units [first, last) for the C blocks [block, block + blocks) and lists them. Returns the floats between two C blocks.
static int64_t pack_units(const Correlation& f, const Cut& cut, const float* in, int64_t first, int64_t last, int block, int blocks,
                          float* packed, Unit* units) {
  const int64_t row_floats = packed_row_floats(cut);
  int64_t rows = 0;
  // Runs of successive rows of one image and column block share their input rows.
  for (int64_t unit = first; unit < last;) {
    const Place at = place(f, cut, unit);
    const int count = int(at_most(last - unit, f.p - at.row));
    for (int i = 0; i < count; ++i) {
      const int64_t out_row = (at.image * f.out_h + int64_t{at.row + i} * f.step_h + f.first_h) * f.out_w;
      const int q0 = at.column * cut.width;
      Unit& u = units[unit + i - first];
      u.in = (rows + (f.patches ? i : int64_t{i} * f.stride_h)) * row_floats;
      u.out = (out_row + int64_t{q0} * f.step_w + f.first_w) * f.k;
      u.width = int(at_most(cut.width, f.q - q0));
    }
    rows += f.patches ? count : f.r == 0 ? 0 : int64_t{count - 1} * f.stride_h + f.r;
    unit += count;
  }
  const int64_t block_floats = rows * row_floats;
  if (f.r == 0) return block_floats;
  int64_t row = 0;
  for (int64_t unit = first; unit < last;) {
    const Place at = place(f, cut, unit);
    const int count = int(at_most(last - unit, f.p - at.row));
    const int q0 = at.column * cut.width;
    const float* image = in + at.image * f.h * f.w * f.c;
    if (f.patches) {
      for (int i = 0; i < count; ++i, ++row) {
        pack_patches(f, image, at.row + i, q0, int(at_most(cut.width, f.q - q0)), packed + row * row_floats);
      }
    } else {
      const int in_rows = (count - 1) * f.stride_h + f.r;
      for (int i = 0; i < in_rows; ++i, ++row) {
        for (int b = 0; b < blocks; ++b) {
          const int c0 = (block + b) * kSlot;
          pack_row(f, cut, image, at.row * f.stride_h - f.pad_top + i, q0, c0, int(at_most(kSlot, f.c - c0)),
                   packed + b * block_floats + row * row_floats);
        }
      }
    }
    unit += count;
  }
  return block_floats;
}

// Floats from a unit's first pixel to each tap's first pixel, (R,S).
AG_INLINE void tap_offsets(const Correlation& f, const Cut& cut, int32_t* offset) {
  if (f.patches) {
    offset[0] = 0;
    return;
  }
  for (int r = 0; r < f.r; ++r) {
    for (int s = 0; s < f.s; ++s) {
      offset[r * f.s + s] = int32_t(r * packed_row_floats(cut) + (int64_t{s % cut.phases} * cut.pitch + s / cut.phases) * kSlot);
    }
  }
}

}  // namespace
