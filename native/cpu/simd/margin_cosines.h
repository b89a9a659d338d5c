// The cosines of some classes and one panel of rows, (classes, kPanel): a class is a row of the register tile, so the class vectors are read where they
// lie, and the rows of x are its lanes. With rows in lanes everything that follows (maximum, exponentials, gradients) needs no sum across lanes.
#pragma once

#include "../margin_space.h"
#include "product_tile.h"
#include "vector_exp.h"

namespace {

using namespace angulus;
using namespace angulus::cpu;

constexpr int kMarginClasses = 8 * kTileRows;  // classes at a time: their vectors stay in L2 between the products
static_assert(kMarginRowUnit % kPanel == 0 && kMarginDepthUnit % kPanel == 0, "panels must be whole");

AG_INLINE int64_t at_most(int64_t a, int64_t b) { return a < b ? a : b; }

AG_INLINE int64_t row_panels(const Head& head) { return (head.n + kPanel - 1) / kPanel; }

// 2 where rows of the panel reach into its second vector, else 1.
AG_INLINE int row_vectors(const Head& head, int64_t panel) { return head.n - panel * kPanel > kLanes ? 2 : 1; }

// x (N,D) to (panel, D, kPanel), zeros beyond N: vector `half` of a panel.
[[maybe_unused]] static void pack_columns(const Head& head, int64_t panel, int half, float* x_columns) {
  const int64_t row = panel * kPanel + half * kLanes, d = head.d;
  float* const to = x_columns + panel * d * kPanel + half * kLanes;
  for (int64_t k = 0; k < d; k += kLanes) {
    const int width = int(at_most(kLanes, d - k));
    const Mask m = first_lanes(width);
    Vector x[kLanes];
    for (int i = 0; i < kLanes; ++i) x[i] = row + i < head.n ? load_masked(m, head.x + (row + i) * d + k) : zero();
    transpose(x);
    for (int j = 0; j < width; ++j) store(to + (k + j) * kPanel, x[j]);
  }
}

// c of the classes [first, first + count) and a panel of rows: c[class][kPanel].
[[maybe_unused]] static void compute_cosines(const Head& head, const MarginRows& rows, const float* x_columns, int64_t panel, int64_t first, int64_t count, float* c) {
  const int vectors = row_vectors(head, panel);
  const int64_t d = head.d;
  for_row_tiles(count, [&](int64_t at, int classes) {
    const Product z = {head.w + (first + at) * d, d, 0, x_columns + panel * d * kPanel, kPanel, d, kPanel};
    const auto finish = [&](int j, int v, Vector sum) { store(c + (at + j) * kPanel + v * kLanes, sum); };
    if (vectors == 2) {
      product<2, false, true>(classes, z, finish);
    } else {
      product<1, false, true>(classes, z, finish);
    }
  });
  for (int v = 0; v < vectors; ++v) {
    const Vector inverse_x = load(rows.inverse_x + panel * kPanel + v * kLanes);
    for (int64_t j = 0; j < count; ++j) {
      float* const at = c + j * kPanel + v * kLanes;
      if (!head.normalised) {
        if (head.bias != nullptr) store(at, load(at) + splat(head.bias[first + j]));
      } else {
        const Vector cosine = load(at) * inverse_x * splat(head.inverse_w[first + j]);
        store(at, smaller(splat(1.0f), larger(splat(-1.0f), cosine)));
      }
    }
  }
}

// What t(c) of a head with a softmax needs (margin_others.h).
struct Bend {
  Others kind;
  Vector limit, m;
};

AG_INLINE Bend bend_of(const Head& head, Vector phi) {
  if (head.others == Others::curricular) return {head.others, phi, splat(head.state[0])};
  return {head.others, splat(head.filter), splat(head.scalars->margin)};
}

AG_INLINE Vector bent(const Bend& z, Vector c) {
  if (z.kind == Others::circle) return larger(zero(), c + z.m) * (c - z.m);
  return choose(above(c, z.limit), z.kind == Others::curricular ? c * (z.m + c) : zero(), c);
}

AG_INLINE Vector bent_slope(const Bend& z, Vector c) {
  if (z.kind == Others::circle) return larger(zero(), c + z.m);
  return choose(above(c, z.limit), z.kind == Others::curricular ? c + c + z.m : zero(), splat(1.0f));
}

// The same numbers as rows of `cosines` (N,stride), from or to a panel's c; cosines begins at the first class.
template <bool to_rows, class Float>
static void move_cosines(const Head& head, int64_t panel, int64_t count, int64_t stride, Float* cosines, float* c) {
  for (int v = 0; v < row_vectors(head, panel); ++v) {
    const int64_t row = panel * kPanel + v * kLanes;
    for (int64_t j = 0; j < count; j += kLanes) {
      const int width = int(at_most(kLanes, count - j));
      const Mask m = first_lanes(width);
      Vector x[kLanes];
      if constexpr (to_rows) {
        for (int i = 0; i < kLanes; ++i) x[i] = i < width ? load(c + (j + i) * kPanel + v * kLanes) : zero();
        transpose(x);
        for (int i = 0; i < kLanes && row + i < head.n; ++i) store_masked(m, cosines + (row + i) * stride + j, x[i]);
      } else {
        for (int i = 0; i < kLanes; ++i) x[i] = row + i < head.n ? load_masked(m, cosines + (row + i) * stride + j) : zero();
        transpose(x);
        for (int i = 0; i < width; ++i) store(c + (j + i) * kPanel + v * kLanes, x[i]);
      }
    }
  }
}

}  // namespace
