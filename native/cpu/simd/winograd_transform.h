// Winograd's F(4x4, 3x3): 16 outputs of a 3x3 stride-1 correlation from 36 products instead of 144,
//   Y = A^T [ (G g G^T) . (B^T d B) ] A,   d (6,6) inputs, g (3,3) taps, Y (4,4) outputs
// (Lavin and Gray 2015, with matrices by the Toom-Cook construction). The points are 0, 3/4, -3/4, 3/2, -3/2 and infinity: A and B are exact in
// f32, and the error is a quarter of that with the usual 0, 1, -1, 2, -2: against f64 and the largest sum of |products| in a tensor, at most 7e-7
// (direct: 3e-7). It is shared by the 16 outputs of a tile, so at borders it is larger against an output's own products: at most 1.2e-6 with
// a padding of 1. G is not exact and is applied in f64.
//
// With points a and b: B^T d has a^2 b^2 d0 - (a^2 + b^2) d2 + d4, the pairs (d4 - q^2 d2) +- p (d3 - q^2 d1) for (p, q) = (a, b) and (b, a), and
// a^2 b^2 d1 - (a^2 + b^2) d3 + d5. Row i of A^T is (0^i, a^i, (-a)^i, b^i, (-b)^i, [i = 3]). Row of point p in G is (1, p, p^2) / product of p's
// distances to the other points.
#pragma once

#include "direct_tile.h"

namespace {

constexpr int kSide = 4;        // outputs of a tile, each way
constexpr int kReach = 6;       // inputs of a tile, each way
constexpr int kPoints = 36;
constexpr float kA = 0.75f, kB = 1.5f;
constexpr float kA2 = kA * kA, kB2 = kB * kB;

// B^T applied to 6 vectors.
AG_INLINE void transform_inputs(const Vector d[kReach], Vector v[kReach]) {
  const Vector product = splat(kA2 * kB2), minus_sum = splat(-(kA2 + kB2)), minus_a2 = splat(-kA2), minus_b2 = splat(-kB2);
  const Vector even_a = fma(minus_b2, d[2], d[4]), odd_a = fma(minus_b2, d[1], d[3]);
  const Vector even_b = fma(minus_a2, d[2], d[4]), odd_b = fma(minus_a2, d[1], d[3]);
  v[0] = fma(product, d[0], fma(minus_sum, d[2], d[4]));
  v[1] = fma(splat(kA), odd_a, even_a);
  v[2] = fma(splat(-kA), odd_a, even_a);
  v[3] = fma(splat(kB), odd_b, even_b);
  v[4] = fma(splat(-kB), odd_b, even_b);
  v[5] = fma(product, d[1], fma(minus_sum, d[3], d[5]));
}

// A^T applied to 6 vectors.
AG_INLINE void transform_outputs(const Vector m[kReach], Vector y[kSide]) {
  const Vector sum_a = m[1] + m[2], difference_a = m[1] - m[2], sum_b = m[3] + m[4], difference_b = m[3] - m[4];
  y[0] = m[0] + sum_a + sum_b;
  y[1] = fma(splat(kA), difference_a, splat(kB) * difference_b);
  y[2] = fma(splat(kA2), sum_a, splat(kB2) * sum_b);
  y[3] = fma(splat(kA2 * kA), difference_a, fma(splat(kB2 * kB), difference_b, m[5]));
}

// G applied to 3 vectors of f64.
AG_INLINE void transform_taps(const Wide g[3], Wide u[kReach]) {
  constexpr double a2 = kA2, b2 = kB2, scale_a = 1 / (2 * a2 * (a2 - b2)), scale_b = 1 / (2 * b2 * (b2 - a2));
  const Wide even_a = (g[0] + g[2] * a2) * scale_a, odd_a = g[1] * (kA * scale_a);
  const Wide even_b = (g[0] + g[2] * b2) * scale_b, odd_b = g[1] * (kB * scale_b);
  u[0] = g[0] * (1 / (a2 * b2));
  u[1] = even_a + odd_a;
  u[2] = even_a - odd_a;
  u[3] = even_b + odd_b;
  u[4] = even_b - odd_b;
  u[5] = g[2];
}

// G g G^T for kPanel filters side by side. g (3,3,kPanel); u: point p at u + p * stride.
AG_SHARED void transform_filters(const float* g, float* u, int64_t stride) {
  for (int lane = 0; lane < kPanel; lane += kWideLanes) {
    Wide half[kReach][3];
#pragma GCC unroll 3
    for (int s = 0; s < 3; ++s) {
      const Wide taps[3] = {load_wide(g + s * kPanel + lane), load_wide(g + (3 + s) * kPanel + lane), load_wide(g + (6 + s) * kPanel + lane)};
      Wide v[kReach];
      transform_taps(taps, v);
#pragma GCC unroll 6
      for (int i = 0; i < kReach; ++i) half[i][s] = v[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < kReach; ++i) {
      Wide v[kReach];
      transform_taps(half[i], v);
#pragma GCC unroll 6
      for (int j = 0; j < kReach; ++j) store_wide(u + (i * kReach + j) * stride + lane, v[j]);
    }
  }
}

// B^T d B for `channels` channels of one tile. from: 36 pixels; to: point p at to + p * stride, whole vectors.
static void transform_input_tile(const float* const from[kPoints], int channels, float* to, int64_t stride) {
  for (int c = 0; c < channels; c += kLanes) {
    const bool full = channels - c >= kLanes;
    const Mask m = first_lanes(channels - c);
    Vector half[kReach][kReach];
#pragma GCC unroll 6
    for (int j = 0; j < kReach; ++j) {
      Vector d[kReach], v[kReach];
#pragma GCC unroll 6
      for (int i = 0; i < kReach; ++i) {
        const float* p = from[i * kReach + j] + c;
        d[i] = full ? load(p) : load_masked(m, p);
      }
      transform_inputs(d, v);
#pragma GCC unroll 6
      for (int i = 0; i < kReach; ++i) half[i][j] = v[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < kReach; ++i) {
      Vector v[kReach];
      transform_inputs(half[i], v);
#pragma GCC unroll 6
      for (int j = 0; j < kReach; ++j) store(to + (i * kReach + j) * stride + c, v[j]);
    }
  }
}

// A^T m A for one vector of output channels. from: point p at from + p * stride.
AG_INLINE void transform_output_vector(const float* from, int64_t stride, Vector y[kSide][kSide]) {
  Vector half[kSide][kReach];
#pragma GCC unroll 6
  for (int j = 0; j < kReach; ++j) {
    Vector m[kReach], v[kSide];
#pragma GCC unroll 6
    for (int i = 0; i < kReach; ++i) m[i] = load(from + (i * kReach + j) * stride);
    transform_outputs(m, v);
#pragma GCC unroll 6
    for (int i = 0; i < kSide; ++i) half[i][j] = v[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < kSide; ++i) transform_outputs(half[i], y[i]);
}

}  // namespace
