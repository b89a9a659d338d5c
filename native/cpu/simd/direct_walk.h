// Goes through the register tiles of a piece's units: narrow units in pairs of one tile, wide ones in equal parts.
#pragma once

#include "direct_shape.h"

namespace {

// Sets the places of `t` and runs each tile: run(rows, width), with `width` pixels in each of `rows` rows. pixel_stride: elements between output pixels.
template <class Tile, class Run>
AG_INLINE void each_tile(const float* packed, const Unit* units, int count, int64_t pixel_stride, Tile& t, Run run) {
  for (int u = 0; u < count;) {
    const Unit& unit = units[u];
    if (u + 1 < count && 2 * unit.width <= kTileRows && units[u + 1].width == unit.width) {
      t.in[0] = packed + unit.in, t.in[1] = packed + units[u + 1].in;
      t.out[0] = unit.out, t.out[1] = units[u + 1].out;
      run(2, unit.width);
      u += 2;
      continue;
    }
    const int tiles = int(ceil_div(unit.width, kTileRows));
    for (int i = 0, at = 0; i < tiles; ++i) {
      const int end = unit.width * (i + 1) / tiles;
      t.in[0] = packed + unit.in + at * kSlot;
      t.out[0] = unit.out + at * pixel_stride;
      run(1, end - at);
      at = end;
    }
    ++u;
  }
}

}  // namespace
