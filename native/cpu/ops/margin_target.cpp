// For each row i with label y: c_y, phi(c_y), phi'(c_y), S, m (margin_functors.h). A row with a bad label gets c = phi = phi' = 0.
//   x (N,D), w (classes,D), labels (N), target (AG_TARGET_ROWS, N), f32.
// A piece is kTile rows. Bound by memory: 8 D bytes per row.
#include "margin.h"

namespace angulus::cpu {

namespace {

void run(const Exec& exec, const void* arguments) {
  const auto& call = as<MarginTargetCall>(arguments);
  const Head& head = call.head;
  check_labels(exec, head, AG_OP_MARGIN_TARGET);
  with_head(head.kind, [&](auto kind) {
    using H = decltype(kind);
    for_pieces(exec, ceil_div(head.n, kTile), [&](int64_t piece, void*) {
      for (int64_t i = piece * kTile; i < std::min<int64_t>((piece + 1) * kTile, head.n); ++i) {
        const bool good = label_is_good(head, i);
        const float c = good ? cosine<H>(head, i, head.labels[i]) : 0.0f;
        const float m = H::margin(*head.scalars);
        const auto row = [&](int64_t name) -> float& { return call.target[name * head.n + i]; };
        row(AG_TARGET_COSINE) = c;
        row(AG_TARGET_PHI) = good ? H::phi(c, m) : 0.0f;
        row(AG_TARGET_DPHI) = good ? H::dphi(c, m) : 0.0f;
        row(AG_TARGET_SCALE) = H::scale(H::normalised ? head.inverse_x[i] : 1.0f, *head.scalars);
        row(AG_TARGET_MARGIN) = m;
      }
    });
  });
}

}  // namespace

extern const Kernel margin_target_f32_plain = {"margin_target_f32_plain", Isa::baseline, always, run};

}  // namespace angulus::cpu
