// Shared memory as PTX names it: a 32-bit address.
#pragma once

#include "launch.cuh"

namespace angulus::cuda {

#ifdef __CUDACC__
__device__ inline uint32_t shared_address(const void* pointer) { return static_cast<uint32_t>(__cvta_generic_to_shared(pointer)); }
#else
// The model's shared window starts at 1024, as on Hopper, where the system keeps the first KiB.
inline uint32_t shared_address(const void* pointer, SIMT_SITE_PARAMETERS) { return ::simt::shared_address(pointer, 1, 1, SIMT_SITE); }
#endif

}  // namespace angulus::cuda
