// What compute capability 9.0a has and nothing else: wgmma, TMA, mbarrier with transactions. A plug-in for another card compiles the same
// sources, and such a kernel then traps; its candidate accepts a call only where kHopper is true.
#pragma once

#include "launch.cuh"

namespace angulus::cuda {

#if !defined(__CUDACC__) || defined(ANGULUS_SM90A)
constexpr bool kHopper = true;
#else
constexpr bool kHopper = false;
#endif

// How 16-byte chunks of shared memory change places, so that columns are read without bank conflicts: chunk c of a span of so many bytes
// lies at c ^ (address / 128), by as many bits as the span has chunks.
enum class Swizzle : int32_t { none = 0, bytes_32 = 1, bytes_64 = 2, bytes_128 = 3 };

}  // namespace angulus::cuda

#ifdef __CUDACC__
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
#define AG_HOPPER_ASM(...) asm volatile(__VA_ARGS__)
#else
#define AG_HOPPER_ASM(...) __trap()
#endif
#endif
