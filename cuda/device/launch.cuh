// The two languages a kernel file is compiled in: CUDA C++ by nvcc, and C++ by any host compiler over the shim of cuda/simt. Kernels use
// CUDA's own words (threadIdx, __syncthreads, __shfl_xor_sync); what has no spelling in C++ goes through the macros below.
//
// AG_LAUNCH(exec, kernel, grid, block, shared_bytes, arguments...)
//     enqueues on exec.stream; a refused launch stands in exec.error, and later launches of the same op are skipped. A template kernel with
//     a comma stands in parentheses. More than 48 KiB of shared memory are asked of the card first: it grants up to 227 KiB with compute
//     capability 9.0, 163 with 8.0, 99 with 8.6 and 8.9.
// AG_DYNAMIC_SHARED(type, name)
//     type* name: the block's shared_bytes, aligned to 1024 as the 128-byte swizzle wants it, contents undefined
#pragma once

#include "../ops/kernel.h"

#ifdef __CUDACC__

#include <cuda_runtime.h>

#define AG_LAUNCH(exec, kernel, grid, block, shared_bytes, ...) \
  do { \
    const int64_t ag_shared_bytes = (shared_bytes); \
    if (::angulus::cuda::may_launch(*(exec).error, #kernel, reinterpret_cast<const void*>(kernel), ag_shared_bytes)) {                     \
      kernel<<<(grid), (block), static_cast<std::size_t>(ag_shared_bytes), static_cast<cudaStream_t>((exec).stream)>>>(__VA_ARGS__);       \
      ::angulus::cuda::check_launch(*(exec).error, #kernel, static_cast<int32_t>(cudaGetLastError()));                                     \
    } \
  } while (false)

#define AG_DYNAMIC_SHARED(type, name)                                  \
  extern __shared__ __align__(1024) unsigned char ag_dynamic_shared[]; \
  type* const name = reinterpret_cast<type*>(ag_dynamic_shared)

namespace angulus::cuda {
// Implemented by runtime_cuda.cu. code is a cudaError_t. may_launch is false after an earlier failure, and where the card has not so much
// shared memory.
bool may_launch(Error& error, const char* kernel, const void* function, int64_t shared_bytes);
void check_launch(Error& error, const char* kernel, int32_t code);
}  // namespace angulus::cuda

#else

#include "../simt/simt.h"

#define AG_LAUNCH(exec, kernel, grid, block, shared_bytes, ...) \
  do { \
    if ((exec).error->status == AG_OK) { \
      ::simt::launch(*(exec).error, (exec).stream, #kernel, (grid), (block), (shared_bytes), [=] { kernel(__VA_ARGS__); }); \
    } \
  } while (false)

#define AG_DYNAMIC_SHARED(type, name) type* const name = reinterpret_cast<type*>(::simt::dynamic_shared())

#endif

namespace angulus::cuda {

// Blocks of `size` that cover `count`.
__host__ __device__ inline int64_t ceil_div(int64_t count, int64_t size) { return (count + size - 1) / size; }

// A grid of one dimension: the x extent reaches 2^31 - 1, y and z only 65535.
inline dim3 grid_of(int64_t blocks) { return dim3(static_cast<unsigned>(blocks)); }

}  // namespace angulus::cuda
