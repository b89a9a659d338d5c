// A tile of the matrix unit (AMX): up to 32 pixels by 32 output channels, four sums of 16 x 16. A step takes 64 bytes of channels of one tap: two tiles of
// pixels, two of weights, four products. Bound by the unit: a product takes 16 cycles, the loads of a step 32 of its 64, and the pixels of a block stay in
// L1 for all taps, since weights pass by as a stream that is not kept (4 % faster so). Fewer pixels take as long.
//
// Included with AG_TILE_PRODUCT(sum, pixels, weights), the instruction.
#pragma once

#include "slot_tile.h"

namespace {

class AmxTile {
 public:
  static constexpr int kPixels = 32;
  static constexpr int kRows = 16;  // pixels of one of the unit's registers
  static constexpr int64_t kRegisterBytes = int64_t{kRows} * kSlotBytes;

  // Registers 0 to 7, 16 rows of 64 bytes each, while it lives.
  class Session {
   public:
    Session() {
      alignas(64) struct { uint8_t palette, start, zeros[14]; uint16_t row_bytes[16]; uint8_t rows[16]; } layout = {};
      layout.palette = 1;
      for (int i = 0; i < 8; ++i) layout.row_bytes[i] = kSlotBytes, layout.rows[i] = kRows;
      _tile_loadconfig(&layout);
    }
    ~Session() { _tile_release(); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
  };

  // How many pixels of the tile before are finished at a time.
  static int64_t finished(int64_t steps) { return ceil_div(kPixels, steps); }

  // The sums of the `count` pixels from `in` on. Between two steps goes between(), a part of what the vector unit has to do for the tile before: while the
  // matrix unit multiplies the other has nothing to do, and in one stretch it would make it wait, since the instructions of both wait in one queue. A vector
  // instruction in every step keeps that unit awake besides: after 0.6 us without one the next store of a tile waits 0.3 us for it.
  template <class Between>
  AG_INLINE void run(const SlotSweep& z, const char* in, int64_t count, const char* weights, Ask& ask, char* sums, const Between& between) {
    if (count > kRows) {
      multiply<false>(z, in, weights, ask, sums, between);
    } else {
      multiply<true>(z, in, weights, ask, sums, between);
    }
  }

 private:
  // one: the first 16 pixels only.
  template <bool one, class Between>
  AG_INLINE void multiply(const SlotSweep& z, const char* in, const char* weights, Ask& ask, char* sums, const Between& between) {
    asm volatile("" ::: "memory");  // what was packed is written: GCC does not know that tiles read it
    _tile_zero(0);
    _tile_zero(1);
    if (!one) {
      _tile_zero(2);
      _tile_zero(3);
    }
    for (int64_t block = 0; block < z.blocks; ++block, in += z.block_bytes) {
      for (int64_t tap = 0; tap < z.taps; ++tap, weights += kStepBytes) {
        const char* const pixels = in + z.offset[tap];
        ask.step();
        _tile_stream_loadd(6, weights, kWeightRow);
        _tile_stream_loadd(7, weights + kSlotBytes, kWeightRow);
        _tile_loadd(4, pixels, kSlotBytes);
        AG_TILE_PRODUCT(0, 4, 6);
        AG_TILE_PRODUCT(1, 4, 7);
        if (!one) {
          _tile_loadd(5, pixels + kRegisterBytes, kSlotBytes);
          AG_TILE_PRODUCT(2, 5, 6);
          AG_TILE_PRODUCT(3, 5, 7);
        }
        asm volatile("vaddps %%zmm31, %%zmm31, %%zmm31" ::: "xmm31");
        between();
      }
    }
    _tile_stored(0, sums, kWeightRow);
    _tile_stored(1, sums + kSlotBytes, kWeightRow);
    if (!one) {
      _tile_stored(2, sums + kRows * kWeightRow, kWeightRow);
      _tile_stored(3, sums + kRows * kWeightRow + kSlotBytes, kWeightRow);
    }
  }
};

}  // namespace
