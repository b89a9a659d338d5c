// With g = gradient_factor gradient + weight_decay w, lr = learning_rate rate_factor and s = decay s + (1 - decay) g^2:
//   TORCH: v = mu v + g / (sqrt(s) + eps), w -= lr v      TENSORFLOW: v = mu v + lr g / sqrt(s + eps), w -= v
// (Tieleman and Hinton 2012), then w is clamped from below. A step that does not apply leaves every byte as it is.
//
//   parameters, gradients, squares, velocity (count), f32; elements outside the segments stay
//
// rmsprop_update_f32_vector   All segments in one launch, 16 bytes at a time (segments.cuh).
//     bound   bytes: 28 an element. Share of the card's bandwidth: not measured.
// rmsprop_update_f32_plain    A launch for each segment; one thread, one element.
#include "segments.cuh"

namespace angulus::cuda {
namespace {

// One formula for the two forms: v = mu v + enter g / (sqrt(s + inside) + outside), w -= step v.
struct RmspropRule {
  float keep, momentum, enter, step, inside, outside, factor, decay, lower;

  __device__ static RmspropRule of(const RmspropUpdateCall& call, const ag_segment& segment) {
    const float rate = call.scalars->learning_rate * segment.rate_factor;
    const bool torch = call.rule.form == AG_RMSPROP_TORCH;
    return {call.rule.decay,
            call.rule.momentum,
            torch ? 1.0f : rate,
            torch ? rate : 1.0f,
            torch ? 0.0f : call.rule.epsilon,
            torch ? call.rule.epsilon : 0.0f,
            call.control->gradient_factor,
            segment.weight_decay,
            segment.lower_bound};
  }
  __device__ void update(float gradient, float& w, float& s, float& v) const {
    const float g = factor * gradient + decay * w;
    s = keep * s + (1.0f - keep) * (g * g);
    v = momentum * v + enter * (g / (sqrtf(s + inside) + outside));
    const float next = w - step * v;
    w = next < lower ? lower : next;
  }
};

__global__ void __launch_bounds__(kSegmentThreads) rmsprop_update_f32_vector(RmspropUpdateCall call) {
  if (call.control->apply == 0) {
    return;
  }
  const SegmentBlock own = own_segment(call.segments);
  const ag_segment& segment = call.segments.of[own.index];
  const RmspropRule rule = RmspropRule::of(call, segment);
#pragma unroll
  for (int i = 0; i < kQuads; ++i) {
    const Quad quad = own_quad(segment, own.block, i);
    float g[4], w[4], s[4], v[4];
    load(call.gradients, quad, g);
    load(call.parameters, quad, w);
    load(call.squares, quad, s);
    load(call.velocity, quad, v);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      rule.update(g[j], w[j], s[j], v[j]);
    }
    store(call.squares, quad, s);
    store(call.velocity, quad, v);
    store(call.parameters, quad, w);
  }
}

__global__ void rmsprop_update_f32_plain(RmspropUpdateCall call, ag_segment segment) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index < segment.count && call.control->apply != 0) {
    const int64_t at = segment.offset + index;
    RmspropRule::of(call, segment).update(call.gradients[at], call.parameters[at], call.squares[at], call.velocity[at]);
  }
}

bool accepts(const void*) { return true; }

void run_vector(Exec& exec, const void* arguments) {
  const RmspropUpdateCall call = *static_cast<const RmspropUpdateCall*>(arguments);
  AG_LAUNCH(exec, rmsprop_update_f32_vector, segments_grid(call.segments), kSegmentThreads, 0, call);
}

void run_plain(Exec& exec, const void* arguments) {
  const RmspropUpdateCall call = *static_cast<const RmspropUpdateCall*>(arguments);
  for (int32_t i = 0; i < call.segments.count; ++i) {
    const ag_segment segment = call.segments.of[i];
    AG_LAUNCH(exec, rmsprop_update_f32_plain, grid_of(ceil_div(segment.count, 256)), 256, 0, call, segment);
  }
}

constexpr Kernel kKernels[] = {
    {"rmsprop_update_f32_vector", kH200, accepts, nullptr, run_vector},
    {"rmsprop_update_f32_plain", kH200, accepts, nullptr, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList rmsprop_update_kernels = {kKernels, 2};

}  // namespace angulus::cuda
