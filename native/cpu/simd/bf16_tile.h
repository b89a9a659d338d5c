// A register tile of the bf16 convolution: kPairPixels pixels by 2 vectors of output channels, the panel's 32 in one or two such parts. A step multiplies a pair of
// neighbouring channels of a pixel (32 bits, one broadcast) with the pairs of a vector of output channels. Bound by the multipliers.
//
// Included behind bf16_avx512.h or bf16_avx2.h.
#pragma once

#include "slot_tile.h"

namespace {

class Bf16Tile {
 public:
  static constexpr int kPixels = kPairPixels;
  struct Session {};
  static int64_t finished(int64_t) { return kPixels; }

  // The sums of kPixels pixels from `in` on, f32: what is behind the `count` that are wanted lies in the packed input too.
  template <class Between>
  AG_INLINE void run(const SlotSweep& z, const char* in, int64_t, const char* weights, Ask& ask, char* sums, const Between& between) {
    between();
    for (int v = 0; v < kPanelVectors; v += kPart) multiply(z, in, weights + v * 4 * kLanes, ask, reinterpret_cast<float*>(sums) + v * kLanes);
  }

 private:
  static constexpr int kPart = 2;
  static constexpr int kAheadBytes = 16 * kWeightRow;  // between asking L2 for weights and their use

  AG_INLINE void multiply(const SlotSweep& z, const char* in, const char* weights, Ask& ask, float* sums) {
    Vector sum[kPixels][kPart];
#pragma GCC unroll 16
    for (int i = 0; i < kPixels; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < kPart; ++v) sum[i][v] = zero();
    }
    for (int64_t block = 0; block < z.blocks; ++block, in += z.block_bytes) {
      for (int64_t tap = 0; tap < z.taps; ++tap) {
        const char* pixel = in + z.offset[tap];
        ask.step();
        for (int pair = 0; pair < kSlotBytes / 4; ++pair, pixel += 4, weights += kWeightRow) {
          Pairs w[kPart];
#pragma GCC unroll 2
          for (int v = 0; v < kPart; ++v) {
            __builtin_prefetch(weights + kAheadBytes + v * 4 * kLanes);
            w[v] = load_pairs(weights + v * 4 * kLanes);
          }
#pragma GCC unroll 16
          for (int i = 0; i < kPixels; ++i) {
            const Pairs x = broadcast_pair(pixel + i * kSlotBytes);
#pragma GCC unroll 2
            for (int v = 0; v < kPart; ++v) sum[i][v] = add_products(sum[i][v], x, w[v]);
          }
        }
      }
    }
#pragma GCC unroll 16
    for (int i = 0; i < kPixels; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < kPart; ++v) store(sums + i * kSlotPanel + v * kLanes, sum[i][v]);
    }
  }
};

}  // namespace
