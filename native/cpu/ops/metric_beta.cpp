// The gradients of beta, beta_class and beta_image from dL/db of each anchor: the first row of a class (or image) adds up its rows in their order.
//   dbeta, labels, image (N), dbeta_all (1), dbeta_class (classes), dbeta_image (images)
#include "metric_functors.h"
#include "parallel.h"

namespace angulus::cpu {

namespace {

void add_by_number(const Exec& exec, const MetricBetaCall& call, const int32_t* numbers, int32_t count, float* to) {
  const int64_t n = call.metric.n;
  if (call.write == AG_OVERWRITE) std::fill(to, to + count, 0.0f);
  for_pieces(exec, n, [&](int64_t i, void*) {
    if (numbers[i] < 0 || numbers[i] >= count || !is_first_of(numbers, i)) return;
    double sum = 0;
    for (int64_t j = i; j < n; ++j) {
      if (numbers[j] == numbers[i]) sum += static_cast<double>(call.dbeta[j]);
    }
    to[numbers[i]] += static_cast<float>(sum);
  });
}

void run(const Exec& exec, const void* arguments) {
  const auto& call = as<MetricBetaCall>(arguments);
  const Metric& m = call.metric;
  if (call.dbeta_all != nullptr) {
    double sum = 0;
    for (int64_t i = 0; i < m.n; ++i) sum += static_cast<double>(call.dbeta[i]);
    const float value = static_cast<float>(sum);
    *call.dbeta_all = call.write == AG_ACCUMULATE ? *call.dbeta_all + value : value;
  }
  if (call.dbeta_class != nullptr) add_by_number(exec, call, m.labels, m.classes, call.dbeta_class);
  if (call.dbeta_image != nullptr) add_by_number(exec, call, m.image, m.images, call.dbeta_image);
}

}  // namespace

extern const Kernel metric_beta_f32_plain = {"metric_beta_f32_plain", Isa::baseline, always, run};

}  // namespace angulus::cpu
