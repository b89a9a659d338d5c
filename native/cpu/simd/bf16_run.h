// The bf16 convolution over slots: what its kernels have in common. Included behind bf16_avx512.h or bf16_avx2.h, and a tile.
#pragma once

#include "../bf16_weights.h"
#include "slot_run.h"

namespace {

// Bias, PReLU and residual of 32 output channels, in f32, rounded to bf16.
class FinishBf16 {
 public:
  FinishBf16(const void* context, int64_t k, int64_t channels) : call_(*static_cast<const Conv2dCall*>(context)), k_(k), mask_(panel_mask(channels)) {
    for (int v = 0; v < kPanelVectors; ++v) {
      bias_[v] = call_.bias ? load_masked(mask_.part[v], call_.bias + k + v * kLanes) : zero();
      slope_[v] = call_.slope ? load_masked(mask_.part[v], call_.slope + k + v * kLanes) : splat(1.0f);
    }
  }

  inline __attribute__((always_inline)) void operator()(const char* sums, int64_t at) const {
    const float* const sum = reinterpret_cast<const float*>(sums);
    const uint16_t* const residual = static_cast<const uint16_t*>(call_.residual) + (call_.residual ? at + k_ : 0);
    Vector x[kPanelVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kPanelVectors; ++v) {
      x[v] = load(sum + v * kLanes) + bias_[v];
      x[v] = positive_or(x[v], x[v] * slope_[v]);
      if (call_.residual) x[v] = x[v] + load_bf16(mask_, residual, v);
    }
    store_bf16(mask_, static_cast<uint16_t*>(call_.y) + at + k_, x);
  }

 private:
  const Conv2dCall& call_;
  int64_t k_;
  PanelMask mask_;
  Vector bias_[kPanelVectors], slope_[kPanelVectors];
};

constexpr int kBf16Bytes = 2;
constexpr int32_t kBf16Fused = AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL;
static_assert(kBf16Panel == kSlotPanel && kBf16StepBytes == kStepBytes && kBf16Block * kBf16Bytes == kSlotBytes, "tiles read the weights in the order of bf16_weights.h");

static bool bf16_accepts(const ag_conv2d_plan& plan) { return plan.shape.type == AG_BF16 && slot_fits(plan.shape, kBf16Bytes); }

static int64_t bf16_workspace_bytes(const ag_conv2d_plan& plan) { return slot_workspace_bytes(slot_shape(plan.shape, kBf16Bytes)); }

template <class Tile>
static void bf16_run(const Exec& exec, const Conv2dCall& call) {
  SlotContext z = {};
  z.shape = slot_shape(call.plan.shape, kBf16Bytes);
  z.in = static_cast<const char*>(call.x);
  z.weights = static_cast<const char*>(call.w);
  z.call = &call;
  slot_run<Tile, FinishBf16>(exec, z, call.workspace);
}

}  // namespace
