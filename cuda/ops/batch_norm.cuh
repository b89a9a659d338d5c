// What the batch-norm kernels know of W neighbouring columns, kept in registers for all rows of a thread:
//   x^ = (x - mean) / sqrt(variance + epsilon),   v = gamma x^ + beta
// (Ioffe and Szegedy 2015, algorithm 1).
#pragma once

#include "../device/storage.cuh"

namespace angulus::cuda {
namespace {

template <int W>
struct BatchNormColumns {
  float mean[W], inverse[W], gamma[W], beta[W];
  float slope[W];  // 1 without a PReLU

  __device__ void load(const BatchNormLayer& layer, int64_t column) {
#pragma unroll
    for (int i = 0; i < W; ++i) {
      mean[i] = layer.statistics[column + i];
      inverse[i] = 1.0f / sqrtf(layer.statistics[layer.columns + column + i] + layer.epsilon);
      gamma[i] = layer.gamma[column + i];
      beta[i] = layer.beta[column + i];
      slope[i] = layer.slope == nullptr ? 1.0f : layer.slope[column + i];
    }
  }
  __device__ float normal(int i, float x) const { return (x - mean[i]) * inverse[i]; }
  __device__ float v(int i, float normal) const { return gamma[i] * normal + beta[i]; }
};

}  // namespace
}  // namespace angulus::cuda
