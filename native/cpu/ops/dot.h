// Sums of products of two dense rows, in a fixed order: 16 partial sums, added pairwise.
#pragma once

#include <cstdint>

namespace angulus::cpu {

// product(i) for i in 0 .. count - 1.
template <class Product>
inline float sum_of_products(int64_t count, const Product& product) {
  constexpr int kLanes = 16;
  float sum[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) sum[lane] += product(i + lane);
  }
  for (int lane = 0; i + lane < count; ++lane) sum[lane] += product(i + lane);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; ++lane) sum[lane] += sum[lane + width];
  }
  return sum[0];
}

inline float dot(const float* a, const float* b, int64_t count) {
  return sum_of_products(count, [=](int64_t i) { return a[i] * b[i]; });
}

// y += factor * x
inline void add_scaled(float factor, const float* __restrict x, float* __restrict y, int64_t count) {
  for (int64_t i = 0; i < count; ++i) y[i] += factor * x[i];
}

}  // namespace angulus::cpu
