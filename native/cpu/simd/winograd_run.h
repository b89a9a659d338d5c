// Runs a 3x3 or 5x5 stride-1 convolution, forward or backward by input, by one of Winograd's algorithms of winograd_transform.h:
//   inputs of a tile -> points (T,C); at each point a product with the transformed weights (C,K); points -> side x side outputs, with their epilogue.
// The products use the register tile of the direct convolution, with tiles for pixels and one tap.
//
// Fused: where the transformed weights are small, a piece takes some tiles through all three steps in its scratch. Staged: else each step is a
// pass of its own over a round of tiles in the workspace, so that the weights are read once for a round and not for every piece.
// Bound by the multiply-add units (36 C K a tile against 144 C K or 100 C K directly), then by L3 where the weights do not fit L2.
#pragma once

#include "direct_tile.h"
#include "direct_weights.h"
#include "floats.h"
#include "winograd_points.h"

namespace {

constexpr int64_t kFusedWeights = 3 << 20;            // bytes of transformed weights up to which pieces are fused
constexpr int64_t kStayingWeights = 1 << 20;          // bytes of transformed weights that stay in L2 from piece to piece
constexpr int64_t kFusedFloats = 200 << 10;           // floats of transformed input of a fused piece
constexpr int kFusedTiles = 3 * 14;                   // tiles of a fused piece
constexpr int64_t kRoundBytes = 8 << 20;              // points of a staged round, near enough in L3
constexpr int kProductTiles = 9 * kTileRows;          // tiles of a staged product
constexpr int kTransformTiles = 8;                    // tiles of a staged transform

struct WinogradCut {
  int rows, columns;   // tiles of an image
  int64_t tiles;       // of all images, counted by (image, row, column)
  int points, blocks, panels;
  bool fused;
  int64_t round;       // tiles of a fused piece or of a staged round
  int asking;          // of a fused product: groups of tiles that ask for the next panel, 2 at a line a step; none where the weights stay in L2
};

template <int side, int reach>
static WinogradCut cut_winograd(const Correlation& f) {
  WinogradCut cut = {};
  cut.rows = int(ceil_div(f.p, side)), cut.columns = int(ceil_div(f.q, side));
  cut.tiles = int64_t{f.n} * cut.rows * cut.columns;
  cut.points = reach * reach;
  cut.blocks = int(ceil_div(f.c, kSlot)), cut.panels = int(ceil_div(f.k, kPanel));
  const int64_t inputs = int64_t{cut.points} * cut.blocks * kSlot, outputs = int64_t{cut.points} * cut.panels * kPanel;  // floats for one tile
  cut.fused = outputs * f.c * 4 <= kFusedWeights;
  cut.asking = outputs * f.c * 4 <= kStayingWeights ? 0 : 2;
  if (cut.fused) {
    const int64_t most = at_most(at_least(kFusedFloats / inputs / kTileRows, 1), kFusedTiles / kTileRows) * kTileRows;
    const int64_t wanted = at_least(ceil_div(ceil_div(cut.tiles, kPieces), kTileRows), 2) * kTileRows;  // two groups: each piece reads all the weights
    cut.round = ceil_div(cut.tiles, ceil_div(cut.tiles, at_most(most, wanted)));
  } else {
    const int64_t least = at_least(kRoundBytes / 4 / (inputs + outputs), kProductTiles);
    cut.round = ceil_div(cut.tiles, at_least(cut.tiles / least, 1));
  }
  return cut;
}

// Where the weights of a panel at a point begin, and how far one point's are from the next one's: in the order in which the products read them.
AG_INLINE int64_t point_weights(const Correlation& f, const WinogradCut& cut, int point, int panel) {
  return (cut.fused ? int64_t{panel} * cut.points + point : int64_t{point} * cut.panels + panel) * f.c * kPanel;
}

struct WinogradContext {
  Correlation f;
  WinogradCut cut;
  TileSource in;          // (N,H,W,C)
  const float* weights;   // fused: [panel][point][channel][kPanel]; staged: [point][panel][channel][kPanel]
  Sweep out;              // y and its epilogue
  float* points_in;       // staged: [point][C block][tile of the round][kSlot]
  float* points_out;      // staged: [point][tile of the round][panels x kPanel]
  int64_t first, count;   // staged: tiles of the round
};

// Where the points lie: floats between points and between C blocks; floats of one tile's outputs.
struct PointsLayout { int64_t in_point, in_block, out_point, out_tile; };

AG_INLINE PointsLayout points_layout(int64_t tiles, int blocks, int panels) {
  // 16 floats more for each point keep the 36 streams off one another's cache sets.
  return {tiles * blocks * kSlot + 16, tiles * kSlot, tiles * panels * kPanel + 16, int64_t{panels} * kPanel};
}

// What a fused piece will need soon: ranges of memory, asked for in this order, a line in each step of a tile. Its transforms would wait for them; its
// products leave the memory idle. (All lines of a range at once are not taken: the processor drops what it cannot keep track of.)
struct Ahead {
  struct Range { const float* from; const float* end; } range[3];
  int at;
};

// The share of `tiles` tiles, from `first` on, in a tensor of `floats` floats: near enough, what it misses is a neighbour's.
AG_INLINE Ahead::Range share_of_tiles(const WinogradCut& cut, const float* tensor, int64_t floats, int64_t first, int64_t tiles) {
  if (tensor == nullptr) return {};
  return {tensor + floats * at_most(first, cut.tiles) / cut.tiles, tensor + floats * at_most(first + tiles, cut.tiles) / cut.tiles};
}

AG_INLINE void ask_ahead(Ahead& ahead, Tile& t, int64_t steps) {
  while (ahead.at < 2 && ahead.range[ahead.at].from >= ahead.range[ahead.at].end) ++ahead.at;
  Ahead::Range& range = ahead.range[ahead.at];
  const bool any = range.from < range.end;
  t.next = any ? range.from : t.weights;
  t.next_step = any ? kLineFloats : 0;
  if (any) range.from += steps * kLineFloats;
}

// One point's product for tiles [first, first + count) of the layout and one panel; its sums go to column `column` of each tile's outputs.
// ahead: what to ask for besides the next panel; null where each step asks for a part of that.
static void winograd_product(const WinogradContext& z, int point, int panel, int64_t first, int64_t count, const PointsLayout& at,
                             const float* in, float* out, int column, Ahead* ahead) {
  Sweep sweep = {};
  sweep.blocks = z.cut.blocks, sweep.last = z.f.c - (z.cut.blocks - 1) * kSlot, sweep.taps = 1;
  sweep.block_stride = at.in_block, sweep.pixel_stride = at.out_tile, sweep.y = out;
  Tile t = {};
  t.weights = z.weights + point_weights(z.f, z.cut, point, panel);
  t.k = column, t.count = kPanel;
  const int vectors = z.f.k - panel * kPanel > kLanes ? 2 : 1;
  if (vectors == 1) t.count = kLanes;
  const int64_t groups = ceil_div(count, kTileRows), panel_floats = int64_t{z.f.c} * kPanel;
  const int64_t asking = ahead == nullptr ? groups : at_most(groups, z.cut.asking);
  if (asking > 0) ask_for_next(t, t.weights + panel_floats, asking);
  for (int64_t i = 0; i < groups; ++i) {
    const int64_t begin = first + count * i / groups, end = first + count * (i + 1) / groups;
    t.in[0] = in + point * at.in_point + begin * kSlot;
    t.out[0] = point * at.out_point + begin * at.out_tile;
    if (i >= asking) ask_ahead(*ahead, t, z.f.c);
    direct_tiles(vectors, 1, int(end - begin))(sweep, t);
    t.next += z.f.c * t.next_step;
  }
}

// Outputs of tiles [first, first + count), whose points begin at `from`, for output channels [k, k + channels).
template <int side, int reach>
static void winograd_outputs(const WinogradContext& z, int64_t first, int64_t count, int k, int channels, const PointsLayout& at, const float* from) {
  const Correlation& f = z.f;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t tile = first + i, image = tile / (z.cut.rows * z.cut.columns);
    const int p = int(tile / z.cut.columns % z.cut.rows) * side, q = int(tile % z.cut.columns) * side;
    const int rows = int(at_most(side, f.p - p)), columns = int(at_most(side, f.q - q));
    const int64_t corner = ((image * f.p + p) * f.q + q) * f.k;
    for (int c = 0; c < channels; c += kLanes) {
      const bool full = channels - c >= kLanes;
      const Mask m = first_lanes(channels - c);
      const Vector bias = z.out.bias ? load_masked(m, z.out.bias + k + c) : zero();
      const Vector slope = z.out.slope ? load_masked(m, z.out.slope + k + c) : zero();
      Vector y[side][side];
      transform_output_vector<side, reach>(from + i * at.out_tile + c, at.out_point, y);
      for (int r = 0; r < rows; ++r) {
        for (int s = 0; s < columns; ++s) {
          store_sum(z.out, y[r][s], bias, slope, full, m, corner + (int64_t{r} * f.q + s) * f.k + k + c);
        }
      }
    }
  }
}

template <int side, int reach>
static void winograd_fused(const void* context, int64_t piece, void* scratch) {
  const WinogradContext& z = *static_cast<const WinogradContext*>(context);
  const int64_t first = piece * z.cut.round, count = at_most(z.cut.round, z.cut.tiles - first);
  const PointsLayout at = points_layout(count, z.cut.blocks, 1);
  float* in = static_cast<float*>(scratch);
  float* out = in + ceil_div(z.cut.points * at.in_point, 64) * 64;
  transform_tiles<side, reach, reach>(z.in, first, count, in, at.in_point, at.in_block);
  const int64_t inputs = int64_t{z.f.n} * z.f.h * z.f.w * z.f.c, outputs = int64_t{z.f.n} * z.f.p * z.f.q * z.f.k;
  Ahead ahead = {};
  ahead.range[0] = share_of_tiles(z.cut, z.out.y, outputs, first, count);
  ahead.range[1] = share_of_tiles(z.cut, z.out.residual, outputs, first, count);
  ahead.range[2] = share_of_tiles(z.cut, z.in.in, inputs, first + count, count);  // of the next piece
  for (int panel = 0; panel < z.cut.panels; ++panel) {
    for (int point = 0; point < z.cut.points; ++point) winograd_product(z, point, panel, 0, count, at, in, out, 0, &ahead);
    winograd_outputs<side, reach>(z, first, count, panel * kPanel, int(at_most(kPanel, z.f.k - panel * kPanel)), at, out);
  }
}

template <int side, int reach>
static void winograd_input_piece(const void* context, int64_t piece, void*) {
  const WinogradContext& z = *static_cast<const WinogradContext*>(context);
  const PointsLayout at = points_layout(z.count, z.cut.blocks, z.cut.panels);
  const int64_t first = piece * kTransformTiles;
  transform_tiles<side, reach, reach>(z.in, z.first + first, at_most(kTransformTiles, z.count - first), z.points_in + first * kSlot, at.in_point, at.in_block);
}

static void winograd_product_piece(const void* context, int64_t piece, void*) {
  const WinogradContext& z = *static_cast<const WinogradContext*>(context);
  const PointsLayout at = points_layout(z.count, z.cut.blocks, z.cut.panels);
  const int64_t parts = ceil_div(z.count, kProductTiles), part = piece % parts;
  const int64_t begin = z.count * part / parts, end = z.count * (part + 1) / parts;
  for (int panel = 0; panel < z.cut.panels; ++panel) {
    winograd_product(z, int(piece / parts), panel, begin, end - begin, at, z.points_in, z.points_out, panel * kPanel, nullptr);
  }
}

template <int side, int reach>
static void winograd_output_piece(const void* context, int64_t piece, void*) {
  const WinogradContext& z = *static_cast<const WinogradContext*>(context);
  const PointsLayout at = points_layout(z.count, z.cut.blocks, z.cut.panels);
  const int64_t first = piece * kTransformTiles;
  winograd_outputs<side, reach>(z, z.first + first, at_most(kTransformTiles, z.count - first), 0, z.f.k, at, z.points_out + first * at.out_tile);
}

// The savings must be there: whole enough tiles, channels that fill vectors, and enough tiles to pay for reading 4 times the weights (1.8 for reach 4). And the
// outputs must not be smaller than their tile's error allows: padding may cut a corner's products to 4 of 9 or 9 of 25, not further.
template <int side, int reach>
static bool winograd_accepts(const ag_conv2d_plan& plan) {
  const ag_conv2d_shape& s = plan.shape;
  if (s.type != AG_F32 || s.r != kTaps<side, reach> || s.s != kTaps<side, reach> || s.stride_h != 1 || s.stride_w != 1) return false;
  const Correlation f = correlation(plan, 0);
  if (f.p <= 0 || f.q <= 0 || f.c < kLanes || f.k < kLanes) return false;
  constexpr int kMostPad = kTaps<side, reach> / 2;
  if (f.pad_top > kMostPad || f.pad_left > kMostPad) return false;
  if (f.p + kMostPad - f.pad_top > f.h || f.q + kMostPad - f.pad_left > f.w) return false;
  if (int64_t{f.n} * f.h * f.w >= (1 << 30) || int64_t{f.n} * f.p * f.q >= (1 << 30)) return false;
  const WinogradCut cut = cut_winograd<side, reach>(f);
  const PointsLayout at = points_layout(cut.round, cut.blocks, 1);
  if (cut.fused && (cut.points * (at.in_point + at.out_point) + 64) * 4 > kScratchBytes) return false;
  constexpr int taps = kTaps<side, reach> * kTaps<side, reach>;
  const int64_t least = cut.fused ? 1 : reach == 4 ? 2 : 4;
  return 3 * cut.points * cut.tiles <= 2 * taps * int64_t{f.n} * f.p * f.q && cut.tiles >= least * kTileRows;
}

template <int reach>
static int64_t winograd_prepared_bytes(const ag_conv2d_plan& plan) {
  const Correlation f = correlation(plan, 0);
  return ceil_div(f.k, kPanel) * reach * reach * f.c * kPanel * 4;
}

template <int side, int reach>
static int64_t winograd_workspace_bytes(const ag_conv2d_plan& plan) {
  const WinogradCut cut = cut_winograd<side, reach>(correlation(plan, 0));
  const PointsLayout at = points_layout(cut.round, cut.blocks, cut.panels);
  return cut.fused ? 0 : (cut.points * (at.in_point + at.out_point)) * 4;
}

// A piece is up to 16 input channels of one panel.
constexpr int kFilterChannels = 16;

struct WinogradPrepare {
  PrepareContext filters;
  WinogradCut cut;
};

template <int taps, int reach>
static void winograd_prepare_piece(const void* context, int64_t piece, void* scratch) {
  const WinogradPrepare& prepare = *static_cast<const WinogradPrepare*>(context);
  const PrepareContext& z = prepare.filters;
  const Correlation& f = z.f;
  const int panel = int(piece / z.blocks), c0 = int(piece % z.blocks) * kFilterChannels, k0 = panel * kPanel;
  const int outputs = int(at_most(kPanel, f.k - k0)), channels = int(at_most(kFilterChannels, f.c - c0));
  float* filters = static_cast<float*>(scratch);  // (channel, taps, taps, kPanel)
  if (outputs < kPanel) __builtin_memset(filters, 0, sizeof(float) * kFilterChannels * taps * taps * kPanel);
  for (int tap = 0; tap < taps * taps; ++tap) {
    const float* from = z.w + (f.tap_h + tap / taps * f.tap_step_h) * z.row + (f.tap_w + tap % taps * f.tap_step_w) * z.tap + k0 * z.out + c0 * z.in;
    float* to = filters + tap * kPanel;
    if (z.out == 1) {
      for (int c = 0; c < channels; ++c) copy_floats(to + c * taps * taps * kPanel, from + c * z.in, outputs);
    } else {
      for (int k = 0; k < outputs; ++k) {
        for (int c = 0; c < channels; ++c) to[c * taps * taps * kPanel + k] = from[k * z.out + c];
      }
    }
  }
  float* to = z.prepared + point_weights(f, prepare.cut, 0, panel) + c0 * kPanel;
  const int64_t stride = point_weights(f, prepare.cut, 1, panel) - point_weights(f, prepare.cut, 0, panel);
  for (int c = 0; c < channels; ++c) transform_filters<taps, reach>(filters + c * taps * taps * kPanel, to + c * kPanel, stride);
}

template <int side, int reach>
static void winograd_prepare(const Exec& exec, const Conv2dPrepareCall& call) {
  const PrepareContext filters = prepare_context(call, 0, kFilterChannels);
  const WinogradPrepare z = {filters, cut_winograd<side, reach>(filters.f)};
  exec.parallel(exec, int64_t{z.cut.panels} * filters.blocks, winograd_prepare_piece<kTaps<side, reach>, reach>, &z);
}

template <int side, int reach>
static void winograd_run(const Exec& exec, const Conv2dCall& call) {
  const bool forward = call.plan.direction == AG_FORWARD;
  const int epilogue = call.plan.epilogue;
  WinogradContext z = {};
  z.f = correlation(call.plan, 0);
  z.cut = cut_winograd<side, reach>(z.f);
  z.in = {static_cast<const float*>(forward ? call.x : call.y), z.f.h, z.f.w, z.f.c, z.f.pad_top, z.f.pad_left, z.cut.rows, z.cut.columns};
  z.weights = static_cast<const float*>(call.w);
  z.out.y = static_cast<float*>(forward ? call.y : call.x);
  z.out.bias = epilogue & AG_EPILOGUE_BIAS ? call.bias : nullptr;
  z.out.slope = epilogue & AG_EPILOGUE_PRELU ? call.slope : nullptr;
  z.out.residual = epilogue & AG_EPILOGUE_RESIDUAL ? static_cast<const float*>(call.residual) : nullptr;
  if (z.cut.fused) {
    exec.parallel(exec, ceil_div(z.cut.tiles, z.cut.round), winograd_fused<side, reach>, &z);
    return;
  }
  for (z.first = 0; z.first < z.cut.tiles; z.first += z.cut.round) {
    z.count = at_most(z.cut.round, z.cut.tiles - z.first);
    z.points_in = static_cast<float*>(call.workspace);
    z.points_out = z.points_in + z.cut.points * points_layout(z.count, z.cut.blocks, z.cut.panels).in_point;
    exec.parallel(exec, ceil_div(z.count, kTransformTiles), winograd_input_piece<side, reach>, &z);
    exec.parallel(exec, z.cut.points * ceil_div(z.count, kProductTiles), winograd_product_piece, &z);
    exec.parallel(exec, ceil_div(z.count, kTransformTiles), winograd_output_piece<side, reach>, &z);
  }
}

}  // namespace
