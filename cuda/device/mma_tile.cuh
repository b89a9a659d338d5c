// A block's tile of a bf16 matrix product on tensor cores (mma.sync): kRows x kColumns results of 256 threads, in steps of 32 along the
// depth, of strips in shared memory (strips.cuh). A warp has 32 columns and kRows / (256 / kColumns) rows of the tile: results 16 x 8 at a time
// in registers, lane 4 g + t holding rows g and g + 8, columns 2 t and 2 t + 1 of each (mma.cuh).
#pragma once

#include "mma.cuh"
#include "strips.cuh"

namespace angulus::cuda {

constexpr int kMmaDepth = kStripDepth<Bf16>;
constexpr int kChunk = kVector<Bf16>;

template <int kTileRows, int kTileColumns>
struct MmaTile {
  using Number = Bf16;
  static constexpr int kRows = kTileRows;
  static constexpr int kColumns = kTileColumns;
  static constexpr int kWarpsAcross = kColumns / 32;
  static constexpr int kWarpsDown = kStripThreads / 32 / kWarpsAcross;
  static constexpr int kWarpRows = kRows / kWarpsDown;
  static constexpr int kRowParts = kWarpRows / 16;
  static constexpr int kColumnParts = 4;
  static constexpr int kStageNumbers = (kRows + kColumns) * kMmaDepth;
  static constexpr int64_t kSharedBytes = int64_t{kStripStages} * kStageNumbers * int64_t{sizeof(Bf16)};
  static_assert(kWarpRows % 16 == 0, "a warp has whole fragments");

  int lane, row, column;  // of the warp's part
  float sums[kRowParts][kColumnParts][4] = {};

  __device__ MmaTile() {
    const int warp = static_cast<int>(threadIdx.x) / 32;
    lane = static_cast<int>(threadIdx.x) % 32;
    row = warp / kWarpsAcross * kWarpRows;
    column = warp % kWarpsAcross * 32;
  }

  // Row, and first of two neighbouring columns, of sums[i][j][2 half] in the block's tile.
  __device__ int row_of(int i, int half) const { return row + 16 * i + 8 * half + lane / 4; }
  __device__ int column_of(int j) const { return column + 8 * j + lane % 4 * 2; }

  static constexpr int kThreads = kStripThreads;
  __device__ int thread() const { return static_cast<int>(threadIdx.x); }
  __device__ void sync() const { __syncthreads(); }

  // use(row, column, sum) of every result.
  template <class Use>
  __device__ void each(const Use& use) const {
#pragma unroll
    for (int i = 0; i < kRowParts; ++i) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {
#pragma unroll
        for (int j = 0; j < kColumnParts; ++j) {
          use(row_of(i, half), column_of(j), sums[i][j][2 * half]);
          use(row_of(i, half), column_of(j) + 1, sums[i][j][2 * half + 1]);
        }
      }
    }
  }

  __device__ void multiply(const uint32_t (&a)[kRowParts][4], const uint32_t (&b)[kColumnParts][2]) {
#pragma unroll
    for (int i = 0; i < kRowParts; ++i) {
#pragma unroll
      for (int j = 0; j < kColumnParts; ++j) {
        mma_m16n8k16_bf16(sums[i][j], a[i], b[j]);
      }
    }
  }

  // Fragments of 16 of the depth: of a strip along from `chunk` on, of one across from `level` on.
  __device__ void left_along(uint32_t (&a)[kRowParts][4], const Bf16* left, int chunk) const {
#pragma unroll
    for (int i = 0; i < kRowParts; ++i) {
      ldmatrix_x4(a[i], left + along(row + 16 * i + lane % 16, chunk + lane / 16));
    }
  }

  __device__ void left_across(uint32_t (&a)[kRowParts][4], const Bf16* left, int level) const {
#pragma unroll
    for (int i = 0; i < kRowParts; ++i) {
      ldmatrix_x4_trans(a[i], left + across<kRows>(level + lane / 16 * 8 + lane % 8, (row + 16 * i) / kChunk + lane / 8 % 2));
    }
  }

  __device__ void right_along(uint32_t (&b)[kColumnParts][2], const Bf16* right, int chunk) const {
#pragma unroll
    for (int j = 0; j < kColumnParts; j += 2) {
      uint32_t two[4];
      ldmatrix_x4(two, right + along(column + 8 * j + lane / 16 * 8 + lane % 8, chunk + lane / 8 % 2));
      split(two, b[j], b[j + 1]);
    }
  }

  __device__ void right_across(uint32_t (&b)[kColumnParts][2], const Bf16* right, int level) const {
#pragma unroll
    for (int j = 0; j < kColumnParts; j += 2) {
      uint32_t two[4];
      ldmatrix_x4_trans(two, right + across<kColumns>(level + lane % 16, (column + 8 * j) / kChunk + lane / 16));
      split(two, b[j], b[j + 1]);
    }
  }

  // One step, both strips along.
  __device__ void multiply_along(const Bf16* left, const Bf16* right) {
#pragma unroll
    for (int level = 0; level < kMmaDepth; level += 16) {
      uint32_t a[kRowParts][4];
      uint32_t b[kColumnParts][2];
      left_along(a, left, level / kChunk);
      right_along(b, right, level / kChunk);
      multiply(a, b);
    }
  }

  // One step, both strips across.
  __device__ void multiply_across(const Bf16* left, const Bf16* right) {
#pragma unroll
    for (int level = 0; level < kMmaDepth; level += 16) {
      uint32_t a[kRowParts][4];
      uint32_t b[kColumnParts][2];
      left_across(a, left, level);
      right_across(b, right, level);
      multiply(a, b);
    }
  }

  // One step, the left strip along and the right one across.
  __device__ void multiply_along_across(const Bf16* left, const Bf16* right) {
#pragma unroll
    for (int level = 0; level < kMmaDepth; level += 16) {
      uint32_t a[kRowParts][4];
      uint32_t b[kColumnParts][2];
      left_along(a, left, level / kChunk);
      right_across(b, right, level);
      multiply(a, b);
    }
  }

  __device__ static void split(const uint32_t (&four)[4], uint32_t (&first)[2], uint32_t (&second)[2]) {
    first[0] = four[0];
    first[1] = four[1];
    second[0] = four[2];
    second[1] = four[3];
  }
};

}  // namespace angulus::cuda
