// The models of mma.sync and ldmatrix: device/mma.cuh has the layouts.
#pragma once

#include "simt.h"

namespace simt {

void mma_m16n8k16_bf16(float* d, const uint32_t* a, const uint32_t* b, Site site);
void ldmatrix(uint32_t* r, int matrices, bool transposed, const void* row, Site site);

inline float from_bf16(uint32_t bits) {
  const uint32_t wide = bits << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

}  // namespace simt
