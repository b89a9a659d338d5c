// Tensor-core products of one warp: mma.sync and the loads that fill its fragments. PTX ISA, "Warp-level matrix instructions"; compute
// capability 8.0 and later. All 32 lanes of a warp call together.
//
// A fragment register holds two bf16 of neighbouring k, the lower in the low half. With lane = 4 g + t (g < 8, t < 4):
//
//   D, C (16 x 8, f32)    d[0] (g, 2t)   d[1] (g, 2t + 1)   d[2] (g + 8, 2t)   d[3] (g + 8, 2t + 1)
//   A (16 x 16, rows)     a[0] (g, 2t..2t+1)   a[1] (g + 8, 2t..)   a[2] (g, 2t + 8..)   a[3] (g + 8, 2t + 8..)
//   B (16 x 8)            b[0] (2t..2t+1, g)   b[1] (2t + 8..2t+9, g)          (k, column)
//
// ldmatrix loads 8 x 8 matrices of 16-bit elements from shared memory. Lane l names the 16 bytes of row l % 8 of matrix l / 8 (x2: lanes 0
// to 15 count, the others name any of these rows). Register r[m] of lane 4 g + t then holds elements (g, 2t) and (g, 2t + 1) of matrix m;
// with .trans (2t, g) and (2t + 1, g). So A, stored in rows along k, comes by x4 with matrices (rows 0-7, k 0-7), (rows 8-15, k 0-7), (rows
// 0-7, k 8-15), (rows 8-15, k 8-15); B by x2 from columns stored along k, or by x2.trans from rows stored along the columns.
#pragma once

#include "shared.cuh"

#ifndef __CUDACC__
#include "../simt/mma.h"
#endif

namespace angulus::cuda {

#ifdef __CUDACC__

// d += a b. The sum over k is the card's own: f32, its order not documented.
__device__ inline void mma_m16n8k16_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ inline void ldmatrix_x4(uint32_t (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}

__device__ inline void ldmatrix_x4_trans(uint32_t (&r)[4], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(shared_address(row))
               : "memory");
}

__device__ inline void ldmatrix_x2(uint32_t (&r)[2], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];" : "=r"(r[0]), "=r"(r[1]) : "r"(shared_address(row)) : "memory");
}

__device__ inline void ldmatrix_x2_trans(uint32_t (&r)[2], const void* row) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0,%1}, [%2];"
               : "=r"(r[0]), "=r"(r[1])
               : "r"(shared_address(row))
               : "memory");
}

#else

inline void mma_m16n8k16_bf16(float (&d)[4], const uint32_t (&a)[4], const uint32_t (&b)[2], SIMT_SITE_PARAMETERS) {
  ::simt::mma_m16n8k16_bf16(d, a, b, SIMT_SITE);
}
inline void ldmatrix_x4(uint32_t (&r)[4], const void* row, SIMT_SITE_PARAMETERS) { ::simt::ldmatrix(r, 4, false, row, SIMT_SITE); }
inline void ldmatrix_x4_trans(uint32_t (&r)[4], const void* row, SIMT_SITE_PARAMETERS) { ::simt::ldmatrix(r, 4, true, row, SIMT_SITE); }
inline void ldmatrix_x2(uint32_t (&r)[2], const void* row, SIMT_SITE_PARAMETERS) { ::simt::ldmatrix(r, 2, false, row, SIMT_SITE); }
inline void ldmatrix_x2_trans(uint32_t (&r)[2], const void* row, SIMT_SITE_PARAMETERS) { ::simt::ldmatrix(r, 2, true, row, SIMT_SITE); }

#endif

}  // namespace angulus::cuda
