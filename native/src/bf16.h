// bf16: the upper half of a float, 8 bits of exponent and 8 of significand. Stored by rounding to the nearest, ties to even; NaN stays NaN.
// Shared by all backends.
#pragma once

#include <stdint.h>
#include <string.h>

#include "portable.h"

namespace angulus {

struct Bf16 {
  uint16_t bits;
};

AG_SHARED Bf16 to_bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  const uint32_t rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
  const bool is_nan = (bits & 0x7fffffffu) > 0x7f800000u;
  return Bf16{static_cast<uint16_t>(is_nan ? bits >> 16 | 0x40u : rounded)};
}

AG_SHARED float to_float(Bf16 value) {
  const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
  float result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

}  // namespace angulus
