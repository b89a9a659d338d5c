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

constexpr int kSlot = 64;             // channels of a packed pixel: its distance is a constant, so a tile needs one pointer
constexpr int kPanel = 2 * kLanes;    // output channels of a register tile
constexpr int kMaxTaps = 128;
constexpr int kMaxUnits = 4096;       // rows of one piece
constexpr int64_t kPackedBudget = 100 << 10;       // floats of packed input that leave room for a weight panel in 1 MiB of L2
constexpr int64_t kPackedLimit = (3 << 20) / 4;    // floats of packed input that fit the scratch
constexpr int64_t kPieceWork = 1 << 20;            // multiply-adds below which a piece is not worth its packing
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
  bool patches;                      // R S C <= kSlot: a packed pixel holds its whole patch, as one tap
};

AG_INLINE int output_size(int size, int pads, int filter, int stride) { return (size + pads - filter) / stride + 1; }

// A 1x1 stride-1 convolution is a product of matrices: all pixels become one row.
AG_INLINE void flatten(Correlation& f) {
  const bool dense = f.r == 1 && f.s == 1 && f.stride_h == 1 && f.stride_w == 1 && f.pad_top == 0 && f.pad_left == 0;
  if (!dense || f.step_h != 1 || f.step_w != 1 || f.p != f.h || f.q != f.w) return;
  f.w = f.q = f.out_w = f.n * f.p * f.q;
  f.n = f.h = f.p = f.out_h = 1;
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

AG_INLINE int64_t pieces(const Cut& cut) { return int64_t{cut.unit_pieces} * cut.panel_pieces * cut.chunks; }

// The most input rows that `units` successive units need.
AG_INLINE int64_t packed_rows(const Correlation& f, int64_t units) {
  if (f.patches) return units;
  const int64_t runs = at_most(units, (units - 1) / at_least(f.p, 1) + 2);
  return units * f.stride_h + runs * at_least(f.r - f.stride_h, 0);
}

AG_INLINE int64_t packed_row_floats(const Cut& cut) { return int64_t{cut.phases} * cut.pitch * kSlot; }

static Cut cut_pieces(const Correlation& f) {
  Cut cut = {};
  const int taps = f.r * f.s, work = f.c * taps;
  cut.blocks = f.patches ? 1 : int(ceil_div(f.c, kSlot));
  const bool linear = f.p == 1 && f.n == 1 && taps == 1;
  cut.blocks_per_chunk = linear && cut.blocks > 64 ? int(ceil_div(cut.blocks, kPieces)) : cut.blocks;
  cut.chunks = int(ceil_div(cut.blocks, cut.blocks_per_chunk));

  cut.phases = f.patches ? 1 : int(at_most(f.stride_w, at_least(f.s, 1)));
  const int halo = f.patches || taps == 0 ? 0 : (f.s - 1) / f.stride_w;
  const int64_t pixel = packed_rows(f, 1) * cut.phases * cut.blocks_per_chunk * kSlot;
  int64_t width = at_most(f.q, linear ? 4 * kTileRows : f.q);
  if (pixel * (width + halo) > kPackedBudget) {
    width = kPackedBudget / at_least(pixel, 1) - halo;
    width = at_most(f.q, at_least(width / kTileRows, 1) * kTileRows);
  }
  cut.width = int(width);
  cut.columns = int(ceil_div(f.q, width));
  cut.pitch = int(width) + halo;
  cut.units = int64_t{f.n} * cut.columns * f.p;

  const int64_t row = packed_row_floats(cut) * cut.blocks_per_chunk;
  const int64_t unit_work = width * f.k * at_least(work / cut.chunks, 1);
  const bool large = int64_t{work} * f.k > (256 << 10);  // weights that a piece streams from L3 should meet many pixels
  int64_t units = ceil_div(cut.units * cut.chunks, kPieces);
  units = at_least(units, ceil_div(kPieceWork, unit_work));
  if (large) units = at_least(units, ceil_div(6 * kTileRows, width));
  while (units > 1 && packed_rows(f, units) * row > kPackedBudget) units = units - ceil_div(units, 8);
  units = at_most(at_most(units, cut.units), kMaxUnits);
  if (units > f.p) units = units / f.p * f.p;
  if (units < f.p) units = ceil_div(f.p, ceil_div(f.p, units));
  const bool pairs = 2 * width <= kTileRows;
  if (pairs && units % 2 == 1 && units < f.p) ++units;
  cut.units_per_piece = int(units);
  cut.unit_pieces = int(ceil_div(cut.units, units));

  cut.panels = int(ceil_div(f.k, kPanel));
  const int64_t wanted = ceil_div(kPieces, int64_t{cut.unit_pieces} * cut.chunks);
  const int64_t panel_work = units * width * kPanel * at_least(work / cut.chunks, 1);
  const int64_t panels = at_least(ceil_div(cut.panels, wanted), ceil_div(kPieceWork, panel_work));
  cut.panels_per_piece = int(at_most(panels, cut.panels));
  cut.panel_pieces = int(ceil_div(cut.panels, cut.panels_per_piece));
  return cut;
}

// Whether the packed input of one unit fits the scratch and the numbers fit 32 bits.
static bool correlation_fits(const Correlation& f) {
  if (f.p <= 0 || f.q <= 0 || f.k <= 0) return true;  // nothing to do
  if (int64_t{f.n} * f.h * f.w >= (1 << 30) || int64_t{f.n} * f.out_h * f.out_w >= (1 << 30)) return false;
  if (f.r * f.s > kMaxTaps || int64_t{f.r} * f.s * f.c >= (1 << 30)) return false;
  const Cut cut = cut_pieces(f);
  return pieces(cut) < (1 << 30) &&
         packed_rows(f, cut.units_per_piece) * packed_row_floats(cut) * cut.blocks_per_chunk <= kPackedLimit;
}

}  // namespace
