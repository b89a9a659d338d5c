// Center loss: Wen et al., "A discriminative feature learning approach for deep face recognition" (ECCV 2016), equations 2 to 4.
// center_loss: dx_i = k (x_i - c_y), k = weight / N (HALF_MEAN) or 2 weight / (N D); sums of a row in the workspace: its squared distance, its distance.
// center_update: c_j -= rate / (1 + n_j) sum (c_j - x_i), done by the first row of the class, its rows in their order.
//   x, dx (N,D), centers (classes,D), labels (N)
// A piece is one row. Bound by memory: 12 D bytes a row.
#include <cmath>

#include "margin_space.h"
#include "metric_functors.h"
#include "parallel.h"

namespace angulus::cpu {

namespace {

bool is_good(const Center& c, int64_t i) { return c.labels[i] >= 0 && c.labels[i] < c.classes; }

void check(const Exec& exec, const Center& c, int32_t op) {
  Head head{};
  head.n = c.n;
  head.classes = c.classes;
  head.labels = c.labels;
  head.scalars = c.scalars;
  check_labels(exec, head, op);
}

void run_loss(const Exec& exec, const void* arguments) {
  const auto& call = as<CenterLossCall>(arguments);
  const Center& c = call.center;
  const int64_t d = c.d;
  double* const squares = static_cast<double*>(call.workspace);
  double* const lengths = squares + c.n;
  check(exec, c, AG_OP_CENTER_LOSS);
  const float numbers = c.form == AG_CENTER_HALF_MEAN ? static_cast<float>(c.n) : 0.5f * static_cast<float>(c.n) * static_cast<float>(d);
  const float factor = c.weight / numbers;
  for_pieces(exec, c.n, [&](int64_t i, void*) {
    const bool good = is_good(c, i);
    const float* const x = c.x + i * d;
    const float* const center = call.centers + (good ? c.labels[i] : 0) * d;
    float* const dx = call.dx + i * d;
    double sum = 0;
    for (int64_t k = 0; k < d; ++k) {
      const float difference = good ? x[k] - center[k] : 0.0f;
      sum += static_cast<double>(difference) * static_cast<double>(difference);
      dx[k] = call.write == AG_ACCUMULATE ? dx[k] + factor * difference : factor * difference;
    }
    squares[i] = sum;
    lengths[i] = std::sqrt(sum);
  });
  double sum = 0, length = 0;
  for (int64_t i = 0; i < c.n; ++i) {
    sum += squares[i];
    length += lengths[i];
  }
  ag_metric_summary summary{};
  summary.loss = static_cast<float>(0.5 * sum / static_cast<double>(numbers));
  summary.terms = static_cast<float>(c.n);
  summary.positive_distance = static_cast<float>(length / static_cast<double>(c.n));
  *call.summary = summary;
}

void run_update(const Exec& exec, const void* arguments) {
  const auto& call = as<CenterUpdateCall>(arguments);
  const Center& c = call.center;
  const int64_t d = c.d;
  check(exec, c, AG_OP_CENTER_UPDATE);
  for_pieces(exec, c.n, [&](int64_t i, void* scratch) {
    if (!is_good(c, i) || !is_first_of(c.labels, i)) return;
    constexpr int64_t kDepth = 1024;
    double* const sum = static_cast<double*>(scratch);
    float* const center = call.centers + c.labels[i] * d;
    for (int64_t at = 0; at < d; at += kDepth) {
      const int64_t depth = std::min(kDepth, d - at);
      std::fill(sum, sum + depth, 0.0);
      int64_t rows = 0;
      for (int64_t j = i; j < c.n; ++j) {
        if (c.labels[j] != c.labels[i]) continue;
        ++rows;
        for (int64_t k = 0; k < depth; ++k) sum[k] += static_cast<double>(center[at + k]) - static_cast<double>(c.x[j * d + at + k]);
      }
      const double step = static_cast<double>(c.rate) / (c.counted != 0 ? 1.0 + static_cast<double>(rows) : 1.0);
      for (int64_t k = 0; k < depth; ++k) center[at + k] = static_cast<float>(static_cast<double>(center[at + k]) - step * sum[k]);
    }
  });
}

}  // namespace

extern const Kernel center_loss_f32_plain = {"center_loss_f32_plain", Isa::baseline, always, run_loss};
extern const Kernel center_update_f32_plain = {"center_update_f32_plain", Isa::baseline, always, run_update};

}  // namespace angulus::cpu
