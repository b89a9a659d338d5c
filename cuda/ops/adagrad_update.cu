// With g = gradient_factor gradient + weight_decay w and lr = learning_rate rate_factor:
//   s = s + g^2, w -= lr g / (sqrt(s) + eps)      (Duchi et al. 2011)
// then w is clamped from below. A step that does not apply leaves every byte as it is.
//
//   parameters, gradients, squares (count), f32; elements outside the segments stay
//
// adagrad_update_f32_vector   All segments in one launch, 16 bytes at a time (segments.cuh).
//     bound   bytes: 20 an element. Share of the card's bandwidth: not measured.
// adagrad_update_f32_plain    A launch for each segment; one thread, one element.
#include "segments.cuh"

namespace angulus::cuda {
namespace {

struct AdagradRule {
  float rate, epsilon, factor, decay, lower;

  __device__ static AdagradRule of(const AdagradUpdateCall& call, const ag_segment& segment) {
    return {call.scalars->learning_rate * segment.rate_factor, call.epsilon, call.control->gradient_factor, segment.weight_decay,
            segment.lower_bound};
  }
  __device__ void update(float gradient, float& w, float& s) const {
    const float g = factor * gradient + decay * w;
    s = s + g * g;
    const float next = w - rate * (g / (sqrtf(s) + epsilon));
    w = next < lower ? lower : next;
  }
};

__global__ void __launch_bounds__(kSegmentThreads) adagrad_update_f32_vector(AdagradUpdateCall call) {
  if (call.control->apply == 0) {
    return;
  }
  const SegmentBlock own = own_segment(call.segments);
  const ag_segment& segment = call.segments.of[own.index];
  const AdagradRule rule = AdagradRule::of(call, segment);
#pragma unroll
  for (int i = 0; i < kQuads; ++i) {
    const Quad quad = own_quad(segment, own.block, i);
    float g[4], w[4], s[4];
    load(call.gradients, quad, g);
    load(call.parameters, quad, w);
    load(call.squares, quad, s);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      rule.update(g[j], w[j], s[j]);
    }
    store(call.squares, quad, s);
    store(call.parameters, quad, w);
  }
}

__global__ void adagrad_update_f32_plain(AdagradUpdateCall call, ag_segment segment) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index < segment.count && call.control->apply != 0) {
    const int64_t at = segment.offset + index;
    AdagradRule::of(call, segment).update(call.gradients[at], call.parameters[at], call.squares[at]);
  }
}

bool accepts(const void*) { return true; }

void run_vector(Exec& exec, const void* arguments) {
  const AdagradUpdateCall call = *static_cast<const AdagradUpdateCall*>(arguments);
  AG_LAUNCH(exec, adagrad_update_f32_vector, segments_grid(call.segments), kSegmentThreads, 0, call);
}

void run_plain(Exec& exec, const void* arguments) {
  const AdagradUpdateCall call = *static_cast<const AdagradUpdateCall*>(arguments);
  for (int32_t i = 0; i < call.segments.count; ++i) {
    const ag_segment segment = call.segments.of[i];
    AG_LAUNCH(exec, adagrad_update_f32_plain, grid_of(ceil_div(segment.count, 256)), 256, 0, call, segment);
  }
}

constexpr Kernel kKernels[] = {
    {"adagrad_update_f32_vector", kH200, accepts, nullptr, run_vector},
    {"adagrad_update_f32_plain", kH200, accepts, nullptr, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList adagrad_update_kernels = {kKernels, 2};

}  // namespace angulus::cuda
