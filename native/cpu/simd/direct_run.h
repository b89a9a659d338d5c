// Runs the direct convolution: a piece packs its input rows and C blocks once, then goes through its weight panels and, for each, through its tiles.
// Where the reduction itself is cut (a linear layer with thousands of inputs), each chunk leaves its sums in the workspace and a second pass adds
// them in order and finishes the outputs.
#pragma once

#include "direct_cut.h"
#include "direct_pack.h"
#include "direct_tile.h"
#include "direct_walk.h"
#include "direct_weights.h"

namespace {

struct DirectContext {
  Correlation f;
  Cut cut;
  const float* in;       // (N,H,W,C) of the correlation
  const float* weights;  // its panels
  float* out;
  float* partial;        // (chunks, outputs of the correlation); null: one chunk, straight to out
  int64_t partial_floats;
  const float* bias;
  const float* slope;
  const float* residual;
};

// panel: floats of a whole panel.
static void run_tiles(const Sweep& z, const float* packed, const Unit* units, int count, const float* weights, int64_t panel, int k, int channels) {
  const int vectors = channels > kLanes ? 2 : 1;
  const int64_t steps = int64_t{z.taps} * ((z.blocks - 1) * kSlot + z.last);
  Tile t = {};
  t.weights = weights, t.k = k, t.count = channels;
  int tiles = 0;
  each_tile(packed, units, count, z.pixel_stride, t, [&](int, int) { ++tiles; });
  ask_for_next(t, weights + panel, tiles);
  each_tile(packed, units, count, z.pixel_stride, t, [&](int rows, int width) {
    direct_tiles(vectors, rows, width)(z, t);
    t.next += steps * t.next_step;
  });
}

static void direct_piece(const void* context, int64_t piece, void* scratch) {
  const DirectContext& z = *static_cast<const DirectContext*>(context);
  const Correlation& f = z.f;
  const Cut& cut = z.cut;
  const int panel_piece = int(piece % cut.panel_pieces);
  const int64_t unit_piece = piece / cut.panel_pieces % cut.unit_pieces;
  const int chunk = int(piece / cut.panel_pieces / cut.unit_pieces);

  Unit* units = static_cast<Unit*>(scratch);
  float* packed = reinterpret_cast<float*>(units + kMaxUnits);
  const int64_t first = unit_piece * cut.units_per_piece, last = at_most(first + cut.units_per_piece, cut.units);
  const int block = chunk * cut.blocks_per_chunk, blocks = int(at_most(cut.blocks_per_chunk, cut.blocks - block));

  Sweep sweep;
  sweep.block_stride = pack_units(f, cut, z.in, first, last, block, blocks, packed, units);
  const int taps = f.r * f.s, channels = f.patches ? taps * f.c : f.c;
  sweep.taps = f.patches ? 1 : taps;
  sweep.blocks = blocks;
  sweep.last = int(at_most(kSlot, channels - (block + blocks - 1) * kSlot));
  sweep.pixel_stride = int64_t{f.step_w} * f.k;
  sweep.y = z.partial ? z.partial + chunk * z.partial_floats : z.out;
  sweep.residual = z.partial ? nullptr : z.residual;
  sweep.bias = z.partial ? nullptr : z.bias;
  sweep.slope = z.partial ? nullptr : z.slope;
  tap_offsets(f, cut, sweep.offset);

  const int64_t skip = int64_t{block} * kSlot * taps * kPanel;
  const int end = int(at_most(int64_t{panel_piece + 1} * cut.panels_per_piece, cut.panels));
  int panel = panel_piece * cut.panels_per_piece;
  if (last - first == 1 && units[0].width == 1) {
    Tile t = {};
    t.in[0] = packed + units[0].in, t.out[0] = units[0].out;
    for (; panel + 1 < end; panel += 2) {
      t.weights = z.weights + panel * panel_floats(f) + skip, t.k = panel * kPanel, t.count = int(at_most(2 * kPanel, f.k - t.k));
      direct_two_panels(sweep, t, panel_floats(f));
    }
  }
  for (; panel < end; ++panel) {
    const int k = panel * kPanel;
    run_tiles(sweep, packed, units, int(last - first), z.weights + panel * panel_floats(f) + skip, panel_floats(f), k, int(at_most(kPanel, f.k - k)));
  }
}

// Adds the chunks of one pixel in order and finishes it.
static void direct_finish(const void* context, int64_t pixel, void*) {
  const DirectContext& z = *static_cast<const DirectContext*>(context);
  const int channels = z.f.k;
  for (int k = 0; k < channels; k += kLanes) {
    const Mask m = first_lanes(channels - k);
    const int64_t at = pixel * channels + k;
    Vector v = load_masked(m, z.partial + at);
    for (int chunk = 1; chunk < z.cut.chunks; ++chunk) v = v + load_masked(m, z.partial + chunk * z.partial_floats + at);
    if (z.bias) v = v + load_masked(m, z.bias + k);
    if (z.slope) v = positive_or(v, v * load_masked(m, z.slope + k));
    if (z.residual) v = v + load_masked(m, z.residual + at);
    store_masked(m, z.out + at, v);
  }
}

static bool direct_accepts(const ag_conv2d_plan& plan) {
  if (plan.shape.type != AG_F32 || !few_correlations(plan)) return false;
  for (int i = 0; i < correlation_count(plan); ++i) {
    if (!correlation_fits(correlation(plan, i), true)) return false;
  }
  return true;
}

static int64_t direct_workspace_bytes(const ag_conv2d_plan& plan) {
  const Correlation f = correlation(plan, 0);  // only a linear layer is chunked, and it is one correlation
  if (f.p <= 0 || f.q <= 0) return 0;
  const Cut cut = cut_pieces(f, true);
  return cut.chunks == 1 ? 0 : int64_t{cut.chunks} * f.n * f.p * f.q * f.k * 4;
}

static void direct_run(const Exec& exec, const Conv2dCall& call) {
  const bool forward = call.plan.direction == AG_FORWARD;
  const float* weights = static_cast<const float*>(call.w);
  for (int i = 0; i < correlation_count(call.plan); ++i) {
    DirectContext z = {};
    z.f = correlation(call.plan, i);
    z.in = static_cast<const float*>(forward ? call.x : call.y);
    z.out = static_cast<float*>(forward ? call.y : call.x);
    z.weights = weights;
    weights += weights_floats(z.f);
    if (z.f.p <= 0 || z.f.q <= 0) continue;
    z.cut = cut_pieces(z.f, true);
    const int epilogue = call.plan.epilogue;
    z.bias = epilogue & AG_EPILOGUE_BIAS ? call.bias : nullptr;
    z.slope = epilogue & AG_EPILOGUE_PRELU ? call.slope : nullptr;
    z.residual = epilogue & AG_EPILOGUE_RESIDUAL ? static_cast<const float*>(call.residual) : nullptr;
    if (z.cut.chunks > 1) {
      z.partial = static_cast<float*>(call.workspace);
      z.partial_floats = int64_t{z.f.n} * z.f.p * z.f.q * z.f.k;
    }
    exec.parallel(exec, pieces(z.cut), direct_piece, &z);
    if (z.cut.chunks > 1) exec.parallel(exec, int64_t{z.f.n} * z.f.p * z.f.q, direct_finish, &z);
  }
}

}  // namespace
