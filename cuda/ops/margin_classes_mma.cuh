// The head's products of bf16 rows on tensor cores: what forward and backward share.
//
//   x~  (N, pitch), bf16: the rows x^ rounded once into the workspace, zeros from D to the pitch: whole steps, copied by cp.async
//   w~  never stored: a chunk of a row of w is read as f32 a step before it is needed, waits in registers while the tensor cores multiply, and is
//       multiplied by the row's inverse length and rounded on its way to shared memory
//   block  256 threads, tiles of 128 x 128 (mma_tile.cuh): three stages of 16 KiB
#pragma once

#include "../device/mma_tile.cuh"
#include "margin_classes.cuh"

namespace angulus::cuda {
namespace {

constexpr int kHeadTile = 128;
using HeadTile = MmaTile<kHeadTile, kHeadTile>;

// Numbers of a row of x~.
__host__ __device__ inline int64_t factor_pitch(int64_t d) { return ceil_div(d, kMmaDepth) * kMmaDepth; }

// One thread, one number of x~.
template <class H>
__global__ void margin_round_rows(Head head, Bf16* x, int64_t pitch) {
  const int64_t at = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t row = at / pitch;
  const int64_t d = at % pitch;
  if (row < head.n) {
    x[at] = to_bf16(d < head.d ? head.x[row * head.d + d] * inverse_x<H>(head, row) : 0.0f);
  }
}

template <class H>
void launch_round_rows(Exec& exec, const Head& rounded, Bf16* x) {
  const Head head = rounded;
  const int64_t pitch = factor_pitch(head.d);
  AG_LAUNCH(exec, margin_round_rows<H>, grid_of(ceil_div(head.n * pitch, 256)), 256, 0, head, x, pitch);
}

// A chunk of a row of w on its way to a strip. kWhole: D is a multiple of 4, so that rows are aligned.
template <class H, bool kWhole>
struct ClassChunk {
  float values[kChunk];
  float inverse;

  // index: of w; none: a chunk of zeros.
  __device__ void read(const Head& head, bool some, int64_t index, int64_t d) {
    inverse = some ? inverse_w<H>(head, index) : 0.0f;
    const float* const row = head.w + (some ? index * head.d : 0);
#pragma unroll
    for (int e = 0; e < kChunk; e += 4) {
      float four[4] = {};
      if constexpr (kWhole) {
        if (some && d + e < head.d) {
          load(row + d + e, four);
        }
      } else {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          four[i] = some && d + e + i < head.d ? row[d + e + i] : 0.0f;
        }
      }
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        values[e + i] = four[i];
      }
    }
  }

  __device__ void write(Bf16* strip) const {
    float scaled[kChunk];
#pragma unroll
    for (int i = 0; i < kChunk; ++i) {
      scaled[i] = values[i] * inverse;
    }
    store(strip, scaled);
  }
};

// The products of 128 rows from first_row on and 128 classes from first_class on, of the range [first, first + count). stages:
// HeadTile::kSharedBytes. Ends without a barrier.
template <class H, bool kWhole>
__device__ void multiply_rows_and_classes(const Head& head, const Bf16* x, int64_t first_row, int64_t first, int64_t first_class, int64_t count,
                                          Bf16* stages, HeadTile& tile) {
  constexpr int kLines = kStripThreads / (kMmaDepth / kChunk);  // a copy of all threads
  const int chunk = static_cast<int>(threadIdx.x) % (kMmaDepth / kChunk);
  const int line = static_cast<int>(threadIdx.x) / (kMmaDepth / kChunk);
  const int64_t pitch = factor_pitch(head.d);
  ClassChunk<H, kWhole> classes[kHeadTile / kLines];
  const auto read = [&](int step) {
#pragma unroll
    for (int j = 0; j < kHeadTile / kLines; ++j) {
      const int64_t index = first_class + line + j * kLines;
      classes[j].read(head, index < count, first + index, int64_t{step} * kMmaDepth + chunk * kChunk);
    }
  };
  const auto fetch = [&](int step, Bf16* left, Bf16* right) {
#pragma unroll
    for (int j = 0; j < kHeadTile / kLines; ++j) {
      const int64_t row = first_row + line + j * kLines;
      const bool inside = row < head.n;
      copy_async<16>(left + along(line + j * kLines, chunk), x + (inside ? row * pitch + step * kMmaDepth + chunk * kChunk : 0), inside ? 16 : 0);
      classes[j].write(right + along(line + j * kLines, chunk));
    }
    read(step + 1);
  };
  read(0);
  strip_steps<HeadTile>(static_cast<int>(pitch / kMmaDepth), stages, fetch,
                                 [&](const Bf16* left, const Bf16* right) { tile.multiply_along(left, right); });
}

// f(whole), a compile-time truth: whether rows of D floats are aligned.
template <class F>
void with_whole_rows(int64_t d, const F& f) {
  if (d % 4 == 0) {
    f(std::true_type{});
  } else {
    f(std::false_type{});
  }
}

}  // namespace
}  // namespace angulus::cuda
