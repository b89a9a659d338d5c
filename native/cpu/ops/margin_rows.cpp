// What the kernels of the head do once for a row or a class, plain and SIMD alike (margin_space.h).
#include <cmath>

#include "exp.h"
#include "margin.h"
#include "norm_functors.h"

namespace angulus::cpu {

void check_labels(const Exec& exec, const Head& head, int32_t op) {
  for (int64_t row = 0; row < head.n; ++row) {
    if (label_is_good(head, row)) continue;
    exec.fault(exec, AG_FAULT_LABEL, op, row, head.scalars->step);
    return;
  }
}

void set_margin_rows(const Head& head, const float* target, const MarginRows& rows) {
  for (int64_t i = 0; i < rows.padded; ++i) {
    const bool real = i < head.n;
    rows.label[i] = real && label_is_good(head, i) ? head.labels[i] : -1;
    rows.inverse_x[i] = !real ? 0.0f : head.kind == AG_HEAD_SOFTMAX ? 1.0f : head.inverse_x[i];
    rows.scale[i] = real ? target[AG_TARGET_SCALE * head.n + i] : 0.0f;
  }
}

void set_margin_rows(const MarginBackwardCall& call, const MarginRows& rows) {
  const Head& head = call.head;
  const int64_t n = head.n;
  const float share = 1.0f / static_cast<float>(n);
  set_margin_rows(head, call.target, rows);
  for (int64_t i = 0; i < rows.padded; ++i) {
    const bool good = rows.label[i] >= 0;
    rows.log_sum_exp[i] = good ? call.log_sum_exp[i] : INFINITY;
    rows.phi[i] = good ? call.target[AG_TARGET_PHI * n + i] : 0.0f;
    rows.dz_target[i] = good ? expm1_f32(-call.losses[i]) * share : 0.0f;
    rows.g_target[i] = good ? rows.dz_target[i] * rows.scale[i] * call.target[AG_TARGET_DPHI * n + i] : 0.0f;
  }
}

void margin_class_projections(const Head& head, int64_t first, int64_t count, const float* along, float* projections) {
  for (int64_t j = 0; j < count; ++j) {
    const float inverse = head.kind == AG_HEAD_SOFTMAX ? 0.0f : head.inverse_w[first + j];
    projections[j] = length_is_clamped(inverse, head.guard) ? 0.0f : along[j] * inverse;
  }
}

MarginRowProjection margin_row_projection(const Head& head, int64_t row, float along, float by_scale) {
  if (head.kind == AG_HEAD_SOFTMAX || length_is_clamped(head.inverse_x[row], head.guard)) return {0.0f, 0.0f};
  const float inverse = head.inverse_x[row];
  return {along * inverse, head.kind == AG_HEAD_MODIFIED_SOFTMAX ? by_scale * inverse : 0.0f};
}

void merge_margin(MarginPartial* partial, const MarginPartial& more) {
  if (more.largest > partial->largest) {
    if (partial->best >= 0) partial->sum *= static_cast<double>(exp_f32(partial->largest - more.largest));
    partial->sum += more.sum;
    partial->largest = more.largest;
    partial->best = more.best;
  } else {
    partial->sum += more.best < 0 ? more.sum : more.sum * static_cast<double>(exp_f32(more.largest - partial->largest));
  }
  partial->cosines += more.cosines;
}

void finish_margin_forward(const Exec& exec, const MarginForwardCall& call) {
  const int64_t n = call.head.n;
  const int64_t blocks = margin_blocks(call.count).count;
  const auto* const partials = static_cast<const MarginPartial*>(call.workspace);
  for_pieces(exec, ceil_div(n, kTile), [&](int64_t piece, void*) {
    for (int64_t i = piece * kTile; i < std::min<int64_t>((piece + 1) * kTile, n); ++i) {
      MarginPartial all = partials[i];
      for (int64_t block = 1; block < blocks; ++block) merge_margin(&all, partials[block * n + i]);
      call.partial[AG_PARTIAL_MAX * n + i] = all.largest;
      call.partial[AG_PARTIAL_SUM * n + i] = static_cast<float>(all.sum);
      call.partial[AG_PARTIAL_COSINE * n + i] = static_cast<float>(all.cosines);
      call.best[i] = all.best;
    }
  });
}

}  // namespace angulus::cpu
