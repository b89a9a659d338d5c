// Weights of bf16 convolutions as the SIMD kernels read them: w (K,R,S,C), rounded to bf16, as [panel of 32 output channels][block of 32 input channels][tap]
// [pair][32][2], where a pair is two neighbouring input channels; zeros behind the last input and output channel. Where a whole patch fits a block (R S C <=
// 32: the first layer) it is one block of one tap, in the order (R,S,C).
#pragma once

#include "kernel.h"

namespace angulus::cpu {

constexpr int kBf16Panel = 32;
constexpr int kBf16Block = 32;                                                     // 64 bytes of a pixel
constexpr int64_t kBf16StepBytes = int64_t{kBf16Block} * kBf16Panel * 2;  // weights of a block, a tap and a panel
constexpr int32_t kBf16Form = 61;

static inline bool bf16_patches(const ag_conv2d_shape& s) { return int64_t{s.r} * s.s > 1 && int64_t{s.r} * s.s * s.c <= kBf16Block; }
static inline int64_t bf16_taps(const ag_conv2d_shape& s) { return bf16_patches(s) ? 1 : int64_t{s.r} * s.s; }
static inline int64_t bf16_blocks(const ag_conv2d_shape& s) { return bf16_patches(s) ? 1 : (int64_t{s.c} + kBf16Block - 1) / kBf16Block; }
static inline int64_t bf16_panels(const ag_conv2d_shape& s) { return (int64_t{s.k} + kBf16Panel - 1) / kBf16Panel; }
static inline int64_t bf16_panel_bytes(const ag_conv2d_shape& s) { return bf16_blocks(s) * bf16_taps(s) * kBf16StepBytes; }

int64_t bf16_prepared_bytes(const ag_conv2d_plan& plan);
void bf16_prepare(const Exec& exec, const Conv2dPrepareCall& call);

}  // namespace angulus::cpu
