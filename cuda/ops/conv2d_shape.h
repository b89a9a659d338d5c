// Which convolutions the candidates of the three directions can do.
#pragma once

#include "kernel.h"

namespace angulus::cuda {

inline int64_t output_rows(const ag_conv2d_shape& s) { return (s.h + s.pad_top + s.pad_bottom - s.r) / s.stride_h + 1; }
inline int64_t output_columns(const ag_conv2d_shape& s) { return (s.w + s.pad_left + s.pad_right - s.s) / s.stride_w + 1; }

inline bool is_f32(const ag_conv2d_plan& plan) { return plan.shape.type == AG_F32; }
inline bool is_bf16(const ag_conv2d_plan& plan) { return plan.shape.type == AG_BF16; }

// The tiled kernels count pixels and filter elements in 32 bits, a tile past the end included.
inline bool fits_tiles(const ag_conv2d_plan& plan) {
  const ag_conv2d_shape& s = plan.shape;
  constexpr int64_t kMost = 0x7fffffff - 128;
  return int64_t{s.n} * s.h * s.w <= kMost && s.n * output_rows(s) * output_columns(s) <= kMost &&
         int64_t{s.r} * s.s * s.c <= kMost && int64_t{s.r} * s.s * s.k <= kMost;
}
inline bool fits_f32_tiles(const ag_conv2d_plan& plan) { return is_f32(plan) && fits_tiles(plan); }
// Chunks of four channels are copied.
inline bool fits_fma(const ag_conv2d_plan& plan) { return fits_f32_tiles(plan) && plan.shape.k % 4 == 0 && plan.shape.c % 4 == 0; }

// The tensor-core kernels copy 8 filters at a time; and 8 input channels, or gather them one by one.
inline bool fits_mma(const ag_conv2d_plan& plan) { return is_bf16(plan) && fits_tiles(plan) && plan.shape.k % 8 == 0 && plan.shape.c % 8 == 0; }
inline bool fits_mma_gathered(const ag_conv2d_plan& plan) { return is_bf16(plan) && fits_tiles(plan) && plan.shape.k % 8 == 0; }

}  // namespace angulus::cuda
