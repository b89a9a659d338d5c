// Tensor-core products of a warpgroup (four warps, 128 threads, the first of them a multiple of 128): wgmma.mma_async, 64 rows by kColumns
// by 16, bf16 in, f32 out, both operands in shared memory (PTX ISA, "Asynchronous warpgroup level matrix instructions"; 9.0a only).
//
// Accumulators: thread 128 m + 32 w + 4 g + t (g < 8, t < 4) holds, for j < kColumns / 8,
//   d[4j] (16w + g, 8j + 2t)   d[4j + 1] (.., 8j + 2t + 1)   d[4j + 2] (16w + g + 8, 8j + 2t)   d[4j + 3] (.., 8j + 2t + 1)
//
// Operands: a matrix is named by a 64-bit descriptor: start address, leading and stride byte offset, swizzle. With a swizzle of S bytes
// (128, 64, 32), as TMA writes it:
//   k-major   element (line, k) of A's rows or B's columns: 8 lines of S / 2 k make an atom, S bytes a line; `stride` from one atom to
//             that of the next 8 lines (8 S where they are dense); `leading` is not used. The next 16 of k in the atom: start + 32 bytes.
//   mn-major  element (k, line): 8 k of S / 2 lines make an atom, S bytes a k; `leading` to the next S / 2 lines, `stride` to the next 8
//             k. The next 16 of k: start + 2 stride.
// An atom starts at a multiple of 8 S. Without a swizzle S is 16, and `leading` is, k-major, from 8 k to the next 8 k; mn-major, `leading`
// and `stride` change their meaning.
//
//   wgmma_fence(d); wgmma<128>(d, a, b, true); ...; wgmma_commit(); wgmma_wait<0>(d);
// From wgmma to the wait that covers it the accumulators are undefined and the operands may not change. What threads wrote to the operands
// needs fence_async_proxy() (mbarrier.cuh) by each writer, then a barrier; what TMA wrote only the mbarrier's wait.
#pragma once

#include "mbarrier.cuh"
#include "shared.cuh"

#ifndef __CUDACC__
#include "../simt/wgmma.h"
#endif

namespace angulus::cuda {

enum class Major : int { k = 0, mn = 1 };

// Offsets in bytes, multiples of 16.
__device__ inline uint64_t matrix_descriptor(const void* start, int leading, int stride, Swizzle swizzle = Swizzle::bytes_128) {
  const auto field = [](uint64_t bytes) { return (bytes & 0x3ffff) >> 4; };
  const uint64_t mode = swizzle == Swizzle::none ? 0 : 4 - static_cast<uint64_t>(swizzle);
  return field(shared_address(start)) | field(static_cast<uint64_t>(leading)) << 16 | field(static_cast<uint64_t>(stride)) << 32 |
         mode << 62;
}

// The descriptor of the same matrix `bytes` further on.
__device__ inline uint64_t advance(uint64_t descriptor, int bytes) { return descriptor + static_cast<uint64_t>(bytes >> 4); }

#ifdef __CUDACC__

// Pins accumulators in their registers here: the compiler knows nothing of a product under way.
template <int kCount>
__device__ inline void pin(float (&d)[kCount]) {
#pragma unroll
  for (int i = 0; i < kCount; ++i) {
    asm volatile("" : "+f"(d[i])::"memory");
  }
}

// Before the first product, and before one on accumulators that the threads have touched: all that will be used.
template <class... Accumulators>
__device__ inline void wgmma_fence(Accumulators&... d) {
  (pin(d), ...);
  AG_HOPPER_ASM("wgmma.fence.sync.aligned;" ::: "memory");
}

__device__ inline void wgmma_commit() { AG_HOPPER_ASM("wgmma.commit_group.sync.aligned;" ::: "memory"); }

// All groups but the newest kGroups have arrived; d: accumulators read after it.
template <int kGroups, class... Accumulators>
__device__ inline void wgmma_wait(Accumulators&... d) {
  AG_HOPPER_ASM("wgmma.wait_group.sync.aligned %0;" ::"n"(kGroups) : "memory");
  (pin(d), ...);
}

#define AG_EIGHT(i) \
  "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3]), "+f"(d[i + 4]), "+f"(d[i + 5]), "+f"(d[i + 6]), "+f"(d[i + 7])

// d = a b, or d += a b where accumulate.
template <int kColumns, Major kMajorA = Major::k, Major kMajorB = Major::k>
__device__ inline void wgmma(float (&d)[kColumns / 2], uint64_t a, uint64_t b, bool accumulate) {
  static_assert(kColumns == 64 || kColumns == 128 || kColumns == 256, "wgmma of 64, 128 or 256 columns");
  if constexpr (kColumns == 64) {
    AG_HOPPER_ASM(
        "{\n.reg .pred p;\nsetp.ne.b32 p, %34, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
        "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, "
        "%25, %26, %27, %28, %29, %30, %31}, "
        "%32, %33, p, 1, 1, %35, %36;\n}"
        : AG_EIGHT(0), AG_EIGHT(8), AG_EIGHT(16), AG_EIGHT(24)
        : "l"(a), "l"(b), "r"(static_cast<int>(accumulate)), "n"(static_cast<int>(kMajorA)), "n"(static_cast<int>(kMajorB))
        : "memory");
  } else if constexpr (kColumns == 128) {
    AG_HOPPER_ASM(
        "{\n.reg .pred p;\nsetp.ne.b32 p, %66, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 "
        "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, "
        "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
        "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "
        "%64, %65, p, 1, 1, %67, %68;\n}"
        : AG_EIGHT(0), AG_EIGHT(8), AG_EIGHT(16), AG_EIGHT(24), AG_EIGHT(32), AG_EIGHT(40), AG_EIGHT(48), AG_EIGHT(56)
        : "l"(a), "l"(b), "r"(static_cast<int>(accumulate)), "n"(static_cast<int>(kMajorA)), "n"(static_cast<int>(kMajorB))
        : "memory");
  } else if constexpr (kColumns == 256) {
    AG_HOPPER_ASM(
        "{\n.reg .pred p;\nsetp.ne.b32 p, %130, 0;\n"
        "wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 "
        "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, "
        "%25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, "
        "%48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, %65, %66, %67, %68, %69, %70, "
        "%71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, "
        "%94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, %106, %107, %108, %109, %110, %111, %112, %113, "
        "%114, %115, %116, %117, %118, %119, %120, %121, %122, %123, %124, %125, %126, %127}, "
        "%128, %129, p, 1, 1, %131, %132;\n}"
        : AG_EIGHT(0), AG_EIGHT(8), AG_EIGHT(16), AG_EIGHT(24), AG_EIGHT(32), AG_EIGHT(40), AG_EIGHT(48), AG_EIGHT(56), AG_EIGHT(64),
          AG_EIGHT(72), AG_EIGHT(80), AG_EIGHT(88), AG_EIGHT(96), AG_EIGHT(104), AG_EIGHT(112), AG_EIGHT(120)
        : "l"(a), "l"(b), "r"(static_cast<int>(accumulate)), "n"(static_cast<int>(kMajorA)), "n"(static_cast<int>(kMajorB))
        : "memory");
  }
}

#undef AG_EIGHT

// A warpgroup gives registers back, or takes them: kRegisters for each thread, a multiple of 8 from 24 to 256. All its warps call.
template <int kRegisters>
__device__ inline void release_registers() {
  AG_HOPPER_ASM("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}
template <int kRegisters>
__device__ inline void claim_registers() {
  AG_HOPPER_ASM("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

#else

template <class... Accumulators>
inline void wgmma_fence(Accumulators&...) {
  ::simt::wgmma_fence({__FILE__, __LINE__});
}
inline void wgmma_commit(SIMT_SITE_PARAMETERS) { ::simt::wgmma_commit(SIMT_SITE); }
template <int kGroups, class... Accumulators>
inline void wgmma_wait(Accumulators&...) {
  ::simt::wgmma_wait(kGroups, {__FILE__, __LINE__});
}
template <int kColumns, Major kMajorA = Major::k, Major kMajorB = Major::k>
inline void wgmma(float (&d)[kColumns / 2], uint64_t a, uint64_t b, bool accumulate, SIMT_SITE_PARAMETERS) {
  static_assert(kColumns == 64 || kColumns == 128 || kColumns == 256, "wgmma of 64, 128 or 256 columns");
  ::simt::wgmma({d, a, b, kColumns, accumulate, kMajorA == Major::mn, kMajorB == Major::mn, SIMT_SITE});
}
template <int kRegisters>
inline void release_registers() {}
template <int kRegisters>
inline void claim_registers() {}

#endif

}  // namespace angulus::cuda
