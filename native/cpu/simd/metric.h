// Distances of all pairs of rows and the gradient of the rows, by the formulas of ../ops/metric_distances.cpp and ../ops/metric_backward.cpp.
//   x, dx (N,D), distances, coefficients (N,N); workspace: x by panels (metric_distances), S (metric_backward)
// distances  the register tile of product_tile.h with (a - b)^2 in the place of a b: rows against a panel of rows in lanes. A piece is kMetricRows rows and a panel.
// backward   a piece is kMetricGroup rows; sums of kMetricVectors vectors stay in registers while j runs over the rows; an S of 0 is passed over.
// Bound by multiply-adds: 2 D and 3 D operations for each pair.
#pragma once

#include "../metric_space.h"
#include "margin_cosines.h"

namespace {

constexpr int64_t kMetricRows = 8 * kTileRows;

struct DistancesContext {
  MetricDistancesCall call;
  Head rows;  // x as pack_columns wants it
  float* x_columns;
};

static void distances_pack_piece(const void* context, int64_t piece, void*) {
  const DistancesContext& z = *static_cast<const DistancesContext*>(context);
  pack_columns(z.rows, piece / 2, int(piece % 2), z.x_columns);
}

template <int vectors, bool squares>
static void distances_block(const DistancesContext& z, int64_t panel, int64_t first, int64_t count) {
  const int64_t n = z.rows.n, d = z.rows.d;
  for_row_tiles(count, [&](int64_t at, int rows) {
    const Product p = {z.call.x + (first + at) * d, d, 0, z.x_columns + panel * d * kPanel, kPanel, d, kPanel};
    product<vectors, false, true, squares>(rows, p, [&](int i, int v, Vector sum) {
      const int64_t column = panel * kPanel + v * kLanes;
      const Vector distance = squares ? sum : splat(1.0f) - sum;
      store_masked(first_lanes(int(n - column)), z.call.distances + (first + at + i) * n + column, distance);
    });
  });
}

static void distances_piece(const void* context, int64_t piece, void*) {
  const DistancesContext& z = *static_cast<const DistancesContext*>(context);
  const int64_t n = z.rows.n, panels = row_panels(z.rows), panel = piece % panels, first = piece / panels * kMetricRows;
  const int64_t count = at_most(kMetricRows, n - first);
  const bool squares = z.call.distance != AG_DISTANCE_COSINE;
  if (row_vectors(z.rows, panel) == 2) {
    squares ? distances_block<2, true>(z, panel, first, count) : distances_block<2, false>(z, panel, first, count);
  } else {
    squares ? distances_block<1, true>(z, panel, first, count) : distances_block<1, false>(z, panel, first, count);
  }
  if (z.call.distance != AG_DISTANCE_EUCLIDEAN) return;
  for (int64_t i = first; i < first + count; ++i) {
    float* const row = z.call.distances + i * n;
    for (int64_t j = panel * kPanel; j < at_most((panel + 1) * kPanel, n); ++j) row[j] = __builtin_sqrtf(row[j]);
  }
}

static bool metric_accepts(const void*) { return true; }

static void metric_distances_run(const Exec& exec, const void* arguments) {
  DistancesContext z = {};
  z.call = *static_cast<const MetricDistancesCall*>(arguments);
  z.rows.n = z.call.shape.rows;
  z.rows.d = z.call.shape.columns;
  z.rows.x = z.call.x;
  z.x_columns = static_cast<float*>(z.call.workspace);
  exec.parallel(exec, 2 * row_panels(z.rows), distances_pack_piece, &z);
  exec.parallel(exec, (z.rows.n + kMetricRows - 1) / kMetricRows * row_panels(z.rows), distances_piece, &z);
}

constexpr int64_t kMetricGroup = 8;
constexpr int kMetricVectors = 4;

template <bool differences>
static void backward_rows(const MetricBackwardCall& call, int64_t first, int64_t count) {
  const int64_t n = call.shape.rows, d = call.shape.columns;
  const float* const pulls = static_cast<const float*>(call.workspace);
  for (int64_t at = 0; at < d; at += kMetricVectors * kLanes) {
    Mask m[kMetricVectors];
    for (int v = 0; v < kMetricVectors; ++v) m[v] = first_lanes(int(at_most(kLanes, d - at - v * kLanes)));
    for (int64_t i = first; i < first + count; ++i) {
      Vector own[kMetricVectors], sum[kMetricVectors];
      for (int v = 0; v < kMetricVectors; ++v) {
        own[v] = differences ? load_masked(m[v], call.x + i * d + at + v * kLanes) : zero();
        sum[v] = zero();
      }
      for (int64_t j = 0; j < n; ++j) {
        const float pull = pulls[i * n + j];
        if (pull == 0.0f) continue;
        const Vector factor = splat(pull);
        for (int v = 0; v < kMetricVectors; ++v) sum[v] = fma(factor, own[v] - load_masked(m[v], call.x + j * d + at + v * kLanes), sum[v]);
      }
      for (int v = 0; v < kMetricVectors; ++v) {
        float* const dx = call.dx + i * d + at + v * kLanes;
        store_masked(m[v], dx, call.write == AG_ACCUMULATE ? load_masked(m[v], dx) + sum[v] : sum[v]);
      }
    }
  }
}

static void metric_backward_piece(const void* context, int64_t piece, void*) {
  const MetricBackwardCall& call = *static_cast<const MetricBackwardCall*>(context);
  const int64_t first = piece * kMetricGroup, count = at_most(kMetricGroup, call.shape.rows - first);
  call.distance == AG_DISTANCE_COSINE ? backward_rows<false>(call, first, count) : backward_rows<true>(call, first, count);
}

static void metric_backward_run(const Exec& exec, const void* arguments) {
  const auto& call = *static_cast<const MetricBackwardCall*>(arguments);
  set_metric_pulls(exec, call, static_cast<float*>(call.workspace));
  exec.parallel(exec, (call.shape.rows + kMetricGroup - 1) / kMetricGroup, metric_backward_piece, &call);
}

}  // namespace
