// The guards against length 0 (AG_NORM_* of angulus.h), shared by all backends. q = sum of squares of a row.
#pragma once

#include <math.h>

#include "angulus.h"
#include "portable.h"

namespace angulus {

// 1 / |x|, guarded.
AG_SHARED float inverse_length(float q, int32_t guard) {
  if (guard == AG_NORM_CLAMP_LENGTH) {
    const float length = sqrtf(q);
    return 1.0f / (length < 1e-12f ? 1e-12f : length);
  }
  if (guard == AG_NORM_CLAMP_SQUARE) return 1.0f / sqrtf(q < 1e-10f ? 1e-10f : q);
  return 1.0f / sqrtf(q + 1e-10f);
}

// Whether inverse_length took the clamped branch: there the length is a constant, so the gradient has no projection.
AG_SHARED bool length_is_clamped(float inverse, int32_t guard) {
  if (guard == AG_NORM_CLAMP_LENGTH) return inverse >= 1.0f / 1e-12f;
  if (guard == AG_NORM_CLAMP_SQUARE) return inverse >= 1.0f / sqrtf(1e-10f);
  return false;
}

}  // namespace angulus
