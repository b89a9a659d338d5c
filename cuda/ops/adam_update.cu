// With g = gradient_factor gradient (+ weight_decay w unless decoupled), lr = learning_rate rate_factor and t = applied_steps + 1:
//   m = b1 m + (1 - b1) g,  v = b2 v + (1 - b2) g^2
//   TORCH: w -= lr m^ / (sqrt(v^) + eps), m^ = m / (1 - b1^t), v^ = v / (1 - b2^t)
//   EPSILON_HAT: w -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)
// (Kingma and Ba 2015, algorithm 1 and the remark before section 2.1); decoupled (Loshchilov and Hutter 2019): w -= lr weight_decay w.
// Then w is clamped from below. A step that does not apply leaves every byte as it is.
//
//   parameters, gradients, first, second (count), f32; elements outside the segments stay
//
// adam_update_f32_vector   All segments in one launch, 16 bytes at a time (segments.cuh); one thread of a block takes the powers, in f64.
//     bound   bytes: 28 an element. Share of the card's bandwidth: not measured.
// adam_update_f32_plain    A launch for each segment; one thread, one element, powers and all.
#include "segments.cuh"

namespace angulus::cuda {
namespace {

// w -= step m / (sqrt(v) root + eps): TORCH divides v by its bias inside the root, EPSILON_HAT does it in the step.
struct AdamSteps {
  float step, root;

  __device__ static AdamSteps of(const AdamUpdateCall& call, const ag_segment& segment) {
    const double t = static_cast<double>(call.control->applied_steps) + 1.0;
    const double first_bias = 1.0 - pow(static_cast<double>(call.rule.beta1), t);
    const double second_bias = 1.0 - pow(static_cast<double>(call.rule.beta2), t);
    const double rate = static_cast<double>(call.scalars->learning_rate * segment.rate_factor);
    const bool hat = call.rule.form == AG_ADAM_EPSILON_HAT;
    return {static_cast<float>(rate * (hat ? sqrt(second_bias) : 1.0) / first_bias),
            hat ? 1.0f : static_cast<float>(1.0 / sqrt(second_bias))};
  }
};

struct AdamRule {
  AdamSteps steps;
  float beta1, beta2, epsilon, factor, coupled, shrink, lower;

  __device__ static AdamRule of(const AdamUpdateCall& call, const ag_segment& segment, const AdamSteps& steps) {
    const bool decoupled = call.rule.decoupled != 0;
    const float rate = call.scalars->learning_rate * segment.rate_factor;
    return {steps,
            call.rule.beta1,
            call.rule.beta2,
            call.rule.epsilon,
            call.control->gradient_factor,
            decoupled ? 0.0f : segment.weight_decay,
            decoupled ? 1.0f - rate * segment.weight_decay : 1.0f,
            segment.lower_bound};
  }
  __device__ void update(float gradient, float& w, float& m, float& v) const {
    const float g = factor * gradient + coupled * w;
    m = beta1 * m + (1.0f - beta1) * g;
    v = beta2 * v + (1.0f - beta2) * (g * g);
    const float next = shrink * w - steps.step * (m / (sqrtf(v) * steps.root + epsilon));
    w = next < lower ? lower : next;
  }
};

__global__ void __launch_bounds__(kSegmentThreads) adam_update_f32_vector(AdamUpdateCall call) {
  AG_DYNAMIC_SHARED(AdamSteps, steps);
  const SegmentBlock own = own_segment(call.segments);
  const ag_segment& segment = call.segments.of[own.index];
  if (threadIdx.x == 0) {
    *steps = AdamSteps::of(call, segment);
  }
  __syncthreads();  // all read the steps
  if (call.control->apply == 0) {
    return;
  }
  const AdamRule rule = AdamRule::of(call, segment, *steps);
#pragma unroll
  for (int i = 0; i < kQuads; ++i) {
    const Quad quad = own_quad(segment, own.block, i);
    float g[4], w[4], m[4], v[4];
    load(call.gradients, quad, g);
    load(call.parameters, quad, w);
    load(call.first, quad, m);
    load(call.second, quad, v);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      rule.update(g[j], w[j], m[j], v[j]);
    }
    store(call.first, quad, m);
    store(call.second, quad, v);
    store(call.parameters, quad, w);
  }
}

__global__ void adam_update_f32_plain(AdamUpdateCall call, ag_segment segment) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index < segment.count && call.control->apply != 0) {
    const int64_t at = segment.offset + index;
    const AdamRule rule = AdamRule::of(call, segment, AdamSteps::of(call, segment));
    rule.update(call.gradients[at], call.parameters[at], call.first[at], call.second[at]);
  }
}

bool accepts(const void*) { return true; }

void run_vector(Exec& exec, const void* arguments) {
  const AdamUpdateCall call = *static_cast<const AdamUpdateCall*>(arguments);
  AG_LAUNCH(exec, adam_update_f32_vector, segments_grid(call.segments), kSegmentThreads, sizeof(AdamSteps), call);
}

void run_plain(Exec& exec, const void* arguments) {
  const AdamUpdateCall call = *static_cast<const AdamUpdateCall*>(arguments);
  for (int32_t i = 0; i < call.segments.count; ++i) {
    const ag_segment segment = call.segments.of[i];
    AG_LAUNCH(exec, adam_update_f32_plain, grid_of(ceil_div(segment.count, 256)), 256, 0, call, segment);
  }
}

constexpr Kernel kKernels[] = {
    {"adam_update_f32_vector", kH200, accepts, nullptr, run_vector},
    {"adam_update_f32_plain", kH200, accepts, nullptr, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList adam_update_kernels = {kKernels, 2};

}  // namespace angulus::cuda
