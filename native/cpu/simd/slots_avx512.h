// What packing slots adds to vector_avx512.h: copies of up to 64 bytes.
#pragma once

#include "vector_avx512.h"

namespace {

AG_INLINE __mmask64 first_bytes(int64_t count) { return count >= 64 ? ~__mmask64(0) : (__mmask64(1) << count) - 1; }

// 64 bytes; the first `count` of 64, 0 to 64; those, and zeros behind them.
AG_INLINE void copy_slot(char* to, const char* from) { _mm512_storeu_si512(to, _mm512_loadu_si512(from)); }
AG_INLINE void copy_bytes(char* to, const char* from, int64_t count) {
  const __mmask64 m = first_bytes(count);
  _mm512_mask_storeu_epi8(to, m, _mm512_maskz_loadu_epi8(m, from));
}
AG_INLINE void copy_slot_part(char* to, const char* from, int64_t count) { _mm512_storeu_si512(to, _mm512_maskz_loadu_epi8(first_bytes(count), from)); }
AG_INLINE void fill_slot(char* to, uint8_t byte, int64_t count) {
  _mm512_storeu_si512(to, _mm512_maskz_mov_epi8(first_bytes(count), _mm512_set1_epi8(char(byte))));
}

}  // namespace
