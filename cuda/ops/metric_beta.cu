// The gradients of beta, beta_class and beta_image from dL/db of each anchor: the first row of a class (or image) adds up its rows in their order.
//
//   dbeta, labels, image (N)   dbeta_all (1)   dbeta_class (classes)   dbeta_image (images)   f32
//
// metric_beta_f32_rows   One thread, one row: those that are first of their number walk over the rows behind. Some thousand numbers: bound by latency.
#include "../device/launch.cuh"
#include "metric_functors.h"

namespace angulus::cuda {
namespace {

constexpr int kThreads = 128;

__global__ void metric_beta_all(MetricBetaCall call) {
  double sum = 0;
  for (int64_t i = 0; i < call.metric.n; ++i) {
    sum += static_cast<double>(call.dbeta[i]);
  }
  const float value = static_cast<float>(sum);
  *call.dbeta_all = call.write == AG_ACCUMULATE ? *call.dbeta_all + value : value;
}

__global__ void metric_beta_clear(float* to, int32_t count) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < count) {
    to[i] = 0.0f;
  }
}

__global__ void metric_beta_f32_rows(MetricBetaCall call, const int32_t* numbers, int32_t count, float* to) {
  const int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= call.metric.n || numbers[i] < 0 || numbers[i] >= count || !is_first_of(numbers, i)) {
    return;
  }
  double sum = 0;
  for (int64_t j = i; j < call.metric.n; ++j) {
    sum += numbers[j] == numbers[i] ? static_cast<double>(call.dbeta[j]) : 0.0;
  }
  to[numbers[i]] += static_cast<float>(sum);
}

bool accepts(const void*) { return true; }

void launch_rows(Exec& exec, const MetricBetaCall& of, const int32_t* numbers, int32_t count, float* to) {
  const MetricBetaCall call = of;
  if (to == nullptr) {
    return;
  }
  if (call.write == AG_OVERWRITE) {
    AG_LAUNCH(exec, metric_beta_clear, grid_of(ceil_div(count, 256)), 256, 0, to, count);
  }
  AG_LAUNCH(exec, metric_beta_f32_rows, grid_of(ceil_div(call.metric.n, kThreads)), kThreads, 0, call, numbers, count, to);
}

void run(Exec& exec, const void* arguments) {
  const MetricBetaCall call = *static_cast<const MetricBetaCall*>(arguments);
  if (call.dbeta_all != nullptr) {
    AG_LAUNCH(exec, metric_beta_all, 1, 1, 0, call);
  }
  launch_rows(exec, call, call.metric.labels, call.metric.classes, call.dbeta_class);
  launch_rows(exec, call, call.metric.image, call.metric.images, call.dbeta_image);
}

constexpr Kernel kKernels[] = {{"metric_beta_f32_rows", kH200, accepts, nullptr, run}};

}  // namespace

const KernelList metric_beta_kernels = {kKernels, 1};

}  // namespace angulus::cuda
