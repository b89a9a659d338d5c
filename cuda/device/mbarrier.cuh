// mbarrier: a barrier in shared memory that counts arrivals and the bytes of asynchronous copies (PTX ISA, "mbarrier"). It has phases of
// parity 0, 1, 0, ...; one ends when all arrivals have come and all expected bytes are there. A wait names the parity of the phase it
// waits for, so the wait for parity 1 passes on a new barrier.
//
//   __shared__ or dynamic uint64_t full[kStages];
//   thread 0: mbarrier_init(&full[s], 1); fence_mbarrier_init();   then __syncthreads()
//   producer: mbarrier_arrive_expect(&full[s], bytes); tma_load(..., &full[s], ...);
//   consumer: mbarrier_wait(&full[s], round % 2);
#pragma once

#include "async_copy.cuh"
#include "hopper.cuh"

#ifndef __CUDACC__
#include "../simt/mbarrier.h"
#endif

namespace angulus::cuda {

#ifdef __CUDACC__

__device__ inline void mbarrier_init(uint64_t* barrier, int arrivals) {
  AG_HOPPER_ASM("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(barrier)), "r"(arrivals) : "memory");
}

// Makes initialised barriers visible to the machine's asynchronous units: once, by the thread that initialised them.
__device__ inline void fence_mbarrier_init() { AG_HOPPER_ASM("fence.mbarrier_init.release.cluster;" ::: "memory"); }

__device__ inline void mbarrier_arrive(uint64_t* barrier) {
  AG_HOPPER_ASM("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier)) : "memory");
}

// Arrives, and the phase also waits for `bytes` of asynchronous copies.
__device__ inline void mbarrier_arrive_expect(uint64_t* barrier, int bytes) {
  AG_HOPPER_ASM("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes) : "memory");
}

// Arrives when the cp.async copies of this thread so far have arrived. Counts as one of the barrier's arrivals.
__device__ inline void mbarrier_arrive_after_copies(uint64_t* barrier) {
  AG_HOPPER_ASM("cp.async.mbarrier.arrive.noinc.shared::cta.b64 [%0];" ::"r"(shared_address(barrier)) : "memory");
}

__device__ inline void mbarrier_wait(uint64_t* barrier, int parity) {
  AG_HOPPER_ASM(
      "{\n"
      ".reg .pred done;\n"
      "again:\n"
      "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
      "@done bra passed;\n"
      "bra again;\n"
      "passed:\n"
      "}" ::"r"(shared_address(barrier)),
      "r"(parity)
      : "memory");
}

// Orders what this thread wrote to shared memory before later reads by wgmma and TMA. Every writer calls it, then a barrier.
__device__ inline void fence_async_proxy() { AG_HOPPER_ASM("fence.proxy.async.shared::cta;" ::: "memory"); }

#else

inline void mbarrier_init(uint64_t* barrier, int arrivals, SIMT_SITE_PARAMETERS) { ::simt::mbarrier_init(barrier, arrivals, SIMT_SITE); }
inline void fence_mbarrier_init() {}
inline void mbarrier_arrive(uint64_t* barrier, SIMT_SITE_PARAMETERS) { ::simt::mbarrier_arrive(barrier, 0, SIMT_SITE); }
inline void mbarrier_arrive_expect(uint64_t* barrier, int bytes, SIMT_SITE_PARAMETERS) {
  ::simt::mbarrier_arrive(barrier, bytes, SIMT_SITE);
}
inline void mbarrier_arrive_after_copies(uint64_t* barrier, SIMT_SITE_PARAMETERS) { ::simt::copy_async_arrive(barrier, SIMT_SITE); }
inline void mbarrier_wait(uint64_t* barrier, int parity, SIMT_SITE_PARAMETERS) { ::simt::mbarrier_wait(barrier, parity, SIMT_SITE); }
inline void fence_async_proxy() { ::simt::fence_async_proxy(); }

#endif

}  // namespace angulus::cuda
