// One segment of the flat parameter buffer. g = gradient_factor gradient + weight_decay w, lr = learning_rate rate_factor.
// sgd: TORCH: v = mu v + g, w -= lr v (nesterov: w -= lr (g + mu v)). CAFFE: v = mu v + lr g, w -= v (Caffe's SGDSolver).
// adam (Kingma and Ba 2015, algorithm 1), t = applied steps + 1: m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2;
//   TORCH: w -= lr m^ / (sqrt(v^) + eps) with m^ = m / (1 - b1^t), v^ = v / (1 - b2^t);
//   EPSILON_HAT: w -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps) (the paper's remark before section 2.1).
//   decoupled (Loshchilov and Hutter 2019): the decay is w -= lr weight_decay w and stays out of g.
// adagrad (Duchi et al. 2011): s = s + g^2, w -= lr g / (sqrt(s) + eps).
// rmsprop (Tieleman and Hinton 2012): s = decay s + (1 - decay) g^2;
//   TORCH: v = mu v + g / (sqrt(s) + eps), w -= lr v. TENSORFLOW: v = mu v + lr g / sqrt(s + eps), w -= v.
// Afterwards w is clamped from below. A step that does not apply leaves every byte as it is.
//   parameters, gradients, velocity, first, second, squares (count) f32.
// A piece is kElements elements. Bound by memory: 20 bytes per element (sgd, adagrad), 28 (adam, rmsprop).
#include <cmath>

#include "parallel.h"

namespace angulus::cpu {

namespace {

void update_sgd(const Exec& exec, const SgdUpdateCall& call, const ag_segment& segment) {
  float* const w = call.parameters + segment.offset;
  const float* const gradient = call.gradients + segment.offset;
  float* const v = call.velocity + segment.offset;
  const float rate = call.scalars->learning_rate * segment.rate_factor;
  const float factor = call.control->gradient_factor;
  const float momentum = call.rule.momentum;
  const float decay = segment.weight_decay;
  const float lower = segment.lower_bound;
  // One loop for the three rules: v = mu v + enter g, w -= step (own g + look v).
  const bool caffe = call.rule.convention == AG_MOMENTUM_CAFFE;
  const float enter = caffe ? rate : 1.0f;
  const float step = caffe ? 1.0f : rate;
  const float own = call.rule.nesterov != 0 ? 1.0f : 0.0f;
  const float look = call.rule.nesterov != 0 ? momentum : 1.0f;
  for_elements(exec, segment.count, [&](int64_t first, int64_t last) {
#pragma GCC ivdep
    for (int64_t i = first; i < last; ++i) {
      const float g = factor * gradient[i] + decay * w[i];
      v[i] = momentum * v[i] + enter * g;
      const float next = w[i] - step * (own * g + look * v[i]);
      w[i] = next < lower ? lower : next;
    }
  });
}

void update_adam(const Exec& exec, const AdamUpdateCall& call, const ag_segment& segment) {
  const ag_adam& rule = call.rule;
  float* const w = call.parameters + segment.offset;
  const float* const gradient = call.gradients + segment.offset;
  float* const m = call.first + segment.offset;
  float* const v = call.second + segment.offset;
  const float rate = call.scalars->learning_rate * segment.rate_factor;
  const float factor = call.control->gradient_factor;
  const float coupled = rule.decoupled != 0 ? 0.0f : segment.weight_decay;
  const float shrink = rule.decoupled != 0 ? 1.0f - rate * segment.weight_decay : 1.0f;
  const float lower = segment.lower_bound;
  const double t = static_cast<double>(call.control->applied_steps) + 1.0;
  const double first_bias = 1.0 - std::pow(static_cast<double>(rule.beta1), t);
  const double second_bias = 1.0 - std::pow(static_cast<double>(rule.beta2), t);
  // w -= step m / (sqrt(v) root + eps): TORCH divides v by its bias inside the root, EPSILON_HAT does it in the step.
  const bool hat = rule.form == AG_ADAM_EPSILON_HAT;
  const float step = static_cast<float>(static_cast<double>(rate) * (hat ? std::sqrt(second_bias) : 1.0) / first_bias);
  const float root = hat ? 1.0f : static_cast<float>(1.0 / std::sqrt(second_bias));
  const float beta1 = rule.beta1;
  const float beta2 = rule.beta2;
  const float epsilon = rule.epsilon;
  for_elements(exec, segment.count, [&](int64_t first, int64_t last) {
#pragma GCC ivdep
    for (int64_t i = first; i < last; ++i) {
      const float g = factor * gradient[i] + coupled * w[i];
      m[i] = beta1 * m[i] + (1.0f - beta1) * g;
      v[i] = beta2 * v[i] + (1.0f - beta2) * (g * g);
      const float next = shrink * w[i] - step * (m[i] / (std::sqrt(v[i]) * root + epsilon));
      w[i] = next < lower ? lower : next;
    }
  });
}

void update_adagrad(const Exec& exec, const AdagradUpdateCall& call, const ag_segment& segment) {
  float* const w = call.parameters + segment.offset;
  const float* const gradient = call.gradients + segment.offset;
  float* const s = call.squares + segment.offset;
  const float rate = call.scalars->learning_rate * segment.rate_factor;
  const float factor = call.control->gradient_factor;
  const float decay = segment.weight_decay;
  const float lower = segment.lower_bound;
  const float epsilon = call.epsilon;
  for_elements(exec, segment.count, [&](int64_t first, int64_t last) {
#pragma GCC ivdep
    for (int64_t i = first; i < last; ++i) {
      const float g = factor * gradient[i] + decay * w[i];
      s[i] = s[i] + g * g;
      const float next = w[i] - rate * (g / (std::sqrt(s[i]) + epsilon));
      w[i] = next < lower ? lower : next;
    }
  });
}

void update_rmsprop(const Exec& exec, const RmspropUpdateCall& call, const ag_segment& segment) {
  const ag_rmsprop& rule = call.rule;
  float* const w = call.parameters + segment.offset;
  const float* const gradient = call.gradients + segment.offset;
  float* const s = call.squares + segment.offset;
  float* const v = call.velocity + segment.offset;
  const float rate = call.scalars->learning_rate * segment.rate_factor;
  const float factor = call.control->gradient_factor;
  const float decay = segment.weight_decay;
  const float lower = segment.lower_bound;
  const float keep = rule.decay;
  const float momentum = rule.momentum;
  // One loop for the two forms: v = mu v + enter g / (sqrt(s + inside) + outside), w -= step v.
  const bool torch = rule.form == AG_RMSPROP_TORCH;
  const float enter = torch ? 1.0f : rate;
  const float step = torch ? rate : 1.0f;
  const float inside = torch ? 0.0f : rule.epsilon;
  const float outside = torch ? rule.epsilon : 0.0f;
  for_elements(exec, segment.count, [&](int64_t first, int64_t last) {
#pragma GCC ivdep
    for (int64_t i = first; i < last; ++i) {
      const float g = factor * gradient[i] + decay * w[i];
      s[i] = keep * s[i] + (1.0f - keep) * (g * g);
      v[i] = momentum * v[i] + enter * (g / (std::sqrt(s[i] + inside) + outside));
      const float next = w[i] - step * v[i];
      w[i] = next < lower ? lower : next;
    }
  });
}

// One segment after another; a step that does not apply does nothing.
template <class Call, void (*update)(const Exec&, const Call&, const ag_segment&)>
void run(const Exec& exec, const void* arguments) {
  const auto& call = as<Call>(arguments);
  if (call.control->apply == 0) return;
  for (int32_t i = 0; i < call.segments.count; ++i) update(exec, call, call.segments.of[i]);
}

}  // namespace

extern const Kernel sgd_update_f32_plain = {"sgd_update_f32_plain", Isa::baseline, always,
                                            run<SgdUpdateCall, update_sgd>};
extern const Kernel adam_update_f32_plain = {"adam_update_f32_plain", Isa::baseline, always,
                                             run<AdamUpdateCall, update_adam>};
extern const Kernel adagrad_update_f32_plain = {"adagrad_update_f32_plain", Isa::baseline, always,
                                                run<AdagradUpdateCall, update_adagrad>};
extern const Kernel rmsprop_update_f32_plain = {"rmsprop_update_f32_plain", Isa::baseline, always,
                                                run<RmspropUpdateCall, update_rmsprop>};

}  // namespace angulus::cpu
