// Weight gradient of a 3x3 or 5x5 stride-1 convolution by Winograd's F(4x4, 3x3) or F(2x2, 5x5) read backwards:
//   dw(k,c) = G^T [ sum over tiles of (A dY A^T)(k) . (B^T d B)(c) ] G
// with side x side tiles of dy, each against the 6x6 inputs that it met: 36 products for each (tile, k, c) instead of 144 or 100.
//
// Rounds of tiles: both transforms go to the workspace, then each point's (K,C) product over the round's tiles is added to the sums; in the end
// the sums become dw. Rounds, and the order in them, come from the shape alone. The round is small enough for its points to stay in L2 and near L3
// and large enough to pay for reading and writing the sums. Bound by the multiply-add units and by L3.
#pragma once

#include "gradient_tile.h"
#include "winograd_points.h"

namespace {

constexpr int64_t kGradientRound = 8 << 20;      // bytes of both transforms of a round
constexpr int kGradientRoundTiles = 128;         // but at least so many tiles
constexpr int kGradientStrip = 128;              // tiles whose points stay in L1
constexpr int kGradientTransform = 8;            // tiles of a piece of a transform
constexpr int kGradientSide = 128;               // a product's piece: up to so many output and input channels

struct WinogradGradient {
  TileSource x, dy;        // (N,H,W,C), (N,P,Q,K)
  int64_t tiles, round;    // tiles of a round
  int64_t x_point, x_block, dy_point, dy_block;  // floats between points and between blocks of kSlot channels
  int k_pieces, c_pieces;  // of a point's product
  int64_t sum_point;       // floats between points of the sums
  float* points_x;         // [point][C block][tile of the round][kSlot]
  float* points_dy;        // [point][K block][tile of the round][kSlot]
  float* sums;             // [point] (K,C)
  float* dw;               // (K,taps,taps,C)
  int64_t first, count;    // tiles of this round
  bool accumulate;
};

template <int side>
static WinogradGradient winograd_gradient(const ag_conv2d_plan& plan) {
  const ag_conv2d_shape& s = plan.shape;
  const int p = output_size(s.h, s.pad_top + s.pad_bottom, kTaps<side, kReach>, 1), q = output_size(s.w, s.pad_left + s.pad_right, kTaps<side, kReach>, 1);
  const int rows = int(ceil_div(p, side)), columns = int(ceil_div(q, side));
  WinogradGradient z = {};
  z.x = {nullptr, s.h, s.w, s.c, s.pad_top, s.pad_left, rows, columns};
  z.dy = {nullptr, p, q, s.k, 0, 0, rows, columns};
  z.tiles = int64_t{s.n} * rows * columns;
  const int64_t x_blocks = ceil_div(s.c, kSlot), dy_blocks = ceil_div(s.k, kSlot);
  const int64_t most = at_least(kGradientRound / (4 * kPoints * kSlot * (x_blocks + dy_blocks)), kGradientRoundTiles);
  z.round = ceil_div(z.tiles, ceil_div(z.tiles, most));
  // 16 floats more for each point keep the 36 streams off one another's cache sets.
  z.x_block = z.dy_block = z.round * kSlot;
  z.x_point = z.x_block * x_blocks + 16, z.dy_point = z.dy_block * dy_blocks + 16;
  z.sum_point = int64_t{s.k} * s.c + 16;
  z.k_pieces = int(ceil_div(s.k, kGradientSide)), z.c_pieces = int(ceil_div(s.c, kGradientSide));
  return z;
}

template <int side>
static bool winograd_gradient_accepts(const ag_conv2d_plan& plan) {
  const ag_conv2d_shape& s = plan.shape;
  if (s.type != AG_F32 || s.r != kTaps<side, kReach> || s.s != kTaps<side, kReach> || s.stride_h != 1 || s.stride_w != 1 || s.c < kLanes || s.k < kLanes) return false;
  constexpr int kMostPad = kTaps<side, kReach> / 2;
  if (s.pad_top > kMostPad || s.pad_bottom > kMostPad || s.pad_left > kMostPad || s.pad_right > kMostPad) return false;
  const WinogradGradient z = winograd_gradient<side>(plan);
  const int64_t pixels = int64_t{s.n} * z.dy.h * z.dy.w;
  if (z.dy.h <= 0 || z.dy.w <= 0 || pixels >= (1 << 30) || int64_t{s.n} * s.h * s.w >= (1 << 30)) return false;
  return 3 * kPoints * z.tiles <= 2 * kTaps<side, kReach> * kTaps<side, kReach> * pixels && z.tiles >= 32;
}

template <int side>
static int64_t winograd_gradient_workspace_bytes(const ag_conv2d_plan& plan) {
  const WinogradGradient z = winograd_gradient<side>(plan);
  return kPoints * (z.x_point + z.dy_point + z.sum_point) * 4;
}

template <int side>
static void gradient_points_piece(const void* context, int64_t piece, void*) {
  const WinogradGradient& z = *static_cast<const WinogradGradient*>(context);
  const int64_t first = piece / 2 * kGradientTransform, count = at_most(kGradientTransform, z.count - first);
  if (piece % 2 == 0) {
    transform_tiles<side, kReach, kReach>(z.x, z.first + first, count, z.points_x + first * kSlot, z.x_point, z.x_block);
  } else {
    transform_tiles<side, side, kReach>(z.dy, z.first + first, count, z.points_dy + first * kSlot, z.dy_point, z.dy_block);
  }
}

// Adds the round's tiles to the sums of one point for kGradientSide output and input channels.
static void gradient_product_piece(const void* context, int64_t piece, void*) {
  const WinogradGradient& z = *static_cast<const WinogradGradient*>(context);
  const int c_piece = int(piece % z.c_pieces), k_piece = int(piece / z.c_pieces % z.k_pieces);
  const int64_t point = piece / z.c_pieces / z.k_pieces;
  const int c_end = int(at_most((c_piece + 1) * kGradientSide, z.x.c)), k_end = int(at_most((k_piece + 1) * kGradientSide, z.dy.c));
  GradientTile t = {};
  t.stride = z.x.c, t.dy_stride = kSlot;
  for (int64_t first = 0; first < z.count; first += kGradientStrip) {
    const Unit unit = {first * kSlot, 0, int(at_most(kGradientStrip, z.count - first))};
    const Strip strip = {z.points_x + point * z.x_point, &unit, 1};
    t.fresh = z.first == 0 && first == 0;
    for (int c = c_piece * kGradientSide; c < c_end; c += kPanel) {
      t.in = c / kSlot * z.x_block + c % kSlot;
      t.count = int(at_most(kPanel, c_end - c));
      for (int k0 = k_piece * kGradientSide; k0 < k_end; k0 += kSlot) {  // a tile stays in one block of dy
        const int outputs = int(at_most(kSlot, k_end - k0)), tiles = int(ceil_div(outputs, kTileRows));
        for (int tile = 0; tile < tiles; ++tile) {
          const int k = outputs * tile / tiles, rows = outputs * (tile + 1) / tiles - k;
          t.dy = z.points_dy + point * z.dy_point + k0 / kSlot * z.dy_block + first * kSlot + k;
          t.dw = z.sums + point * z.sum_point + (k0 + k) * t.stride + c;
          kGradientTiles[rows - 1](strip, t);
        }
      }
    }
  }
}

// dw of one output channel from its sums.
template <int taps>
static void gradient_finish_piece(const void* context, int64_t k, void*) {
  const WinogradGradient& z = *static_cast<const WinogradGradient*>(context);
  const float* sums = z.sums + k * z.x.c;
  float* dw = z.dw + k * taps * taps * z.x.c;
  for (int c = 0; c < z.x.c; c += kWideLanes) {
    const int lanes = int(at_most(kWideLanes, z.x.c - c));
    float u[kPoints * kWideLanes], g[taps * taps * kWideLanes];
    const float* from = sums + c;
    int64_t stride = z.sum_point;
    if (lanes < kWideLanes) {
      for (int point = 0; point < kPoints; ++point) {
        for (int lane = 0; lane < kWideLanes; ++lane) u[point * kWideLanes + lane] = lane < lanes ? from[point * stride + lane] : 0.0f;
      }
      from = u, stride = kWideLanes;
    }
    gather_filters<taps>(from, stride, g);
    for (int tap = 0; tap < taps * taps; ++tap) {
      float* to = dw + tap * z.x.c + c;
      for (int lane = 0; lane < lanes; ++lane) to[lane] = z.accumulate ? to[lane] + g[tap * kWideLanes + lane] : g[tap * kWideLanes + lane];
    }
  }
}

static int64_t winograd_gradient_prepared_bytes(const ag_conv2d_plan&) { return 0; }

template <int side>
static void winograd_gradient_run(const Exec& exec, const Conv2dCall& call) {
  WinogradGradient z = winograd_gradient<side>(call.plan);
  z.x.in = static_cast<const float*>(call.x);
  z.dy.in = static_cast<const float*>(call.y);
  z.dw = static_cast<float*>(call.w);
  z.accumulate = call.plan.write == AG_ACCUMULATE;
  z.sums = static_cast<float*>(call.workspace);
  z.points_x = z.sums + kPoints * z.sum_point;
  z.points_dy = z.points_x + kPoints * z.x_point;
  for (z.first = 0; z.first < z.tiles; z.first += z.round) {
    z.count = at_most(z.round, z.tiles - z.first);
    exec.parallel(exec, 2 * ceil_div(z.count, kGradientTransform), gradient_points_piece<side>, &z);
    exec.parallel(exec, int64_t{kPoints} * z.k_pieces * z.c_pieces, gradient_product_piece, &z);
  }
  exec.parallel(exec, z.dy.c, gradient_finish_piece<kTaps<side, kReach>>, &z);
}

}  // namespace
