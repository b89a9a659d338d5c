// Barriers for a part of a block: warps that do different work meet here. Id 0 is __syncthreads's. `threads`, a multiple of 32, is the same
// in every call of one round; a thread that arrives goes on at once. PTX ISA, "barrier.sync, barrier.arrive".
#pragma once

#include "launch.cuh"

namespace angulus::cuda {

#ifdef __CUDACC__
__device__ inline void barrier_sync(int id, int threads) { asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory"); }
__device__ inline void barrier_arrive(int id, int threads) { asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory"); }
#else
inline void barrier_sync(int id, int threads, SIMT_SITE_PARAMETERS) { ::simt::named_barrier(id, threads, true, SIMT_SITE); }
inline void barrier_arrive(int id, int threads, SIMT_SITE_PARAMETERS) { ::simt::named_barrier(id, threads, false, SIMT_SITE); }
#endif

}  // namespace angulus::cuda
