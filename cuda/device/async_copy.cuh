// cp.async: copies from global to shared memory that run beside the thread (PTX ISA, "Data movement and conversion instructions:
// asynchronous copy"; compute capability 8.0 and later). From the copy to the wait that covers it, the bytes in shared memory are
// undefined: neither read nor write them. A wait shows a thread its own copies only; a barrier after it shows them to the block.
//
//   copy_async<16>(stage + ..., x + ..., inside ? 16 : 0);   // any number of copies
//   copy_async_commit();                                     // makes one group of them
//   copy_async_wait<1>();                                    // all groups but the newest have arrived
//   __syncthreads();
#pragma once

#include "shared.cuh"

#ifndef __CUDACC__
#include "../simt/async_copy.h"
#endif

namespace angulus::cuda {

#ifdef __CUDACC__

// Copies the first `source_bytes` (0 to kBytes) of `global` and fills up with zeros; at 0 `global` is not read. Both pointers are aligned
// to kBytes: 16 (around L1), 8 or 4 (through L1).
template <int kBytes>
__device__ inline void copy_async(void* shared, const void* global, int source_bytes = kBytes) {
  static_assert(kBytes == 4 || kBytes == 8 || kBytes == 16, "cp.async copies 4, 8 or 16 bytes");
  if constexpr (kBytes == 16) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared_address(shared)), "l"(__cvta_generic_to_global(global)),
                 "r"(source_bytes)
                 : "memory");
  } else {
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(shared_address(shared)), "l"(__cvta_generic_to_global(global)),
                 "n"(kBytes), "r"(source_bytes)
                 : "memory");
  }
}

__device__ inline void copy_async_commit() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits for all groups of this thread but the newest kGroups. Copies not yet committed are in no group.
template <int kGroups>
__device__ inline void copy_async_wait() {
  asm volatile("cp.async.wait_group %0;" ::"n"(kGroups) : "memory");
}

#else

template <int kBytes>
inline void copy_async(void* shared, const void* global, int source_bytes = kBytes, SIMT_SITE_PARAMETERS) {
  static_assert(kBytes == 4 || kBytes == 8 || kBytes == 16, "cp.async copies 4, 8 or 16 bytes");
  ::simt::copy_async(shared, global, kBytes, source_bytes, SIMT_SITE);
}
inline void copy_async_commit() { ::simt::copy_async_commit(); }
template <int kGroups>
inline void copy_async_wait() {
  ::simt::copy_async_wait(kGroups);
}

#endif

}  // namespace angulus::cuda
