// running = decay running + (1 - decay) statistics, for mean and variance; an unbiased variance is the biased one times rows / (rows - 1).
//
//   statistics, running (2, columns), f32
//
// running_statistics_f32_plain   One thread, one column: a few thousand numbers at most, bound by the launch.
#include "../device/launch.cuh"

namespace angulus::cuda {
namespace {

constexpr int kThreads = 128;

__global__ void running_statistics_f32_plain(RunningStatisticsCall call) {
  const int64_t columns = call.shape.columns;
  const int64_t column = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (column >= columns) {
    return;
  }
  const float rows = static_cast<float>(call.shape.rows);
  const float correction = call.unbiased == 1 && call.shape.rows > 1 ? rows / (rows - 1.0f) : 1.0f;
  const float rest = 1.0f - call.decay;
  call.running[column] = call.decay * call.running[column] + rest * call.statistics[column];
  call.running[columns + column] = call.decay * call.running[columns + column] + rest * (correction * call.statistics[columns + column]);
}

bool accepts(const void*) { return true; }

void run(Exec& exec, const void* arguments) {
  const RunningStatisticsCall call = *static_cast<const RunningStatisticsCall*>(arguments);
  AG_LAUNCH(exec, running_statistics_f32_plain, grid_of(ceil_div(call.shape.columns, kThreads)), kThreads, 0, call);
}

constexpr Kernel kKernels[] = {{"running_statistics_f32_plain", kH200, accepts, nullptr, run}};

}  // namespace

const KernelList running_statistics_kernels = {kKernels, 1};

}  // namespace angulus::cuda
