// A product of small whole numbers, exact in bf16, and where wgmma leaves it.
#pragma once

#include <vector>

#include "simt.h"

namespace selftest {

inline uint16_t bf16(int value) {  // exact for small numbers
  const float wide = static_cast<float>(value);
  uint32_t bits;
  std::memcpy(&bits, &wide, sizeof bits);
  return static_cast<uint16_t>(bits >> 16);
}

inline int left(int row, int k) { return (7 * row + 3 * k) % 11 - 5; }
inline int right(int k, int column) { return (5 * k + 2 * column) % 13 - 6; }

inline float expected_product(int row, int column, int depth) {
  int sum = 0;
  for (int k = 0; k < depth; ++k) {
    sum += left(row, k) * right(k, column);
  }
  return static_cast<float>(sum);
}

// Stores a thread's accumulators of the warpgroup's 64 rows from `row` on.
template <int kColumns>
void store(float* y, int row, const float (&d)[kColumns / 2]) {
  const int t = static_cast<int>(threadIdx.x) % 128;
  for (int i = 0; i < kColumns / 2; ++i) {
    const int r = t / 32 * 16 + t % 32 / 4 + i / 2 % 2 * 8;
    y[(row + r) * kColumns + i / 4 * 8 + t % 4 * 2 + i % 2] = d[i];
  }
}

inline int wrong_products(const std::vector<float>& y, int columns, int depth) {
  int wrong = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    const int row = static_cast<int>(i) / columns, column = static_cast<int>(i) % columns;
    wrong += y[i] == expected_product(row, column, depth) ? 0 : 1;
  }
  return wrong;
}

}  // namespace selftest
