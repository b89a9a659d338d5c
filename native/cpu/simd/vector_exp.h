// e^x of a vector: the method of ../ops/exp.h with fused multiply-adds. NaN stays NaN; below -87 the result is 0, from 89 on infinite.
#pragma once

namespace {

AG_INLINE Vector exp_of(Vector x) {
  const Vector clamped = smaller(splat(89.0f), larger(splat(-87.0f), x));
  const Vector whole = nearest(clamped * splat(1.44269504f));
  const Vector r = fma(whole, splat(-1.42860677e-6f), fma(whole, splat(-0.693145752f), clamped));
  Vector p = fma(splat(1.98412698e-4f), r, splat(1.38888889e-3f));
  p = fma(p, r, splat(8.33333333e-3f));
  p = fma(p, r, splat(4.16666667e-2f));
  p = fma(p, r, splat(1.66666667e-1f));
  p = fma(p, r, splat(0.5f));
  p = fma(p, r * r, r) + splat(1.0f);
  return choose(above(splat(-87.0f), x), zero(), times_power_of_two(p, whole));
}

}  // namespace
