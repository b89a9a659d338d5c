// D (N,N) of all pairs of rows: SQUARED sum of (a - b)^2, EUCLIDEAN its root, COSINE 1 - <a, b>.
//   x (N,D) f32, distances (N,N) f32
// A piece is one row against all: 2 D operations for each pair. Bound by arithmetic.
#include <cmath>

#include "dot.h"
#include "parallel.h"

namespace angulus::cpu {

namespace {

float squares(const float* __restrict a, const float* __restrict b, int64_t count) {
  constexpr int kLanes = 16;
  float sum[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int lane = 0; lane < kLanes; ++lane) sum[lane] += (a[i + lane] - b[i + lane]) * (a[i + lane] - b[i + lane]);
  }
  for (int lane = 0; i + lane < count; ++lane) sum[lane] += (a[i + lane] - b[i + lane]) * (a[i + lane] - b[i + lane]);
  for (int width = kLanes / 2; width > 0; width /= 2) {
    for (int lane = 0; lane < width; ++lane) sum[lane] += sum[lane + width];
  }
  return sum[0];
}

void run(const Exec& exec, const void* arguments) {
  const auto& call = as<MetricDistancesCall>(arguments);
  const int64_t n = call.shape.rows, d = call.shape.columns;
  for_pieces(exec, n, [&](int64_t i, void*) {
    const float* const x = call.x + i * d;
    for (int64_t j = 0; j < n; ++j) {
      float& distance = call.distances[i * n + j];
      if (call.distance == AG_DISTANCE_COSINE) {
        distance = 1.0f - dot(x, call.x + j * d, d);
      } else {
        const float square = squares(x, call.x + j * d, d);
        distance = call.distance == AG_DISTANCE_SQUARED ? square : std::sqrt(square);
      }
    }
  });
}

}  // namespace

extern const Kernel metric_distances_f32_plain = {"metric_distances_f32_plain", Isa::baseline, always, run};

}  // namespace angulus::cpu
