// A block's tile of an f32 matrix product by multiply-adds: kRows x kColumns results of 256 threads, in steps of 16 along the depth, of strips in
// shared memory (strips.cuh) that both lie along, or both across.
//
// Four warps down and two across; in a warp four lanes down and eight across, so that a load of shared memory brings 4 or 8 different chunks to
// the warp, the lines of 8 lanes in different banks. A thread of 128 x 128 results holds 8 x 8: it reads 16 chunks for 256 multiply-adds.
//
//   along    a thread's rows are 4 apart, its columns 8 apart: the depth of a chunk is multiplied number by number
//   across   its rows and columns are chunks of 4
#pragma once

#include "strips.cuh"

namespace angulus::cuda {

enum class Lies { kAlong, kAcross };

template <int kTileRows, int kTileColumns, Lies kLies = Lies::kAlong>
struct FmaTile {
  using Number = float;
  static constexpr int kRows = kTileRows;
  static constexpr int kColumns = kTileColumns;
  static constexpr int kRowParts = kRows / 4 / 4;
  static constexpr int kColumnParts = kColumns / 2 / 8;
  static constexpr int kDepth = kStripDepth<float>;
  static constexpr int kStageNumbers = (kRows + kColumns) * kDepth;
  static constexpr int64_t kSharedBytes = int64_t{kStripStages} * kStageNumbers * int64_t{sizeof(float)};
  static_assert(kRowParts % 4 == 0 && kColumnParts % 4 == 0, "a thread has whole chunks");

  int row, column;  // of the warp's part
  int down, over;   // of the lane in it
  float sums[kRowParts][kColumnParts] = {};

  __device__ FmaTile() {
    const int warp = static_cast<int>(threadIdx.x) / 32;
    const int lane = static_cast<int>(threadIdx.x) % 32;
    row = warp / 2 * (kRows / 4);
    column = warp % 2 * (kColumns / 2);
    down = lane / 8;
    over = lane % 8;
  }

  // Row and column of sums[i][j] in the block's tile.
  __device__ int row_of(int i) const { return row + (kLies == Lies::kAlong ? down + 4 * i : 4 * down + i % 4 + i / 4 * 16); }
  __device__ int column_of(int j) const { return column + (kLies == Lies::kAlong ? over + 8 * j : 4 * over + j % 4 + j / 4 * 32); }

  // use(row, column, sum) of every result.
  template <class Use>
  __device__ void each(const Use& use) const {
#pragma unroll
    for (int i = 0; i < kRowParts; ++i) {
#pragma unroll
      for (int j = 0; j < kColumnParts; ++j) {
        use(row_of(i), column_of(j), sums[i][j]);
      }
    }
  }

  // One step, both strips along. Where a chunk lies depends on its line: written out, so that all but two and four places are known when compiled.
  __device__ void multiply_along(const float* left, const float* right) {
    const float* const rows = left + (row + down) * kDepth;
    const float* const columns = right + (column + over) * kDepth;
    const int row_shift = down >> 1;
    const int column_shift = over >> 1;
#pragma unroll
    for (int chunk = 0; chunk < 4; ++chunk) {
      float4 b[kColumnParts];
#pragma unroll
      for (int j = 0; j < kColumnParts; ++j) {
        b[j] = *reinterpret_cast<const float4*>(columns + 8 * j * kDepth + (chunk ^ column_shift) * 4);
      }
#pragma unroll
      for (int i = 0; i < kRowParts; ++i) {
        const float4 a = *reinterpret_cast<const float4*>(rows + 4 * i * kDepth + (chunk ^ 2 * (i & 1) ^ row_shift) * 4);
#pragma unroll
        for (int j = 0; j < kColumnParts; ++j) {
          sums[i][j] += a.x * b[j].x;
          sums[i][j] += a.y * b[j].y;
          sums[i][j] += a.z * b[j].z;
          sums[i][j] += a.w * b[j].w;
        }
      }
    }
  }

  // One step, both strips across.
  __device__ void multiply_across(const float* left, const float* right) {
    const float* const rows = left + row + 4 * down;
    const float* const columns = right + column + 4 * over;
#pragma unroll
    for (int level = 0; level < kDepth; ++level) {
      float a[kRowParts], b[kColumnParts];
      lines<kRowParts, 16>(rows + level * kRows, a);
      lines<kColumnParts, 32>(columns + level * kColumns, b);
#pragma unroll
      for (int i = 0; i < kRowParts; ++i) {
#pragma unroll
        for (int j = 0; j < kColumnParts; ++j) {
          sums[i][j] += a[i] * b[j];
        }
      }
    }
  }

  // Chunks that lie kApart numbers from one another.
  template <int kCount, int kApart>
  __device__ static void lines(const float* from, float (&to)[kCount]) {
#pragma unroll
    for (int i = 0; i < kCount; i += 4) {
      const float4 chunk = *reinterpret_cast<const float4*>(from + i / 4 * kApart);
      to[i] = chunk.x;
      to[i + 1] = chunk.y;
      to[i + 2] = chunk.z;
      to[i + 3] = chunk.w;
    }
  }
};

}  // namespace angulus::cuda
