// Merges the partials of the class ranges, in their order, with the target's logit z_y = S phi: log_sum_exp = log(exp z_y + sum exp z_j),
// loss = log_sum_exp - z_y, and the summary of the batch. Where the loss is a sum (margin_others.h): its terms, and its derivative by z_y for log_sum_exp. A row with a bad label has loss 0 and adds nothing to the summary's sums.
//   target (AG_TARGET_ROWS, N), partial (ranges, AG_PARTIAL_ROWS, N), log_sum_exp (N), losses (N), f32; summary: ag_head_summary.
// One piece: a few numbers per row, summed in double in row order.
#include <cmath>

#include "margin.h"

namespace angulus::cpu {

namespace {

struct Row { double log_sum_exp, loss; float largest; double cosines; };

Row merge(const MarginLossCall& call, int64_t row) {
  const int64_t n = call.head.n;
  const auto partial = [&](int64_t range, int64_t name) { return call.partial[(range * AG_PARTIAL_ROWS + name) * n + row]; };
  Row result{0, 0, -INFINITY, 0};
  for (int64_t range = 0; range < call.ranges; ++range) result.largest = std::max(result.largest, partial(range, AG_PARTIAL_MAX));
  const bool sums = is_sum(call.head.others);
  double others = 0;  // sum of exp(z_j - largest)
  double pulls = 0;
  for (int64_t range = 0; range < call.ranges; ++range) {
    const float largest = partial(range, AG_PARTIAL_MAX);
    const double sum = static_cast<double>(partial(range, AG_PARTIAL_SUM));
    others += sums || largest == result.largest ? sum : sum * std::exp(static_cast<double>(largest) - static_cast<double>(result.largest));
    result.cosines += static_cast<double>(partial(range, AG_PARTIAL_COSINE));
    pulls += static_cast<double>(partial(range, AG_PARTIAL_PULL));
  }
  if (sums) {
    const SumLoss loss = sum_loss(call.head, call.target[AG_TARGET_PHI * n + row], call.target[AG_TARGET_SCALE * n + row], static_cast<float>(others),
                                  static_cast<float>(pulls));
    result.loss = static_cast<double>(loss.loss);
    result.log_sum_exp = static_cast<double>(loss.pull);
    return result;
  }
  const double target = static_cast<double>(call.target[AG_TARGET_SCALE * n + row] * call.target[AG_TARGET_PHI * n + row]);
  const double largest = static_cast<double>(result.largest);
  // log1p keeps the digits of a small loss.
  if (target >= largest) {
    result.loss = largest == -INFINITY && others == 0 ? 0.0 : std::log1p(others * std::exp(largest - target));
  } else {
    result.loss = largest - target + std::log(others + std::exp(target - largest));
  }
  result.log_sum_exp = target + result.loss;
  return result;
}

void run(const Exec& exec, const void* arguments) {
  const auto& call = as<MarginLossCall>(arguments);
  const int64_t n = call.head.n;
  check_labels(exec, call.head, AG_OP_MARGIN_LOSS);
  for_pieces(exec, 1, [&](int64_t, void*) {
    double loss = 0;
    double right = 0;
    double target_cosines = 0;
    double other_cosines = 0;
    for (int64_t i = 0; i < n; ++i) {
      if (!label_is_good(call.head, i)) {
        call.log_sum_exp[i] = 0;
        call.losses[i] = 0;
        continue;
      }
      const Row row = merge(call, i);
      const float cosine = call.target[AG_TARGET_COSINE * n + i];
      call.log_sum_exp[i] = static_cast<float>(row.log_sum_exp);
      call.losses[i] = static_cast<float>(row.loss);
      loss += row.loss + static_cast<double>(call.target[AG_TARGET_PENALTY * n + i]);
      right += rival_logit(call.head, call.target[AG_TARGET_PHI * n + i], call.target[AG_TARGET_SCALE * n + i], cosine) > row.largest ? 1 : 0;
      target_cosines += static_cast<double>(cosine);
      other_cosines += row.cosines;
    }
    const double rows = static_cast<double>(n);
    const double others = rows * static_cast<double>(std::max(call.head.classes - 1, 1));
    *call.summary = ag_head_summary{static_cast<float>(loss / rows), static_cast<float>(right / rows), static_cast<float>(target_cosines / rows),
                                    static_cast<float>(other_cosines / others)};
  });
}

}  // namespace

extern const Kernel margin_loss_f32_plain = {"margin_loss_f32_plain", Isa::baseline, always, run};

}  // namespace angulus::cpu
