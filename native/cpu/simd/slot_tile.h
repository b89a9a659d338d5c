// What a piece of slot_run.h hands to its tiles.
#pragma once

#include "slot_shape.h"

namespace {

struct SlotSweep {
  int64_t blocks, taps;
  int64_t block_bytes;          // between blocks of the packed input
  int64_t offset[kMostTaps];    // bytes from a pixel's first tap to each of its taps
};

// Weights of a step, a block and a tap of 32 output channels: rows of 4 bytes of channels for each of these.
constexpr int64_t kWeightRow = int64_t{kSlotPanel} * 4;
constexpr int64_t kStepBytes = kSlotBytes / 4 * kWeightRow;
constexpr int64_t kSumsBytes = kMostTile * kWeightRow;  // of a tile's sums, 4 bytes each, (pixels, 32)
constexpr int kIntoL2 = 2;                              // of __builtin_prefetch

// Lines that each step of a tile asks for.
struct Ask {
  const char* next;
  int64_t lines;
  inline __attribute__((always_inline)) void step() {
    for (const char* const end = next + lines * kSlotBytes; next < end; next += kSlotBytes) __builtin_prefetch(next, 0, kIntoL2);
  }
};

}  // namespace
