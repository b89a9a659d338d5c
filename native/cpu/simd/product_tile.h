// The register tile of the head's products of matrices: sum over k of a(row, k) b(k, lane) for up to kTileRows rows and one or two vectors of lanes.
//
// A step broadcasts one number of each row and reads the vectors of b: 2 n multiply-adds for n + 2 loads. Bound by the multiply-add units while a and
// b come from L2. Rows that stream from memory are asked for one tile ahead, one line in each step: 1.45 times faster than without. A sum is taken in
// f32 over kProductRun steps, then added to the total.
#pragma once

#include "../kernel.h"

namespace {

using namespace angulus::cpu;

constexpr int kPanel = 2 * kLanes;      // lanes of a tile
constexpr int64_t kProductRun = 256;
static_assert(kTileRows <= kLineFloats, "each row of the next tile must have its step");

struct Product {
  const float* a;
  int64_t a_row, a_step;  // floats from row to row, from k to k; rows lie side by side in a product `across`
  const float* b;
  int64_t b_step;
  int64_t depth;          // of k
  int lanes;              // of b that may be read, 1 to kPanel; all where `full`
};

// finish(row, vector, sum). squares: the sum of (a - b)^2 in the place of a b.
template <int rows, int vectors, bool across, bool full, bool squares, class Finish>
static void product_tile(const Product& z, const Finish& finish) {
  const Mask m[2] = {first_lanes(z.lanes), first_lanes(z.lanes - kLanes)};
  const int64_t a_row = across ? 1 : z.a_row;
  const float* a = z.a;
  const float* b = z.b;
  Vector sum[rows][vectors], total[rows][vectors];
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sum[i][v] = total[i][v] = zero();
  }
  int64_t left = z.depth;
  for (;;) {
    const int64_t steps = left < kProductRun ? left : kProductRun;
    for (int64_t k = 0; k < steps; ++k, a += across ? z.a_step : 1, b += z.b_step) {
      if (!across) __builtin_prefetch(a + (rows + k % kLineFloats) * a_row);
      Vector x[vectors];
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) x[v] = full ? load(b + v * kLanes) : load_masked(m[v], b + v * kLanes);
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i) {
        const Vector factor = broadcast(a + i * a_row);
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) {
          const Vector difference = factor - x[v];
          sum[i][v] = squares ? fma(difference, difference, sum[i][v]) : fma(factor, x[v], sum[i][v]);
        }
      }
    }
    left -= steps;
    if (left == 0) break;
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < vectors; ++v) {
        total[i][v] = total[i][v] + sum[i][v];
        sum[i][v] = zero();
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) finish(i, v, total[i][v] + sum[i][v]);
  }
}

// A tile of `rows` rows.
template <int vectors, bool across, bool full, bool squares = false, class Finish>
static void product(int rows, const Product& z, const Finish& finish) {
  switch (rows) {
    case 1: return product_tile<1, vectors, across, full, squares>(z, finish);
    case 2: return product_tile<2, vectors, across, full, squares>(z, finish);
    case 3: return product_tile<3, vectors, across, full, squares>(z, finish);
    case 4: return product_tile<4, vectors, across, full, squares>(z, finish);
    case 5: return product_tile<5, vectors, across, full, squares>(z, finish);
    case 6: return product_tile<6, vectors, across, full, squares>(z, finish);
#if defined(__AVX512F__)
    case 7: return product_tile<7, vectors, across, full, squares>(z, finish);
    case 8: return product_tile<8, vectors, across, full, squares>(z, finish);
    case 9: return product_tile<9, vectors, across, full, squares>(z, finish);
    case 10: return product_tile<10, vectors, across, full, squares>(z, finish);
    case 11: return product_tile<11, vectors, across, full, squares>(z, finish);
    case 12: return product_tile<12, vectors, across, full, squares>(z, finish);
    case 13: return product_tile<13, vectors, across, full, squares>(z, finish);
    case 14: return product_tile<14, vectors, across, full, squares>(z, finish);
#endif
  }
}

// f(first, rows) for tiles of near-equal height that cover `count` rows.
template <class F>
AG_INLINE void for_row_tiles(int64_t count, const F& f) {
  const int64_t tiles = (count + kTileRows - 1) / kTileRows;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const int64_t first = count * tile / tiles;
    f(first, int(count * (tile + 1) / tiles - first));
  }
}

}  // namespace
