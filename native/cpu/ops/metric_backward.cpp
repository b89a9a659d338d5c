// dx_i = sum over j of S_ij (x_i - x_j), S_ij = (G_ij + G_ji) metric_pull(D_ij); for COSINE of -S_ij x_j. From differences, so that near pairs keep their digits.
//   x, dx (N,D), distances, coefficients, workspace S (N,N), f32
// S is made in pieces of kTile rows and columns, then a piece is kGroup rows of dx, kDepth columns at a time; an S of 0 is passed over.
#include "metric_functors.h"
#include "metric_space.h"
#include "parallel.h"

namespace angulus::cpu {

void set_metric_pulls(const Exec& exec, const MetricBackwardCall& call, float* pulls) {
  constexpr int64_t kTile = 64;
  const int64_t n = call.shape.rows, tiles = ceil_div(n, kTile);
  for_pieces(exec, tiles * tiles, [&](int64_t piece, void*) {
    const int64_t row = piece / tiles * kTile, column = piece % tiles * kTile;
    for (int64_t i = row; i < std::min(row + kTile, n); ++i) {
      for (int64_t j = column; j < std::min(column + kTile, n); ++j) {
        const float both = call.coefficients[i * n + j] + call.coefficients[j * n + i];
        pulls[i * n + j] = i == j || both == 0.0f ? 0.0f : both * metric_pull(call.distance, call.distances[i * n + j]);
      }
    }
  });
}

namespace {

void run(const Exec& exec, const void* arguments) {
  constexpr int64_t kGroup = 4, kDepth = 128;
  const auto& call = as<MetricBackwardCall>(arguments);
  const int64_t n = call.shape.rows, d = call.shape.columns;
  float* const pulls = static_cast<float*>(call.workspace);
  set_metric_pulls(exec, call, pulls);
  const float own = call.distance == AG_DISTANCE_COSINE ? 0.0f : 1.0f;
  for_pieces(exec, ceil_div(n, kGroup), [&](int64_t group, void*) {
    for (int64_t i = group * kGroup; i < std::min((group + 1) * kGroup, n); ++i) {
      for (int64_t at = 0; at < d; at += kDepth) {
        const int64_t depth = std::min(kDepth, d - at);
        const float* const x = call.x + i * d + at;
        float sum[kDepth] = {};
        for (int64_t j = 0; j < n; ++j) {
          const float pull = pulls[i * n + j];
          if (pull == 0.0f) continue;
          const float* const other = call.x + j * d + at;
          for (int64_t k = 0; k < depth; ++k) sum[k] += pull * (own * x[k] - other[k]);
        }
        float* const dx = call.dx + i * d + at;
        for (int64_t k = 0; k < depth; ++k) dx[k] = call.write == AG_ACCUMULATE ? dx[k] + sum[k] : sum[k];
      }
    }
  });
}

}  // namespace

extern const Kernel metric_backward_f32_plain = {"metric_backward_f32_plain", Isa::baseline, always, run};

}  // namespace angulus::cpu
