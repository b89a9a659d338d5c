// What int8_run.h hands to the register tiles of an instruction set.
#pragma once

#include "../int8_weights.h"
#include "direct_shape.h"

namespace {

// What every tile of a piece shares.
struct Int8Sweep {
  int blocks, last;        // blocks of kSlot quads; quads in the last one
  int taps;
  int64_t block_stride;    // quads between blocks of the packed input
  int64_t channels;        // K: elements between output pixels
  const Int8Conv2dCall* call;
  const int32_t* sums;     // of each output channel's weights
  int32_t offset[kMaxTaps];
};

struct Int8Tile {
  const float* in[2];      // first pixel of each row, a quad in each float's place
  int64_t out[2];          // elements from y to it
  const int8_t* weights;   // [block][tap][quad][32][4], from the tile's first output channel on
  int k;                   // first output channel
  int count;               // output channels, 1 to kPanel
};

}  // namespace
