// The direct convolution's view of a plan: every direction that produces pixels is a correlation "in * filter = out" with its own taps, strides and
// place in the output. This file makes those correlations and cuts them into pieces, from the shape alone.
//
// Forward is one correlation. Backward by input is stride_h x stride_w of them, one for each (row, column) remainder of dx: the taps that meet a
// remainder form a dense flipped filter of stride 1 over dy.
#pragma once

#include "../kernel.h"

namespace {

using namespace angulus;
using namespace angulus::cpu;

#ifndef AG_SLOT
#define AG_SLOT 64
#endif
constexpr int kSlot = AG_SLOT;        // channels of a packed pixel: its distance is a constant, so a tile needs one pointer
constexpr int kPanel = 2 * kLanes;    // output channels of a register tile
constexpr int kAhead = 24;            // steps of a tile between asking for its weights and their use: about 100 ns, the way to memory
constexpr int kMaxTaps = 128;
constexpr int kMaxUnits = 4096;       // rows of one piece
constexpr int64_t kPackedBudget = 100 << 10;       // floats of packed input that leave room for a weight panel in 1 MiB of L2
constexpr int64_t kPackedLimit = (3 << 20) / 4;    // floats of packed input that fit the scratch
constexpr int64_t kPieceWork = 1 << 20;            // multiply-adds below which a piece is not worth its packing
constexpr int kMostCorrelations = 64;
constexpr int kPieces = 32;                        // pieces aimed at

AG_INLINE int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
AG_INLINE int64_t at_least(int64_t a, int64_t b) { return a > b ? a : b; }
AG_INLINE int64_t at_most(int64_t a, int64_t b) { return a < b ? a : b; }

struct Correlation {
  int n, h, w, c;                    // in (N,H,W,C)
  int k, r, s;                       // K output channels, R S taps
  int stride_h, stride_w;
  int pad_top, pad_left;             // may be negative in backward by input
  int p, q;                          // output rows and columns of this correlation
  int out_h, out_w;                  // rows and columns of the output tensor (N,out_h,out_w,K)
  int step_h, step_w, first_h, first_w;  // output (p,q) lies at row p step_h + first_h, column q step_w + first_w
  int tap_h, tap_w, tap_step_h, tap_step_w;  // tap (r,s) is filter row tap_h + r tap_step_h, column tap_w + s tap_step_w of w
  float outside;                     // what the padding holds
  bool patches;                      // R S C <= kSlot: a packed pixel holds its whole patch, as one tap
};

AG_INLINE int output_size(int size, int pads, int filter, int stride) { return (size + pads - filter) / stride + 1; }

// A 1x1 stride-1 convolution is a product of matrices: all pixels become one row.
AG_INLINE void flatten(Correlation& f) {
  const bool dense = f.r == 1 && f.s == 1 && f.stride_h == 1 && f.stride_w == 1 && f.pad_top == 0 && f.pad_left == 0;
  if (int64_t{f.h} * f.w >= (1 << 30) || int64_t{f.n} * f.h * f.w >= (1 << 30)) return;
  if (!dense || f.step_h != 1 || f.step_w != 1 || f.p != f.h || f.q != f.w) return;
  f.w = f.q = f.out_w = f.n * f.p * f.q;
  f.n = f.h = f.p = f.out_h = 1;
}

// Strides far beyond the filter leave most correlations without a tap: such a shape is the plain kernel's, and the count below stays a small number.
AG_INLINE bool few_correlations(const ag_conv2d_plan& plan) {
  return plan.direction == AG_FORWARD || int64_t{plan.shape.stride_h} * plan.shape.stride_w <= kMostCorrelations;
}

AG_INLINE int correlation_count(const ag_conv2d_plan& plan) {
  return plan.direction == AG_FORWARD ? 1 : plan.shape.stride_h * plan.shape.stride_w;
}

static Correlation correlation(const ag_conv2d_plan& plan, int index) {
  const ag_conv2d_shape& z = plan.shape;
  const int p = output_size(z.h, z.pad_top + z.pad_bottom, z.r, z.stride_h);
  const int q = output_size(z.w, z.pad_left + z.pad_right, z.s, z.stride_w);
  Correlation f = {};
  f.n = z.n;
  if (plan.direction == AG_FORWARD) {
    f.h = z.h, f.w = z.w, f.c = z.c, f.k = z.k, f.r = z.r, f.s = z.s;
    f.stride_h = z.stride_h, f.stride_w = z.stride_w, f.pad_top = z.pad_top, f.pad_left = z.pad_left;
    f.p = f.out_h = p, f.q = f.out_w = q;
    f.step_h = f.step_w = f.tap_step_h = f.tap_step_w = 1;
  } else {
    // dx row h = a + stride i meets filter row r = r0 + stride u, r0 = (a + pad) % stride, in dy row (a + pad - r0) / stride + i - u.
    const int a = index / z.stride_w, b = index % z.stride_w;
    const int r0 = (a + z.pad_top) % z.stride_h, s0 = (b + z.pad_left) % z.stride_w;
    f.h = p, f.w = q, f.c = z.k, f.k = z.c;
    f.r = r0 < z.r ? (z.r - 1 - r0) / z.stride_h + 1 : 0;
    f.s = s0 < z.s ? (z.s - 1 - s0) / z.stride_w + 1 : 0;
    if (f.r == 0 || f.s == 0) f.r = f.s = 0;  // no tap meets this remainder: dx is 0 there
    f.stride_h = f.stride_w = 1;
    f.pad_top = f.r - 1 - (a + z.pad_top - r0) / z.stride_h;
    f.pad_left = f.s - 1 - (b + z.pad_left - s0) / z.stride_w;
    f.p = a < z.h ? (z.h - 1 - a) / z.stride_h + 1 : 0;
    f.q = b < z.w ? (z.w - 1 - b) / z.stride_w + 1 : 0;
    f.out_h = z.h, f.out_w = z.w, f.step_h = z.stride_h, f.step_w = z.stride_w, f.first_h = a, f.first_w = b;
    f.tap_h = r0 + (f.r - 1) * z.stride_h, f.tap_step_h = -z.stride_h;
    f.tap_w = s0 + (f.s - 1) * z.stride_w, f.tap_step_w = -z.stride_w;
  }
  f.patches = f.r * f.s > 1 && int64_t{f.r} * f.s * f.c <= kSlot;
  flatten(f);
  return f;
}

// A stretch of an output row and where its packed input and its output begin.
struct Unit {
  int64_t in;    // floats from the packed buffer's start to the first pixel of the first tap, in C block 0
  int64_t out;   // floats from the output's start
  int width;     // pixels
};

// Pieces of a correlation. A unit is a stretch of one output row; units are counted by (image, column block, row), so that neighbours share input rows.
struct Cut {
  int width, columns;          // output columns of a unit (the last of a row may have fewer), units side by side in a row
  int64_t units;
  int units_per_piece;
  int unit_pieces;
  int panels, panels_per_piece, panel_pieces;
  int blocks;                  // blocks of kSlot input channels
  int blocks_per_chunk, chunks;  // more than one chunk: partial sums in the workspace, one (N,P,Q,K) for each
  int phases, pitch;           // a packed row: `phases` runs (column remainders of the stride) of `pitch` pixels
};

// The most input rows that `units` successive units need.
AG_INLINE int64_t packed_rows(const Correlation& f, int64_t units) {
  if (f.patches) return units;
  const int64_t runs = at_most(units, (units - 1) / at_least(f.p, 1) + 2);
  return units * f.stride_h + runs * at_least(f.r - f.stride_h, 0);
}

// The most units, up to `units` and at least 1, whose packed rows of `row` floats stay within the budget.
AG_INLINE int64_t units_within(const Correlation& f, int64_t row, int64_t units) {
  units = at_most(units, kPackedBudget / (row * f.stride_h) + 1);
  while (units > 1 && packed_rows(f, units) * row > kPackedBudget) --units;
  return units;
}

AG_INLINE int64_t packed_row_floats(const Cut& cut) { return int64_t{cut.phases} * cut.pitch * kSlot; }

AG_INLINE bool is_linear(const Correlation& f) { return f.n == 1 && f.p == 1 && f.r * f.s == 1; }

// Sets width, columns, units, phases and pitch, for packing `blocks` C blocks at a time.
AG_SHARED void cut_rows(const Correlation& f, Cut& cut, int blocks) {
  cut.phases = f.patches ? 1 : int(at_most(f.stride_w, at_least(f.s, 1)));
  const int halo = f.patches || f.s == 0 ? 0 : (f.s - 1) / f.stride_w;
  const int64_t pixel = packed_rows(f, 1) * cut.phases * blocks * kSlot;
  int64_t width = is_linear(f) ? at_most(f.q, 4 * kTileRows) : f.q;
  if (pixel * (width + halo) > kPackedBudget) {
    width = kPackedBudget / pixel - halo;
    width = at_most(f.q, at_least(width / kTileRows, 1) * kTileRows);
  }
  cut.width = int(width);
  cut.columns = int(ceil_div(f.q, width));
  cut.pitch = int(width) + halo;
  cut.units = int64_t{f.n} * cut.columns * f.p;
}

}  // namespace
