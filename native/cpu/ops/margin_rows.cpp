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
    rows.inverse_x[i] = !real ? 0.0f : head.normalised ? head.inverse_x[i] : 1.0f;
    rows.scale[i] = real ? target[AG_TARGET_SCALE * head.n + i] : 0.0f;
    rows.phi[i] = rows.label[i] >= 0 ? target[AG_TARGET_PHI * head.n + i] : 0.0f;
  }
}

void set_margin_rows(const MarginBackwardCall& call, const MarginRows& rows) {
  const Head& head = call.head;
  const int64_t n = head.n;
  set_margin_rows(head, call.target, rows);
  for (int64_t i = 0; i < rows.padded; ++i) {
    const bool good = rows.label[i] >= 0;
    rows.log_sum_exp[i] = good ? call.log_sum_exp[i] : INFINITY;
    rows.dz_target[i] = good ? margin_target_dz(call, i) : 0.0f;
    rows.g_target[i] = good ? rows.dz_target[i] * rows.scale[i] * call.target[AG_TARGET_DPHI * n + i] : 0.0f;
  }
}

float margin_target_dz(const MarginBackwardCall& call, int64_t row) {
  const float pull = is_sum(call.head.others) ? call.log_sum_exp[row] : expm1_f32(-call.losses[row]);
  return pull * (1.0f / static_cast<float>(call.head.n));
}

void margin_class_projections(const MarginBackwardCall& call, int64_t first, int64_t count, const float* along, float* projections) {
  const Head& head = call.head;
  std::fill(projections, projections + count, 0.0f);
  if (head.inverse_w == nullptr) return;
  if (head.normalised) {
    std::copy(along, along + count, projections);
  } else {
    for (int64_t i = 0; i < head.n; ++i) {
      const int64_t own = head.labels[i] - first;
      if (own >= 0 && own < count) projections[own] -= margin_target_dz(call, i) * call.target[AG_TARGET_DCLASS_LENGTH * head.n + i];
    }
  }
  for (int64_t j = 0; j < count; ++j) {
    const float inverse = head.inverse_w[first + j];
    projections[j] = length_is_clamped(inverse, head.guard) ? 0.0f : projections[j] * inverse;
  }
}

MarginRowProjection margin_row_projection(const MarginBackwardCall& call, int64_t row, float along, float by_scale) {
  const Head& head = call.head;
  if (head.inverse_x == nullptr || length_is_clamped(head.inverse_x[row], head.guard)) return {0.0f, 0.0f};
  const float inverse = head.inverse_x[row];
  float length = head.scale_is_length ? by_scale : 0.0f;
  const int64_t label = head.labels[row];
  if (label >= call.first && label < call.first + call.count) {
    length += margin_target_dz(call, row) * call.target[AG_TARGET_DLENGTH * head.n + row];
    length += call.target[AG_TARGET_DPENALTY * head.n + row] / static_cast<float>(head.n);
  }
  return {head.normalised ? along * inverse : 0.0f, length * inverse};
}

void merge_margin(MarginPartial* partial, const MarginPartial& more, bool rescales) {
  if (more.largest > partial->largest) {
    if (partial->best >= 0 && rescales) partial->sum *= static_cast<double>(exp_f32(partial->largest - more.largest));
    partial->sum += more.sum;
    partial->largest = more.largest;
    partial->best = more.best;
  } else {
    partial->sum += more.best < 0 || !rescales ? more.sum : more.sum * static_cast<double>(exp_f32(more.largest - partial->largest));
  }
  partial->cosines += more.cosines;
  partial->pulls += more.pulls;
}

void finish_margin_forward(const Exec& exec, const MarginForwardCall& call) {
  const int64_t n = call.head.n;
  const int64_t blocks = margin_blocks(call.count).count;
  const auto* const partials = static_cast<const MarginPartial*>(call.workspace);
  for_pieces(exec, ceil_div(n, kTile), [&](int64_t piece, void*) {
    for (int64_t i = piece * kTile; i < std::min<int64_t>((piece + 1) * kTile, n); ++i) {
      MarginPartial all = partials[i];
      for (int64_t block = 1; block < blocks; ++block) merge_margin(&all, partials[block * n + i], !is_sum(call.head.others));
      call.partial[AG_PARTIAL_MAX * n + i] = all.largest;
      call.partial[AG_PARTIAL_SUM * n + i] = static_cast<float>(all.sum);
      call.partial[AG_PARTIAL_COSINE * n + i] = static_cast<float>(all.cosines);
      call.partial[AG_PARTIAL_PULL * n + i] = static_cast<float>(all.pulls);
      call.best[i] = all.best;
    }
  });
}

}  // namespace angulus::cpu
