// For each row i with label y: c_y, phi(c_y), phi'(c_y), S, m and the other rows of `target` (margin_functors.h). A row with a bad label gets zeros.
//   x (N,D), w (classes,K,D), labels (N), target (AG_TARGET_ROWS, N), state (1 or 2), f32.
// Cosines by pieces of kTile rows; then in one piece, in row order, what a head has of the whole batch: moving averages and ElasticFace's sorted margins; then
// phi by pieces. Bound by memory: 8 D bytes per row.
#include "margin.h"

namespace angulus::cpu {

namespace {

// tau = (1 - rate) tau + rate mean(c_y); AdaFace alike with mean and (unbiased) deviation of the lengths, whose deviation stays where N is 1.
void update_state(const Head& head, const float* cosines) {
  const double n = head.n, rate = static_cast<double>(head.rate);
  const auto move = [&](float* value, double to) { *value = static_cast<float>((1 - rate) * static_cast<double>(*value) + rate * to); };
  const auto value = [&](int64_t i) {
    return static_cast<double>(head.kind == AG_HEAD_ADAFACE ? adaface_length(1.0f / head.inverse_x[i]) : cosines[i]);
  };
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < head.n; ++i) sum += value(i);
  const double mean = sum / n;
  for (int64_t i = 0; i < head.n; ++i) squares += (value(i) - mean) * (value(i) - mean);
  move(head.state, mean);
  if (head.kind == AG_HEAD_ADAFACE && head.n > 1) move(head.state + 1, std::sqrt(squares / (n - 1)));
}

// The draws in order of size to the rows in order of cosine, the largest to the lowest; equals by their index. Rows of `target` that are written later hold
// the draws and, as floats, the two orders.
void sort_margins(const Head& head, float* target) {
  const int64_t n = head.n;
  const float* const cosines = target + AG_TARGET_COSINE * n;
  float* const draws = target + AG_TARGET_PHI * n;
  float* const by_size = target + AG_TARGET_DPHI * n;
  float* const by_ease = target + AG_TARGET_SCALE * n;
  for (int64_t i = 0; i < n; ++i) {
    draws[i] = drawn_margin(head, i);
    by_size[i] = by_ease[i] = static_cast<float>(i);
  }
  const auto value = [](const float* values, float index) { return values[static_cast<int64_t>(index)]; };
  std::sort(by_size, by_size + n, [&](float i, float j) { return value(draws, i) < value(draws, j) || (value(draws, i) == value(draws, j) && i < j); });
  std::sort(by_ease, by_ease + n, [&](float i, float j) { return value(cosines, i) > value(cosines, j) || (value(cosines, i) == value(cosines, j) && i < j); });
  for (int64_t rank = 0; rank < n; ++rank) target[AG_TARGET_MARGIN * n + static_cast<int64_t>(by_ease[rank])] = value(draws, by_size[rank]);
}

void run(const Exec& exec, const void* arguments) {
  const auto& call = as<MarginTargetCall>(arguments);
  const Head& head = call.head;
  check_labels(exec, head, AG_OP_MARGIN_TARGET);
  const auto of_row = [&](int64_t name) { return call.target + name * head.n; };
  const auto for_rows = [&](const auto& body) {
    for_pieces(exec, ceil_div(head.n, kTile), [&](int64_t piece, void*) {
      for (int64_t i = piece * kTile; i < std::min<int64_t>((piece + 1) * kTile, head.n); ++i) body(i);
    });
  };
  // The centre of the class that gave the cosine is not kept: its length is asked only by heads with one centre.
  with_space(head, [&](auto space) {
    using Space = decltype(space);
    for_rows([&](int64_t i) { of_row(AG_TARGET_COSINE)[i] = label_is_good(head, i) ? nearest_centre<Space>(head, i, head.labels[i]).c : 0.0f; });
  });
  const bool sorted = head.kind == AG_HEAD_ELASTICFACE && has(head, AG_HEAD_SORTED);
  if (head.state != nullptr || sorted) {
    for_pieces(exec, 1, [&](int64_t, void*) {
      if (head.state != nullptr) update_state(head, of_row(AG_TARGET_COSINE));
      if (sorted) sort_margins(head, call.target);
    });
  }
  with_head(head.kind, [&](auto kind) {
    for_rows([&](int64_t i) {
      const bool good = label_is_good(head, i);
      const float inverse_w = good && head.inverse_w != nullptr ? head.inverse_w[static_cast<int64_t>(head.labels[i]) * head.centres] : 1.0f;
      const float margin = sorted ? of_row(AG_TARGET_MARGIN)[i] : drawn_margin(head, i);
      write_target<decltype(kind)>(head, call.target, i, good, of_row(AG_TARGET_COSINE)[i], inverse_w, margin);
    });
  });
}

}  // namespace

extern const Kernel margin_target_f32_plain = {"margin_target_f32_plain", Isa::baseline, always, run};

}  // namespace angulus::cpu
