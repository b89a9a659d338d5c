// Runs of floats, with their tails.
#pragma once

namespace {

AG_INLINE void copy_floats(float* to, const float* from, int count) {
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) store(to + i, load(from + i));
  if (i < count) {
    const Mask m = first_lanes(count - i);
    store_masked(m, to + i, load_masked(m, from + i));
  }
}

AG_INLINE void fill_floats(float* to, float x, int count) {
  int i = 0;
  for (; i + kLanes <= count; i += kLanes) store(to + i, splat(x));
  if (i < count) store_masked(first_lanes(count - i), to + i, splat(x));
}

}  // namespace
