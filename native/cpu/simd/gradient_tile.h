// The register tile of the weight gradient:
//   dw(k, tap, c) += sum over pixels of dy(pixel, k) packed(pixel + tap, c)
// for up to kTileRows output channels and kPanel input channels, over the pixels of one strip.
//
// A step is one pixel: 2 vectors of inputs and a broadcast of each gradient, 2 n multiply-adds for n + 2 loads. A strip's inputs and gradients stay
// in L1 for all taps; the sums are read and written once for each strip. Bound by the multiply-add units.
#pragma once

#include "direct_shape.h"

namespace {

constexpr int kGradients = kLanes == 16 ? 16 : 8;  // floats of a packed pixel of dy: kTileRows of them used
static_assert(kTileRows <= kGradients, "a tile's gradients must fit their slot");

struct Strip {
  const float* packed;     // inputs, kSlot floats from pixel to pixel
  const Unit* units;
  int count;
};

struct GradientTile {
  int64_t in;              // floats from a unit's first pixel to the tap's, plus the C block and channel
  const float* dy;         // (pixels of the strip, dy_stride)
  int64_t dy_stride;
  float* dw;               // first sum: row k, channels
  int64_t stride;          // floats between rows k of dw
  int count;               // input channels, 1 to kPanel
  bool fresh;              // sums start at 0 and dw is not read
};

template <int rows>
static void gradient_tile(const Strip& z, const GradientTile& t) {
  Vector sum[rows][2];
  const Mask m[2] = {first_lanes(t.count), first_lanes(t.count - kLanes)};
  const bool full = t.count == kPanel;
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) sum[i][v] = zero();
  }
  const float* dy = t.dy;
  for (int u = 0; u < z.count; ++u) {
    const float* x = z.packed + z.units[u].in + t.in;
    for (int j = 0; j < z.units[u].width; ++j, x += kSlot, dy += t.dy_stride) {
      const Vector x0 = load(x), x1 = load(x + kLanes);
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i) {
        const Vector g = broadcast(dy + i);
        sum[i][0] = fma(g, x0, sum[i][0]);
        sum[i][1] = fma(g, x1, sum[i][1]);
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < 2; ++v) {
      float* to = t.dw + i * t.stride + v * kLanes;
      if (full) {
        store(to, t.fresh ? sum[i][v] : sum[i][v] + load(to));
      } else {
        store_masked(m[v], to, t.fresh ? sum[i][v] : sum[i][v] + load_masked(m[v], to));
      }
    }
  }
}

using GradientTileFunction = void (*)(const Strip&, const GradientTile&);

static const GradientTileFunction kGradientTiles[kTileRows] = {
    gradient_tile<1>, gradient_tile<2>, gradient_tile<3>, gradient_tile<4>, gradient_tile<5>, gradient_tile<6>,
#if defined(__AVX512F__)
    gradient_tile<7>, gradient_tile<8>, gradient_tile<9>, gradient_tile<10>, gradient_tile<11>, gradient_tile<12>, gradient_tile<13>,
    gradient_tile<14>,
#endif
};

}  // namespace
