// e^x in f32 for the plain kernels: the same bits on every machine (the C library's own differs between processors), and the compiler can
// vectorise a loop of it. x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor series to the seventh power (below 2^-27 here), the
// subtraction of n ln 2 in two parts. NaN stays NaN; below -87 the result is 0, above 88.7 infinite.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace angulus::cpu {

// e^r - 1 for |r| <= ln 2 / 2.
inline float expm1_small(float r) {
  float p = 1.98412698e-4f;
  p = p * r + 1.38888889e-3f;
  p = p * r + 8.33333333e-3f;
  p = p * r + 4.16666667e-2f;
  p = p * r + 1.66666667e-1f;
  p = p * r + 0.5f;
  return p * r * r + r;
}

inline float exp_f32(float x) {
  float clamped = x < -87.0f ? -87.0f : x;
  clamped = clamped > 88.7f ? 88.7f : clamped;
  const float scaled = clamped * 1.44269504f;
  const float half = scaled < 0 ? -0.5f : 0.5f;
  const int32_t n = static_cast<int32_t>(scaled + half);
  const float whole = static_cast<float>(n);
  const float r = (clamped - whole * 0.693145752f) - whole * 1.42860677e-6f;
  const float p = expm1_small(r) + 1.0f;
  // 2^n in two factors: n is 128 near the top of the range.
  const int32_t low = n / 2;
  const uint32_t bits[2] = {static_cast<uint32_t>(low + 127) << 23, static_cast<uint32_t>(n - low + 127) << 23};
  float power[2];
  std::memcpy(power, bits, sizeof power);
  const float value = p * power[0] * power[1];
  const float above = x > 88.7f ? INFINITY : value;
  return x < -87.0f ? 0.0f : above;
}

// e^x - 1, precise relative to itself. NaN stays NaN.
inline float expm1_f32(float x) { return x > -0.34f && x < 0.34f ? expm1_small(x) : exp_f32(x) - 1.0f; }

}  // namespace angulus::cpu
