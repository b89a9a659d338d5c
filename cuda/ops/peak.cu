// The roof for benchmarks: f32 multiply-adds and bytes read for each second, all multiprocessors busy. Not an op.
#include "../device/launch.cuh"

namespace angulus::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kBlocks = 8;  // for each multiprocessor: 2048 threads, all that one can hold
constexpr int kChains = 8;  // independent sums of a thread hide the latency of each
constexpr int kUnrolled = 64;

// One thread: kChains sums, kUnrolled multiply-adds each, `iterations` times. Stores only if a sum is the number it never reaches.
__global__ void __launch_bounds__(kThreads) peak_flops(int32_t iterations, float factor, float* sink) {
  float sums[kChains];
#pragma unroll
  for (int i = 0; i < kChains; ++i) {
    sums[i] = static_cast<float>(threadIdx.x + i);
  }
  for (int32_t iteration = 0; iteration < iterations; ++iteration) {
#pragma unroll
    for (int step = 0; step < kUnrolled; ++step) {
#pragma unroll
      for (int i = 0; i < kChains; ++i) {
        sums[i] = sums[i] * factor + 1.0f;
      }
    }
  }
  float sum = 0.0f;
#pragma unroll
  for (int i = 0; i < kChains; ++i) {
    sum += sums[i];
  }
  if (sum == -1.0f) {
    *sink = sum;
  }
}

// One thread: 16 bytes at once, a grid apart.
__global__ void __launch_bounds__(kThreads) peak_bytes(const float4* buffer, int64_t vectors, float* sink) {
  float sum = 0.0f;
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < vectors; i += stride) {
    const float4 v = buffer[i];
    sum += v.x + v.y + v.z + v.w;
  }
  if (sum == -1.0f) {
    *sink = sum;
  }
}

}  // namespace

double launch_peak_flops(Exec& exec, int32_t multiprocessors, int32_t iterations, float* sink) {
  const int64_t blocks = static_cast<int64_t>(multiprocessors) * kBlocks;
  AG_LAUNCH(exec, peak_flops, grid_of(blocks), kThreads, 0, iterations, 0.5f, sink);
  return 2.0 * kChains * kUnrolled * kThreads * static_cast<double>(blocks) * iterations;
}

double launch_peak_bytes(Exec& exec, int32_t multiprocessors, const float* buffer, int64_t count, float* sink) {
  const int64_t blocks = static_cast<int64_t>(multiprocessors) * kBlocks;
  AG_LAUNCH(exec, peak_bytes, grid_of(blocks), kThreads, 0, reinterpret_cast<const float4*>(buffer), count / 4, sink);
  return static_cast<double>(count) * sizeof(float);
}

}  // namespace angulus::cuda
