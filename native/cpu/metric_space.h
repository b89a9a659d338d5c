// The workspaces of the metric ops. ISA files include this: nothing of the C++ library that has code.
#pragma once

#include <stdint.h>

#include "margin_space.h"

namespace angulus::cpu {

// metric_distances, SIMD: x by panels of rows, (panel, D, rows of a panel).
[[maybe_unused]] static int64_t metric_columns_bytes(int64_t n, int64_t d) {
  return (n + kMarginRowUnit - 1) / kMarginRowUnit * kMarginRowUnit * d * 4;
}

// metric_backward: S (N,N), how strongly j pulls i.
[[maybe_unused]] static int64_t metric_pulls_bytes(int64_t n) { return n * n * 4; }

// metric_loss: what each row adds, MetricRowSums (N) of metric_functors.h, and the factor of the coefficients.
int64_t metric_sums_bytes(int64_t n);

// S from distances and coefficients: dx_i = sum over j of S_ij (x_i - x_j), or of -S_ij x_j for COSINE.
void set_metric_pulls(const Exec& exec, const MetricBackwardCall& call, float* pulls);

}  // namespace angulus::cpu
