// The stretches of the flat parameter buffer that one update walks over, each with its own rules: one launch for all of them. Every block
// takes kQuads quads (4 neighbouring elements from a multiple of 4 on) a thread of one segment.
#pragma once

#include "../device/storage.cuh"

namespace angulus::cuda {
namespace {

constexpr int kSegmentThreads = 256;
constexpr int kQuads = 4;

// Four elements from `at` on, of which those in [low, high) belong to the segment.
struct Quad {
  int64_t at;
  int low, high;
};

__host__ __device__ inline int64_t first_quad(const ag_segment& segment) { return segment.offset / 4; }

__host__ __device__ inline int64_t segment_blocks(const ag_segment& segment) {
  return ceil_div(ceil_div(segment.offset + segment.count, 4) - first_quad(segment), kSegmentThreads * kQuads);
}

// The segment of a block, and the block's number in it.
struct SegmentBlock {
  int32_t index;
  int64_t block;
};

__device__ inline SegmentBlock own_segment(const Segments& segments) {
  SegmentBlock own = {0, blockIdx.x};
  for (int64_t blocks = segment_blocks(segments.of[0]); own.block >= blocks; blocks = segment_blocks(segments.of[own.index])) {
    own.block -= blocks;
    ++own.index;
  }
  return own;
}

// Number i of a thread's kQuads quads.
__device__ inline Quad own_quad(const ag_segment& segment, int64_t block, int i) {
  const int64_t at = 4 * (first_quad(segment) + (block * kQuads + i) * kSegmentThreads + threadIdx.x);
  const int64_t low = segment.offset - at;
  const int64_t high = segment.offset + segment.count - at;
  return {at, static_cast<int>(low > 0 ? low : 0), static_cast<int>(high < 0 ? 0 : high < 4 ? high : 4)};
}

__device__ inline void load(const float* x, const Quad& quad, float (&values)[4]) {
  if (quad.low == 0 && quad.high == 4) {
    cuda::load(x + quad.at, values);
    return;
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    values[i] = i >= quad.low && i < quad.high ? x[quad.at + i] : 0.0f;
  }
}

__device__ inline void store(float* y, const Quad& quad, const float (&values)[4]) {
  if (quad.low == 0 && quad.high == 4) {
    cuda::store(y + quad.at, values);
    return;
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (i >= quad.low && i < quad.high) {
      y[quad.at + i] = values[i];
    }
  }
}

inline dim3 segments_grid(const Segments& segments) {
  int64_t blocks = 0;
  for (int32_t i = 0; i < segments.count; ++i) {
    blocks += segment_blocks(segments.of[i]);
  }
  return grid_of(blocks);
}

}  // namespace
}  // namespace angulus::cuda
