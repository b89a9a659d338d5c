// The models of TMA's tensor maps and loads (device/tma.cuh). A load arrives when nothing else in its block can run, the loads under way
// in an order drawn anew; until then its box in shared memory is NaN.
#pragma once

#include "simt.h"

namespace simt {

struct alignas(64) TensorMap {
  uint64_t mark = 0;
  const unsigned char* address = nullptr;
  int64_t extents[5] = {}, strides[5] = {};  // strides in bytes
  int32_t box[5] = {};                       // tiled; im2col: channels, pixels
  int32_t lower[2] = {}, upper[2] = {}, steps[2] = {};
  int32_t rank = 0, element_bytes = 0, span = 0;  // span: bytes of the swizzle, 0: none
  bool im2col = false;
};

struct Coordinates {
  int rank;
  int at[5];
};

void tma_load(void* shared, const TensorMap& map, uint64_t* barrier, const Coordinates& from, Site site);
void tma_load_im2col(void* shared, const TensorMap& map, uint64_t* barrier, const Coordinates& from, int offset_w, int offset_h, Site site);

// Where a byte of shared memory lies under a swizzle of `span` bytes (128, 64, 32; 0: none): the 16-byte chunks of a span change places by
// the number of the 128-byte line.
inline int64_t swizzled(int64_t address, int span) { return span == 0 ? address : address ^ ((address >> 7 & (span / 16 - 1)) << 4); }

}  // namespace simt
