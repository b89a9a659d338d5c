// Weight gradient: dw(k,r,s,c) = sum over n,p,q of dy(n,p,q,k) x(n, p stride_h + r - pad_top, q stride_w + s - pad_left, c).
//
// The sums of dw are shared out to pieces by ranges of K and C; where the pixels are many, also by ranges of output rows ("splits"), whose partial
// dw stand in the workspace and are added in order. A piece goes through its rows in groups that fit L2 and strips that fit L1.
#pragma once

#include "direct_pack.h"
#include "gradient_tile.h"

namespace {

constexpr int kStripPixels = 160;
constexpr int kSplitPixels = 1024;                  // pixels that pay for writing and adding a partial dw
constexpr int64_t kGradientBudget = 96 << 10;       // floats of packed dy
constexpr int64_t kReduceFloats = 8192;             // floats of dw that a piece of the last pass adds

struct GradientCut {
  Cut rows;                 // width, columns, units, phases, pitch
  int units_per_split, splits;
  int blocks, c_pieces;     // C blocks of kSlot channels; ranges of them
  int k_pieces;
  int group;                // units packed at a time
  int strip;                // units of a strip
};

AG_INLINE int range_begin(int count, int piece, int pieces) { return int(int64_t{count} * piece / pieces); }
AG_INLINE int gradient_tiles(int count) { return int(ceil_div(count, kTileRows)); }

static GradientCut cut_gradient(const Correlation& f) {
  GradientCut cut = {};
  const int64_t pixels = int64_t{f.n} * f.p * f.q;
  cut.blocks = f.patches ? 1 : int(ceil_div(f.c, kSlot));
  const int64_t splits = at_most(at_least(pixels / kSplitPixels, 1), kPieces);
  const int64_t wanted = ceil_div(kPieces, splits);
  cut.c_pieces = cut.k_pieces = 1;
  while (int64_t{cut.c_pieces} * cut.k_pieces < wanted) {  // halves the longer side: packing is repeated for each piece of the other
    const bool c_divides = 2 * cut.c_pieces <= cut.blocks, k_divides = f.k / cut.k_pieces >= 8 * kTileRows;
    if (c_divides && (!k_divides || cut.blocks / cut.c_pieces * kSlot >= f.k / cut.k_pieces)) {
      cut.c_pieces *= 2;
    } else if (k_divides) {
      cut.k_pieces *= 2;
    } else {
      break;
    }
  }
  const int blocks = int(ceil_div(cut.blocks, cut.c_pieces));
  cut_rows(f, cut.rows, blocks);
  int64_t units = ceil_div(cut.rows.units, splits);
  if (units > f.p) units = ceil_div(units, f.p) * f.p;
  cut.units_per_split = int(units);
  cut.splits = int(ceil_div(cut.rows.units, units));
  cut.strip = int(at_least(kStripPixels / cut.rows.width, 1));
  const int64_t unit_gradients = int64_t{cut.rows.width} * gradient_tiles(int(ceil_div(f.k, cut.k_pieces))) * kGradients;
  int64_t group = units_within(f, packed_row_floats(cut.rows) * blocks, at_most(units, kMaxUnits));
  group = at_most(group, at_least(kGradientBudget / unit_gradients, 1));
  if (group > cut.strip) group = group / cut.strip * cut.strip;
  cut.group = int(group);
  return cut;
}

struct GradientContext {
  Correlation f;
  GradientCut cut;
  const float* x;       // (N,H,W,C)
  const float* dy;      // (N,P,Q,K)
  float* dw;            // (K,R,S,C), or the partial ones (splits,K,R,S,C)
  int64_t dw_floats;
  bool fresh;           // the first strip overwrites
};

// The output channels [first, first + count) of the units' gradients dy (N,P,Q,K) as (tile, pixel, kGradients), tiles of near-equal width.
static void pack_gradients(const Correlation& f, const float* dy, const Unit* units, int unit_count, int64_t pixels, int first, int count,
                           int tiles, float* packed) {
  for (int tile = 0; tile < tiles; ++tile) {
    const int begin = count * tile / tiles, end = count * (tile + 1) / tiles;
    float* to = packed + tile * pixels * kGradients;
    for (int u = 0; u < unit_count; ++u) {
      const float* from = dy + units[u].out + first + begin;
      for (int j = 0; j < units[u].width; ++j, from += f.k, to += kGradients) copy_floats(to, from, end - begin);
    }
  }
}

static void gradient_piece(const void* context, int64_t piece, void* scratch) {
  const GradientContext& z = *static_cast<const GradientContext*>(context);
  const Correlation& f = z.f;
  const GradientCut& cut = z.cut;
  const int k_piece = int(piece % cut.k_pieces), c_piece = int(piece / cut.k_pieces % cut.c_pieces);
  const int64_t split = piece / cut.k_pieces / cut.c_pieces;
  const int k0 = range_begin(f.k, k_piece, cut.k_pieces), outputs = range_begin(f.k, k_piece + 1, cut.k_pieces) - k0;
  const int block0 = range_begin(cut.blocks, c_piece, cut.c_pieces), blocks = range_begin(cut.blocks, c_piece + 1, cut.c_pieces) - block0;
  const int tiles = gradient_tiles(outputs);
  const int taps = f.patches ? 1 : f.r * f.s, channels = f.patches ? f.r * f.s * f.c : f.c;
  int32_t offset[kMaxTaps];
  tap_offsets(f, cut.rows, offset);

  Unit* units = static_cast<Unit*>(scratch);
  float* gradients = reinterpret_cast<float*>(units + kMaxUnits);
  float* packed = gradients + at_least(kGradientBudget, int64_t{cut.rows.width} * tiles * kGradients);
  const int64_t begin = split * cut.units_per_split, end = at_most(begin + cut.units_per_split, cut.rows.units);
  float* dw = z.dw + split * z.dw_floats;
  for (int64_t group = begin; group < end; group += cut.group) {
    const int64_t group_end = at_most(group + cut.group, end);
    const int64_t block_stride = pack_units(f, cut.rows, z.x, group, group_end, block0, blocks, packed, units);
    const int count = int(group_end - group);
    int64_t pixels = 0;
    for (int u = 0; u < count; ++u) pixels += units[u].width;
    pack_gradients(f, z.dy, units, count, pixels, k0, outputs, tiles, gradients);
    int64_t pixel = 0;
    for (int first = 0; first < count; first += cut.strip) {
      const Strip strip = {packed, units + first, int(at_most(cut.strip, count - first))};
      GradientTile t = {};
      t.stride = int64_t{taps} * channels, t.dy_stride = kGradients;
      t.fresh = z.fresh && group == begin && first == 0;
      for (int b = 0; b < blocks; ++b) {
        const int c0 = (block0 + b) * kSlot, block_end = int(at_most(kSlot, channels - c0));
        for (int c = 0; c < block_end; c += kPanel) {
          t.count = int(at_most(kPanel, block_end - c));
          for (int tile = 0; tile < tiles; ++tile) {
            const int k = outputs * tile / tiles, rows = outputs * (tile + 1) / tiles - k;
            t.dy = gradients + (tile * pixels + pixel) * kGradients;
            for (int tap = 0; tap < taps; ++tap) {
              t.in = offset[tap] + b * block_stride + c;
              t.dw = dw + (k0 + k) * t.stride + tap * channels + c0 + c;
              kGradientTiles[rows - 1](strip, t);
            }
          }
        }
      }
      for (int u = 0; u < strip.count; ++u) pixel += strip.units[u].width;
    }
  }
}

struct ReduceContext {
  const float* partial;  // (splits, floats)
  float* dw;
  int64_t floats;
  int splits;
  bool accumulate;
};

// Adds the partial dw in order.
static void gradient_reduce(const void* context, int64_t piece, void*) {
  const ReduceContext& z = *static_cast<const ReduceContext*>(context);
  const int64_t end = at_most((piece + 1) * kReduceFloats, z.floats);
  for (int64_t i = piece * kReduceFloats; i < end; i += kLanes) {
    const Mask m = first_lanes(int(at_most(end - i, kLanes)));
    Vector v = load_masked(m, z.partial + i);
    for (int split = 1; split < z.splits; ++split) v = v + load_masked(m, z.partial + split * z.floats + i);
    if (z.accumulate) v = load_masked(m, z.dw + i) + v;
    store_masked(m, z.dw + i, v);
  }
}

// The forward correlation, which says what meets what.
AG_INLINE Correlation gradient_correlation(const ag_conv2d_plan& plan) {
  ag_conv2d_plan forward = plan;
  forward.direction = AG_FORWARD;
  return correlation(forward, 0);
}

static bool gradient_accepts(const ag_conv2d_plan& plan) {
  if (plan.shape.type != AG_F32) return false;
  const Correlation f = gradient_correlation(plan);
  if (f.p <= 0 || f.q <= 0 || f.r * f.s > kMaxTaps) return false;
  if (int64_t{f.n} * f.h * f.w >= (1 << 30) || int64_t{f.n} * f.p * f.q >= (1 << 30) || int64_t{f.r} * f.s * f.c >= (1 << 30)) return false;
  const GradientCut cut = cut_gradient(f);
  const int64_t blocks = ceil_div(cut.blocks, cut.c_pieces);
  const int64_t gradients = int64_t{cut.rows.width} * gradient_tiles(int(ceil_div(f.k, cut.k_pieces))) * kGradients;
  return packed_rows(f, cut.group) * packed_row_floats(cut.rows) * blocks + at_least(gradients, kGradientBudget) <= kPackedLimit;
}

static int64_t gradient_workspace_bytes(const ag_conv2d_plan& plan) {
  const Correlation f = gradient_correlation(plan);
  const GradientCut cut = cut_gradient(f);
  return cut.splits == 1 ? 0 : int64_t{cut.splits} * f.k * f.r * f.s * f.c * 4;
}

static int64_t gradient_prepared_bytes(const ag_conv2d_plan&) { return 0; }

static void gradient_run(const Exec& exec, const Conv2dCall& call) {
  GradientContext z = {};
  z.f = gradient_correlation(call.plan);
  z.cut = cut_gradient(z.f);
  z.x = static_cast<const float*>(call.x);
  z.dy = static_cast<const float*>(call.y);
  z.dw_floats = int64_t{z.f.k} * z.f.r * z.f.s * z.f.c;
  const bool accumulate = call.plan.write == AG_ACCUMULATE;
  const bool partial = z.cut.splits > 1;
  z.dw = static_cast<float*>(partial ? call.workspace : call.w);
  z.fresh = partial || !accumulate;
  exec.parallel(exec, int64_t{z.cut.splits} * z.cut.c_pieces * z.cut.k_pieces, gradient_piece, &z);
  if (partial) {
    const ReduceContext reduce = {static_cast<const float*>(call.workspace), static_cast<float*>(call.w), z.dw_floats, z.cut.splits, accumulate};
    exec.parallel(exec, ceil_div(z.dw_floats, kReduceFloats), gradient_reduce, &reduce);
  }
}

}  // namespace
