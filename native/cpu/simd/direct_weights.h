// Weights of the direct convolution: w (K,R,S,C) as [correlation][panel of kPanel output channels][block of kSlot input channels][tap][channel][kPanel],
// zeros behind the last output channel, so that a tile reads them as one stream. A transposition: bound by memory.
#pragma once

#include "direct_shape.h"

namespace {

AG_INLINE int64_t panel_floats(const Correlation& f) { return int64_t{f.r} * f.s * f.c * kPanel; }
AG_INLINE int64_t weights_floats(const Correlation& f) { return ceil_div(f.k, kPanel) * panel_floats(f); }

AG_SHARED int64_t direct_prepared_bytes(const ag_conv2d_plan& plan) {
  int64_t floats = 0;
  for (int i = 0; i < correlation_count(plan); ++i) floats += weights_floats(correlation(plan, i));
  return floats * 4;
}

struct PrepareContext {
  Correlation f;
  const float* w;          // (K,R,S,C) of the convolution
  float* prepared;         // of this correlation
  int64_t tap, row;        // floats between columns and rows of the filter
  int64_t out, in;         // floats between output channels and between input channels of the correlation
  int blocks;              // pieces of input channels
};

// A piece is one block of input channels of one panel.
static void prepare_piece(const void* context, int64_t piece, void*) {
  const PrepareContext& z = *static_cast<const PrepareContext*>(context);
  const Correlation& f = z.f;
  const int panel = int(piece / z.blocks), block = int(piece % z.blocks);
  const int k0 = panel * kPanel, c0 = block * kSlot;
  const int outputs = int(at_most(kPanel, f.k - k0)), channels = int(at_most(kSlot, f.c - c0));
  float* to = z.prepared + panel * panel_floats(f) + int64_t{c0} * f.r * f.s * kPanel;
  for (int r = 0; r < f.r; ++r) {
    for (int s = 0; s < f.s; ++s, to += channels * kPanel) {
      const float* from = z.w + (f.tap_h + r * f.tap_step_h) * z.row + (f.tap_w + s * f.tap_step_w) * z.tap + k0 * z.out + c0 * z.in;
      for (int c = 0; c < channels; ++c) {
        for (int k = outputs; k < kPanel; ++k) to[c * kPanel + k] = 0.0f;
      }
      if (z.out == 1) {
        for (int c = 0; c < channels; ++c) {
          for (int k = 0; k < outputs; ++k) to[c * kPanel + k] = from[c * z.in + k];
        }
      } else {
        for (int k = 0; k < outputs; ++k) {
          for (int c = 0; c < channels; ++c) to[c * kPanel + k] = from[k * z.out + c];
        }
      }
    }
  }
}

// What a piece needs, for pieces of `channels` input channels.
AG_INLINE PrepareContext prepare_context(const Conv2dPrepareCall& call, int index, int channels) {
  const ag_conv2d_shape& shape = call.plan.shape;
  const int64_t filter = int64_t{shape.r} * shape.s * shape.c;
  PrepareContext z = {};
  z.f = correlation(call.plan, index);
  z.w = static_cast<const float*>(call.w);
  z.prepared = static_cast<float*>(call.prepared);
  z.tap = shape.c;
  z.row = int64_t{shape.s} * shape.c;
  z.out = call.plan.direction == AG_FORWARD ? filter : 1;
  z.in = call.plan.direction == AG_FORWARD ? 1 : filter;
  z.blocks = int(ceil_div(z.f.c, channels));
  return z;
}

AG_SHARED void direct_prepare(const Exec& exec, const Conv2dPrepareCall& call) {
  int64_t skip = 0;
  for (int i = 0; i < correlation_count(call.plan); ++i) {
    PrepareContext z = prepare_context(call, i, kSlot);
    z.prepared += skip;
    skip += weights_floats(z.f);
    if (z.f.r > 0) exec.parallel(exec, ceil_div(z.f.k, kPanel) * z.blocks, prepare_piece, &z);
  }
}

}  // namespace
