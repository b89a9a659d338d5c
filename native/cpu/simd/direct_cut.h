// Cuts a correlation into pieces: stretches of output rows, panels of output channels and, where the reduction of a linear layer is cut as well, chunks of it.
// From the shape alone.
#pragma once

#include "direct_shape.h"

namespace {

AG_INLINE int64_t pieces(const Cut& cut) { return int64_t{cut.unit_pieces} * cut.panel_pieces * cut.chunks; }

// reduce: the reduction of a linear layer may be cut too.
static Cut cut_pieces(const Correlation& f, bool reduce) {
  Cut cut = {};
  const int taps = f.r * f.s, work = f.c * taps;
  cut.blocks = f.patches ? 1 : int(ceil_div(f.c, kSlot));
  cut.blocks_per_chunk = reduce && is_linear(f) && cut.blocks > 64 ? int(ceil_div(cut.blocks, kPieces)) : cut.blocks;
  cut.chunks = int(ceil_div(cut.blocks, cut.blocks_per_chunk));

  cut_rows(f, cut, cut.blocks_per_chunk);
  const int64_t row = packed_row_floats(cut) * cut.blocks_per_chunk;
  const int64_t width = cut.width, unit_work = width * f.k * at_least(work / cut.chunks, 1);
  const bool large = int64_t{work} * f.k > (256 << 10);  // weights that a piece streams from L3 should meet many pixels
  int64_t units = ceil_div(cut.units * cut.chunks, kPieces);
  units = at_least(units, ceil_div(kPieceWork, unit_work));
  if (large) units = at_least(units, ceil_div(6 * kTileRows, width));
  units = units_within(f, row, units);
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
static bool correlation_fits(const Correlation& f, bool reduce) {
  if (f.p <= 0 || f.q <= 0 || f.k <= 0) return true;  // nothing to do
  if (int64_t{f.n} * f.h * f.w >= (1 << 30) || int64_t{f.n} * f.out_h * f.out_w >= (1 << 30)) return false;
  if (f.r * f.s > kMaxTaps || int64_t{f.r} * f.s * f.c >= (1 << 30)) return false;
  const Cut cut = cut_pieces(f, reduce);
  return pieces(cut) < (1 << 30) &&
         packed_rows(f, cut.units_per_piece) * packed_row_floats(cut) * cut.blocks_per_chunk <= kPackedLimit;
}

}  // namespace
