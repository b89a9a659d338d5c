// What packing slots adds to vector_avx2.h: copies of up to 64 bytes.
#pragma once

#include "vector_avx2.h"

namespace {

// 64 bytes; the first `count` of 64, 0 to 64; those, and zeros behind them.
AG_INLINE void copy_slot(char* to, const char* from) {
#pragma GCC unroll 8
  for (int i = 0; i < 64; i += 4 * kLanes) store(reinterpret_cast<float*>(to + i), load(reinterpret_cast<const float*>(from + i)));
}
AG_INLINE void copy_bytes(char* to, const char* from, int64_t count) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) __builtin_memcpy(to + i, from + i, 8);
  for (; i < count; ++i) to[i] = from[i];
}
AG_INLINE void fill_slot(char* to, uint8_t byte, int64_t count) {
  for (int64_t i = 0; i < 64; ++i) to[i] = i < count ? char(byte) : char(0);
}
AG_INLINE void copy_slot_part(char* to, const char* from, int64_t count) {
  fill_slot(to, 0, 0);
  copy_bytes(to, from, count);
}

}  // namespace
