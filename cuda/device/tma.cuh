// TMA: boxes of tensors of up to 5 dimensions, brought to shared memory by the machine (PTX ISA, "cp.async.bulk.tensor"; CUDA driver API,
// "Tensor Map Object Management"). Dimensions are named innermost first: for NHWC c, w, h, n. One thread loads; the bytes are there when
// the mbarrier's phase ends, and until then they are undefined. What lies outside the tensor comes as zeros.
//
// In shared memory a box is dense, innermost first, from a multiple of 128 (1024 with the 128-byte swizzle, which wgmma wants: wgmma.cuh).
// A load brings the box whole, what lies outside included: so many bytes the mbarrier expects.
//
// im2col brings pixels x channels of an NHWC tensor: `pixels` places of the filter window that follow each other along w, then h, then n,
// in the box from lower to extent - 1 + upper of w and h, with `steps` of 1 to 8. A load names the channel, the first place (w, h, n) and
// the tap's offset in the filter (0 to 255, dilation included). For a convolution with pad and filter S: lower = -pad_left, upper =
// pad_right - (S - 1) dilation.
#pragma once

#include "mbarrier.cuh"

#ifdef __CUDACC__
#include <cuda.h>
#else
#include "../simt/tensor_map.h"
#endif

namespace angulus::cuda {

// A kernel takes it by value as `const __grid_constant__ TensorMap map`.
#ifdef __CUDACC__
struct TensorMap {
  CUtensorMap opaque;
};
#else
using TensorMap = ::simt::TensorMap;
#endif

struct TensorShape {
  const void* address;  // a multiple of 16
  int32_t type;         // AG_F32, AG_BF16
  int32_t rank;         // 2 to 5
  int64_t extents[5];
  int64_t strides[5];  // bytes, a multiple of 16; [0] is not read
};

struct TiledBox {
  int32_t extents[5];  // up to 256
  Swizzle swizzle;     // the innermost extent fills its span exactly
};

struct Im2colBox {
  int32_t lower[2], upper[2];  // w, h
  int32_t channels, pixels;    // up to 256 and 1024
  int32_t steps[2];            // w, h
  Swizzle swizzle;
};

// On the host. False: refused, with the reason in error.
bool encode_tiled(Error& error, TensorMap* map, const TensorShape& shape, const TiledBox& box);
bool encode_im2col(Error& error, TensorMap* map, const TensorShape& shape, const Im2colBox& box);

inline int64_t element_size(int32_t type) { return type == AG_BF16 ? 2 : 4; }

#ifdef __CUDACC__

__device__ inline void tma_load_2d(void* shared, const TensorMap& map, uint64_t* barrier, int x, int y) {
  AG_HOPPER_ASM("cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4}], [%2];" ::"r"(
                    shared_address(shared)),
                "l"(&map), "r"(shared_address(barrier)), "r"(x), "r"(y)
                : "memory");
}
__device__ inline void tma_load_3d(void* shared, const TensorMap& map, uint64_t* barrier, int x, int y, int z) {
  AG_HOPPER_ASM("cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5}], [%2];" ::"r"(
                    shared_address(shared)),
                "l"(&map), "r"(shared_address(barrier)), "r"(x), "r"(y), "r"(z)
                : "memory");
}
__device__ inline void tma_load_4d(void* shared, const TensorMap& map, uint64_t* barrier, int c, int w, int h, int n) {
  AG_HOPPER_ASM("cp.async.bulk.tensor.4d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5, %6}], [%2];" ::"r"(
                    shared_address(shared)),
                "l"(&map), "r"(shared_address(barrier)), "r"(c), "r"(w), "r"(h), "r"(n)
                : "memory");
}
__device__ inline void tma_load_5d(void* shared, const TensorMap& map, uint64_t* barrier, int x, int y, int z, int u, int v) {
  AG_HOPPER_ASM("cp.async.bulk.tensor.5d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5, %6, %7}], [%2];" ::"r"(
                    shared_address(shared)),
                "l"(&map), "r"(shared_address(barrier)), "r"(x), "r"(y), "r"(z), "r"(u), "r"(v)
                : "memory");
}
__device__ inline void tma_load_im2col(void* shared, const TensorMap& map, uint64_t* barrier, int c, int w, int h, int n, int offset_w,
                                       int offset_h) {
  AG_HOPPER_ASM(
      "cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes [%0], [%1, {%3, %4, %5, %6}], [%2], "
      "{%7, %8};" ::"r"(shared_address(shared)),
      "l"(&map), "r"(shared_address(barrier)), "r"(c), "r"(w), "r"(h), "r"(n), "h"(static_cast<uint16_t>(offset_w)),
      "h"(static_cast<uint16_t>(offset_h))
      : "memory");
}

#else

inline void tma_load_2d(void* shared, const TensorMap& map, uint64_t* barrier, int x, int y, SIMT_SITE_PARAMETERS) {
  ::simt::tma_load(shared, map, barrier, {2, {x, y}}, SIMT_SITE);
}
inline void tma_load_3d(void* shared, const TensorMap& map, uint64_t* barrier, int x, int y, int z, SIMT_SITE_PARAMETERS) {
  ::simt::tma_load(shared, map, barrier, {3, {x, y, z}}, SIMT_SITE);
}
inline void tma_load_4d(void* shared, const TensorMap& map, uint64_t* barrier, int c, int w, int h, int n, SIMT_SITE_PARAMETERS) {
  ::simt::tma_load(shared, map, barrier, {4, {c, w, h, n}}, SIMT_SITE);
}
inline void tma_load_5d(void* shared, const TensorMap& map, uint64_t* barrier, int x, int y, int z, int u, int v, SIMT_SITE_PARAMETERS) {
  ::simt::tma_load(shared, map, barrier, {5, {x, y, z, u, v}}, SIMT_SITE);
}
inline void tma_load_im2col(void* shared, const TensorMap& map, uint64_t* barrier, int c, int w, int h, int n, int offset_w, int offset_h,
                            SIMT_SITE_PARAMETERS) {
  ::simt::tma_load_im2col(shared, map, barrier, {4, {c, w, h, n}}, offset_w, offset_h, SIMT_SITE);
}

#endif

}  // namespace angulus::cuda
