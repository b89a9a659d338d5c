// Winograd's F(4x4, 3x3): 16 outputs of a 3x3 stride-1 correlation from 36 products instead of 144; F(2x2, 5x5): 4 outputs of a 5x5 one from 36
// instead of 100; and F(2x2, 3x3): 4 outputs of a 3x3 one from 16 instead of 36. side: outputs of a tile, each way; reach: inputs and points of
// a tile, each way; taps = reach + 1 - side: those of the filter. Where the reach is the same, all but G and A is shared.
//   Y = A^T [ (G g G^T) . (B^T d B) ] A,   d (reach,reach) inputs, g (taps,taps), Y (side,side) outputs
// (Lavin and Gray 2015, with matrices by the Toom-Cook construction). With reach 4 the points are 0, 1, -1 and infinity, and all but G's halves are
// sums. With reach 6 they are 0, 3/4, -3/4, 3/2, -3/2 and infinity: A and B are exact in
// f32, and the error is a quarter of that with the usual 0, 1, -1, 2, -2: against f64 and the largest sum of |products| in a tensor, at most 7e-7
// (direct: 3e-7). It is shared by the 16 outputs of a tile, so at borders it is larger against an output's own products: at most 1.2e-6 with
// a padding of 1. G is not exact and is applied in f64.
//
// With points a and b: B^T d has a^2 b^2 d0 - (a^2 + b^2) d2 + d4, the pairs (d4 - q^2 d2) +- p (d3 - q^2 d1) for (p, q) = (a, b) and (b, a), and
// a^2 b^2 d1 - (a^2 + b^2) d3 + d5. Row i of A^T is (0^i, a^i, (-a)^i, b^i, (-b)^i, [i = 3]). Row of point p in G is (1, p, p^2) / product of p's
// distances to the other points; with 2 outputs A^T has rows 0 and 1, the 1 of its last column in row 1, and rows of G go on to p^4. The weight
// gradient is the same identity read backwards: dg = G^T [ (A dY A^T) . (B^T d B) ] G.
#pragma once

#include "direct_shape.h"

namespace {

constexpr int kReach = 6;       // the larger reach, and the only one of gradients
constexpr int kPoints = kReach * kReach;
template <int side, int reach>
constexpr int kTaps = reach + 1 - side;
constexpr float kA = 0.75f, kB = 1.5f;
constexpr float kA2 = kA * kA, kB2 = kB * kB;

// B^T applied to `reach` vectors.
template <int reach>
AG_INLINE void transform_inputs(const Vector d[reach], Vector v[reach]) {
  if constexpr (reach == 4) {
    v[0] = d[0] - d[2];
    v[1] = d[1] + d[2];
    v[2] = d[2] - d[1];
    v[3] = d[3] - d[1];
  } else {
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
}

// A^T applied to `reach` vectors.
template <int side, int reach>
AG_INLINE void transform_outputs(const Vector m[reach], Vector y[side]) {
  static_assert(side == 2 || (side == 4 && reach == 6), "the tiles there are");
  if constexpr (reach == 4) {
    y[0] = m[0] + m[1] + m[2];
    y[1] = m[1] - m[2] + m[3];
  } else {
    const Vector sum_a = m[1] + m[2], difference_a = m[1] - m[2], sum_b = m[3] + m[4], difference_b = m[3] - m[4];
    y[0] = m[0] + sum_a + sum_b;
    y[1] = fma(splat(kA), difference_a, splat(kB) * difference_b);
    if constexpr (side == 4) {
      y[2] = fma(splat(kA2), sum_a, splat(kB2) * sum_b);
      y[3] = fma(splat(kA2 * kA), difference_a, fma(splat(kB2 * kB), difference_b, m[5]));
    } else {
      y[1] = y[1] + m[5];
    }
  }
}

// A applied to `side` vectors: what the weight gradient does to dy.
template <int side>
AG_INLINE void transform_gradients(const Vector y[side], Vector u[kReach]) {
  Vector even_a = y[0], odd_a = y[1], even_b = y[0], odd_b = y[1];
  if constexpr (side == 4) {
    even_a = fma(splat(kA2), y[2], even_a), odd_a = fma(splat(kA2), y[3], odd_a);
    even_b = fma(splat(kB2), y[2], even_b), odd_b = fma(splat(kB2), y[3], odd_b);
  }
  u[0] = y[0];
  u[1] = fma(splat(kA), odd_a, even_a);
  u[2] = fma(splat(-kA), odd_a, even_a);
  u[3] = fma(splat(kB), odd_b, even_b);
  u[4] = fma(splat(-kB), odd_b, even_b);
  u[5] = y[side - 1];
}

constexpr double kScaleA = 1 / (2.0 * kA2 * (kA2 - kB2)), kScaleB = 1 / (2.0 * kB2 * (kB2 - kA2)), kScale0 = 1 / (double{kA2} * kB2);

// G applied to `taps` vectors of f64.
template <int taps, int reach>
AG_INLINE void transform_taps(const Wide g[taps], Wide u[reach]) {
  if constexpr (reach == 4) {
    const Wide even = (g[0] + g[2]) * 0.5, odd = g[1] * 0.5;
    u[0] = g[0];
    u[1] = even + odd;
    u[2] = even - odd;
    u[3] = g[2];
  } else {
    Wide even_a = g[0] + g[2] * double{kA2}, odd_a = g[1], even_b = g[0] + g[2] * double{kB2}, odd_b = g[1];
    if constexpr (taps == 5) {
      even_a += g[4] * (double{kA2} * kA2), odd_a += g[3] * double{kA2};
      even_b += g[4] * (double{kB2} * kB2), odd_b += g[3] * double{kB2};
    }
    even_a *= kScaleA, odd_a *= kA * kScaleA;
    even_b *= kScaleB, odd_b *= kB * kScaleB;
    u[0] = g[0] * kScale0;
    u[1] = even_a + odd_a;
    u[2] = even_a - odd_a;
    u[3] = even_b + odd_b;
    u[4] = even_b - odd_b;
    u[5] = g[taps - 1];
  }
}

// G g G^T for kPanel filters side by side. g (taps,taps,kPanel); u: point p at u + p * stride.
template <int taps, int reach>
AG_SHARED void transform_filters(const float* g, float* u, int64_t stride) {
  for (int lane = 0; lane < kPanel; lane += kWideLanes) {
    Wide half[reach][taps];
#pragma GCC unroll 5
    for (int s = 0; s < taps; ++s) {
      Wide column[taps], v[reach];
#pragma GCC unroll 5
      for (int r = 0; r < taps; ++r) column[r] = load_wide(g + (r * taps + s) * kPanel + lane);
      transform_taps<taps, reach>(column, v);
#pragma GCC unroll 6
      for (int i = 0; i < reach; ++i) half[i][s] = v[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < reach; ++i) {
      Wide v[reach];
      transform_taps<taps, reach>(half[i], v);
#pragma GCC unroll 6
      for (int j = 0; j < reach; ++j) store_wide(u + (i * reach + j) * stride + lane, v[j]);
    }
  }
}

// G^T applied to 6 vectors of f64.
template <int taps>
AG_INLINE void gather_taps(const Wide u[kReach], Wide g[taps]) {
  const Wide sum_a = (u[1] + u[2]) * kScaleA, difference_a = (u[1] - u[2]) * (kA * kScaleA);
  const Wide sum_b = (u[3] + u[4]) * kScaleB, difference_b = (u[3] - u[4]) * (kB * kScaleB);
  g[0] = u[0] * kScale0 + sum_a + sum_b;
  g[1] = difference_a + difference_b;
  g[2] = sum_a * double{kA2} + sum_b * double{kB2};
  if constexpr (taps == 5) {
    g[3] = difference_a * double{kA2} + difference_b * double{kB2};
    g[4] = sum_a * (double{kA2} * kA2) + sum_b * (double{kB2} * kB2);
  }
  g[taps - 1] += u[5];
}

// G^T u G for kWideLanes filters side by side. u: point p at u + p * stride; g: tap t at g + t * kWideLanes.
template <int taps>
AG_SHARED void gather_filters(const float* u, int64_t stride, float* g) {
  Wide half[taps][kReach];
#pragma GCC unroll 6
  for (int j = 0; j < kReach; ++j) {
    Wide column[kReach], v[taps];
#pragma GCC unroll 6
    for (int i = 0; i < kReach; ++i) column[i] = load_wide(u + (i * kReach + j) * stride);
    gather_taps<taps>(column, v);
#pragma GCC unroll 5
    for (int i = 0; i < taps; ++i) half[i][j] = v[i];
  }
#pragma GCC unroll 5
  for (int i = 0; i < taps; ++i) {
    Wide v[taps];
    gather_taps<taps>(half[i], v);
#pragma GCC unroll 5
    for (int j = 0; j < taps; ++j) store_wide(g + (i * taps + j) * kWideLanes, v[j]);
  }
}

// A^T m A for one vector of output channels. from: point p at from + p * stride.
template <int side, int reach>
AG_INLINE void transform_output_vector(const float* from, int64_t stride, Vector y[side][side]) {
  Vector half[side][reach];
#pragma GCC unroll 6
  for (int j = 0; j < reach; ++j) {
    Vector m[reach], v[side];
#pragma GCC unroll 6
    for (int i = 0; i < reach; ++i) m[i] = load(from + (i * reach + j) * stride);
    transform_outputs<side, reach>(m, v);
#pragma GCC unroll 6
    for (int i = 0; i < side; ++i) half[i][j] = v[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < side; ++i) transform_outputs<side, reach>(half[i], y[i]);
}

}  // namespace
