// gradient_norm: norm = gradient_scale |g|; factor = gradient_scale min(1, max_norm / norm); apply = the norm is finite.
//   gradients (count) f32, control: ag_step_control, workspace double (blocks). Squares are summed in double by blocks of kElements, the blocks
//   in their order. Bound by memory: 4 bytes per element.
// ema_update: average = e average + (1 - e) x, e = min(decay, (1 + t) / (10 + t)), t the applied steps before this one.
// commit_copy: y = x. commit_end: counts the step. All three read `apply` first and leave every byte as it is when it is 0.
#include <cmath>
#include <cstring>

#include "workspace.h"

namespace angulus::cpu {

namespace {

void run_norm(const Exec& exec, const void* arguments) {
  const auto& call = as<GradientNormCall>(arguments);
  double* const sums = static_cast<double*>(call.workspace);
  const int64_t blocks = ceil_div(call.count, kElements);
  for_pieces(exec, blocks, [&](int64_t block, void*) {
    constexpr int kLanes = 8;
    double sum[kLanes] = {};
    const float* const g = call.gradients + block * kElements;
    const int64_t count = std::min(kElements, call.count - block * kElements);
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
      for (int lane = 0; lane < kLanes; ++lane) sum[lane] += static_cast<double>(g[i + lane]) * static_cast<double>(g[i + lane]);
    }
    for (int lane = 0; i + lane < count; ++lane) sum[lane] += static_cast<double>(g[i + lane]) * static_cast<double>(g[i + lane]);
    double total = 0;
    for (const double part : sum) total += part;
    sums[block] = total;
  });
  for_pieces(exec, 1, [&](int64_t, void*) {
    double total = 0;
    for (int64_t block = 0; block < blocks; ++block) total += sums[block];
    const double scale = static_cast<double>(call.gradient_scale);
    const double norm = scale * std::sqrt(total);
    const double most = static_cast<double>(call.max_norm);
    ag_step_control& control = *call.control;
    control.gradient_norm = static_cast<float>(norm);
    control.apply = std::isfinite(control.gradient_norm) ? 1 : 0;
    control.gradient_factor = static_cast<float>(most > 0 && norm > most ? scale * (most / norm) : scale);
  });
}

void run_ema(const Exec& exec, const void* arguments) {
  const auto& call = as<EmaUpdateCall>(arguments);
  if (call.control->apply == 0) return;
  const double steps = static_cast<double>(call.control->applied_steps);
  const float keep = static_cast<float>(std::min(static_cast<double>(call.decay), (1.0 + steps) / (10.0 + steps)));
  const float rest = 1.0f - keep;
  const float* const x = call.x;
  float* const average = call.average;
  for_elements(exec, call.count, [&](int64_t first, int64_t last) {
#pragma GCC ivdep
    for (int64_t i = first; i < last; ++i) average[i] = keep * average[i] + rest * x[i];
  });
}

void run_commit_copy(const Exec& exec, const void* arguments) {
  const auto& call = as<CommitCopyCall>(arguments);
  if (call.control->apply == 0) return;
  char* const y = static_cast<char*>(call.y);
  const char* const x = static_cast<const char*>(call.x);
  for_elements(exec, call.bytes, [&](int64_t first, int64_t last) { std::memcpy(y + first, x + first, static_cast<size_t>(last - first)); });
}

void run_commit_end(const Exec&, const void* arguments) {
  ag_step_control& control = *as<CommitEndCall>(arguments).control;
  int64_t& steps = control.apply != 0 ? control.applied_steps : control.skipped_steps;
  steps = static_cast<int64_t>(static_cast<uint64_t>(steps) + 1);  // device data may hold any number: it wraps
}

}  // namespace

extern const Kernel gradient_norm_f32_plain = {"gradient_norm_f32_plain", Isa::baseline, always, run_norm};
extern const Kernel ema_update_f32_plain = {"ema_update_f32_plain", Isa::baseline, always, run_ema};
extern const Kernel commit_copy_plain = {"commit_copy_plain", Isa::baseline, always, run_commit_copy};
extern const Kernel commit_end_plain = {"commit_end_plain", Isa::baseline, always, run_commit_end};

}  // namespace angulus::cpu
