// Weights of int8 convolutions as all kernels read them: w (K,R,S,C), s8, as [panel of 32 output channels][block of 16 quads][tap][quad][32][4], where a quad
// is four neighbouring input channels; zeros behind the last input and output channel. Behind them the sums of each output channel's weights, int32
// (K, rounded up to the panel): what the zero of the input is multiplied by.
#pragma once

#include <stdint.h>

#include "angulus.h"

namespace angulus::cpu {

constexpr int kInt8Panel = 32;
constexpr int kInt8Block = 16;  // quads: 64 bytes of a pixel

static inline int64_t int8_quads(const ag_conv2d_shape& s) { return (int64_t{s.c} + 3) / 4; }
static inline int64_t int8_panels(const ag_conv2d_shape& s) { return (int64_t{s.k} + kInt8Panel - 1) / kInt8Panel; }
static inline int64_t int8_panel_bytes(const ag_conv2d_shape& s) { return int64_t{s.r} * s.s * int8_quads(s) * 4 * kInt8Panel; }
// Of K output channels, R S taps and C input channels.
static inline int64_t int8_prepared_bytes(int64_t k, int64_t taps, int64_t c) {
  return (k + kInt8Panel - 1) / kInt8Panel * kInt8Panel * (taps * ((c + 3) / 4 * 4) + int64_t{sizeof(int32_t)});
}
static inline const int32_t* int8_sums(const ag_conv2d_shape& s, const void* prepared) {
  return reinterpret_cast<const int32_t*>(static_cast<const int8_t*>(prepared) + int8_panels(s) * int8_panel_bytes(s));
}
// Bytes from the panel's start to the 32 x 4 weights of a quad and a tap.
static inline int64_t int8_weight_at(const ag_conv2d_shape& s, int64_t tap, int64_t quad) {
  const int64_t block = quad / kInt8Block, first = block * kInt8Block;
  const int64_t left = int8_quads(s) - first, wide = left < kInt8Block ? left : kInt8Block;  // quads of this block
  return ((first * s.r * s.s) + tap * wide + quad - first) * 4 * kInt8Panel;
}

}  // namespace angulus::cpu
