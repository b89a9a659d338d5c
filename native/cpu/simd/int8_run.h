// Runs the int8 convolution the way direct_run.h runs the f32 one, over quads (four neighbouring channels, u8, one 32-bit word) in the place of channels: what
// packs input rows only moves words and serves both. The padding holds the zero of x, so that one correction for each output channel, x_zero times the sum of
// its weights, is right everywhere. Included behind a file of tiles.
#pragma once

#include "direct_cut.h"
#include "direct_pack.h"
#include "direct_walk.h"
#include "int8_sweep.h"

namespace {

static_assert(kSlot == kInt8Block && kInt8Panel % kPanel == 0, "the tiles read the weights in the order of int8_weights.h");

struct Int8Context {
  const Int8Conv2dCall* call;
  Correlation f;  // over quads
  Cut cut;
};

static void int8_piece(const void* context, int64_t piece, void* scratch) {
  const Int8Context& z = *static_cast<const Int8Context*>(context);
  const Correlation& f = z.f;
  const Cut& cut = z.cut;
  const int panel_piece = int(piece % cut.panel_pieces);
  const int64_t unit_piece = piece / cut.panel_pieces;

  Unit* units = static_cast<Unit*>(scratch);
  float* packed = reinterpret_cast<float*>(units + kMaxUnits);
  const int64_t first = unit_piece * cut.units_per_piece, last = at_most(first + cut.units_per_piece, cut.units);

  Int8Sweep sweep;
  sweep.block_stride = pack_units(f, cut, reinterpret_cast<const float*>(z.call->x), first, last, 0, cut.blocks, packed, units);
  const int taps = f.r * f.s, quads = f.patches ? taps * f.c : f.c;
  sweep.taps = f.patches ? 1 : taps;
  sweep.blocks = cut.blocks;
  sweep.last = quads - (cut.blocks - 1) * kSlot;
  sweep.channels = f.k;
  sweep.call = z.call;
  sweep.sums = int8_sums(z.call->shape, z.call->prepared);
  tap_offsets(f, cut, sweep.offset);

  const int end = int(at_most(int64_t{panel_piece + 1} * cut.panels_per_piece, cut.panels));
  for (int panel = panel_piece * cut.panels_per_piece; panel < end; ++panel) {
    Int8Tile tile = {};
    tile.k = panel * kPanel;
    tile.count = int(at_most(kPanel, f.k - tile.k));
    tile.weights = static_cast<const int8_t*>(z.call->prepared) + tile.k / kInt8Panel * int8_panel_bytes(z.call->shape) + tile.k % kInt8Panel * 4;
    const int vectors = tile.count > kLanes ? 2 : 1;
    each_tile(packed, units, int(last - first), sweep.channels, tile, [&](int rows, int width) { int8_tiles(vectors, rows, width)(sweep, tile); });
  }
}

AG_INLINE Correlation int8_correlation(const Int8Conv2dCall& call) {
  ag_conv2d_plan plan = {};
  plan.shape = call.shape;
  plan.shape.c = call.shape.c / 4;
  Correlation f = correlation(plan, 0);
  const uint32_t word = uint32_t(call.x_zero) * 0x01010101u;
  __builtin_memcpy(&f.outside, &word, sizeof word);
  return f;
}

static bool int8_accepts(const void* arguments) {
  const Int8Conv2dCall& call = *static_cast<const Int8Conv2dCall*>(arguments);
  return call.shape.c % 4 == 0 && correlation_fits(int8_correlation(call), false);
}

static void int8_run(const Exec& exec, const void* arguments) {
  Int8Context z = {};
  z.call = static_cast<const Int8Conv2dCall*>(arguments);
  z.f = int8_correlation(*z.call);
  z.cut = cut_pieces(z.f, false);
  exec.parallel(exec, pieces(z.cut), int8_piece, &z);
}

}  // namespace
