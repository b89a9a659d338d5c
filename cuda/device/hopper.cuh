// What compute capability 9.0a has and nothing else: wgmma, TMA, mbarrier with transactions. Code for another card comes from the same
// sources, and such a kernel then traps; its candidate says so (Conv2dKernel::hopper) and accepts nothing there.
#pragma once

#include "launch.cuh"

namespace angulus::cuda {

// H100 SXM and H200.
constexpr int64_t kHopperMultiprocessors = 132;

// Blocks of a launch whose blocks walk over tiles, as many as run at once. Which block does a tile changes no bits. In the shim few, so that the
// blocks of a small case walk too.
#ifdef __CUDACC__
constexpr int64_t kHopperBlocks = kHopperMultiprocessors;
#else
constexpr int64_t kHopperBlocks = 2;
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
