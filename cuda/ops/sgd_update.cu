// With g = gradient_factor gradient + weight_decay w and lr = learning_rate rate_factor:
//   TORCH: v = mu v + g, w -= lr v, or with Nesterov w -= lr (g + mu v)      CAFFE: v = mu v + lr g, w -= v
// then w is clamped from below. A step that does not apply leaves every byte as it is.
//
//   parameters, gradients, velocity (count), f32; elements outside the segments stay
//
// sgd_update_f32_vector   All segments in one launch, 16 bytes at a time (segments.cuh).
//     bound   bytes: 20 an element. Share of the card's bandwidth: not measured.
// sgd_update_f32_plain    A launch for each segment; one thread, one element.
#include "segments.cuh"

namespace angulus::cuda {
namespace {

// One formula for the three rules: v = mu v + enter g, w -= step (own g + look v).
struct SgdRule {
  float momentum, enter, step, own, look, factor, decay, lower;

  __device__ static SgdRule of(const SgdUpdateCall& call, const ag_segment& segment) {
    const float rate = call.scalars->learning_rate * segment.rate_factor;
    const bool caffe = call.rule.convention == AG_MOMENTUM_CAFFE;
    const bool nesterov = call.rule.nesterov != 0;
    return {call.rule.momentum,
            caffe ? rate : 1.0f,
            caffe ? 1.0f : rate,
            nesterov ? 1.0f : 0.0f,
            nesterov ? call.rule.momentum : 1.0f,
            call.control->gradient_factor,
            segment.weight_decay,
            segment.lower_bound};
  }
  __device__ void update(float gradient, float& w, float& v) const {
    const float g = factor * gradient + decay * w;
    v = momentum * v + enter * g;
    const float next = w - step * (own * g + look * v);
    w = next < lower ? lower : next;
  }
};

__global__ void __launch_bounds__(kSegmentThreads) sgd_update_f32_vector(SgdUpdateCall call) {
  if (call.control->apply == 0) {
    return;
  }
  const SegmentBlock own = own_segment(call.segments);
  const ag_segment& segment = call.segments.of[own.index];
  const SgdRule rule = SgdRule::of(call, segment);
#pragma unroll
  for (int i = 0; i < kQuads; ++i) {
    const Quad quad = own_quad(segment, own.block, i);
    float g[4], w[4], v[4];
    load(call.gradients, quad, g);
    load(call.parameters, quad, w);
    load(call.velocity, quad, v);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      rule.update(g[j], w[j], v[j]);
    }
    store(call.velocity, quad, v);
    store(call.parameters, quad, w);
  }
}

__global__ void sgd_update_f32_plain(SgdUpdateCall call, ag_segment segment) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index < segment.count && call.control->apply != 0) {
    const int64_t at = segment.offset + index;
    SgdRule::of(call, segment).update(call.gradients[at], call.parameters[at], call.velocity[at]);
  }
}

bool accepts(const void*) { return true; }

void run_vector(Exec& exec, const void* arguments) {
  const SgdUpdateCall call = *static_cast<const SgdUpdateCall*>(arguments);
  AG_LAUNCH(exec, sgd_update_f32_vector, segments_grid(call.segments), kSegmentThreads, 0, call);
}

void run_plain(Exec& exec, const void* arguments) {
  const SgdUpdateCall call = *static_cast<const SgdUpdateCall*>(arguments);
  for (int32_t i = 0; i < call.segments.count; ++i) {
    const ag_segment segment = call.segments.of[i];
    AG_LAUNCH(exec, sgd_update_f32_plain, grid_of(ceil_div(segment.count, 256)), 256, 0, call, segment);
  }
}

constexpr Kernel kKernels[] = {
    {"sgd_update_f32_vector", kH200, accepts, nullptr, run_vector},
    {"sgd_update_f32_plain", kH200, accepts, nullptr, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList sgd_update_kernels = {kKernels, 2};

}  // namespace angulus::cuda
