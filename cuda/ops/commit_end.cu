// Counts the step as applied or skipped: one thread, one number.
//
//   control: ag_step_control
#include "../device/launch.cuh"

namespace angulus::cuda {
namespace {

__global__ void commit_end_plain(CommitEndCall call) {
  ag_step_control& control = *call.control;
  int64_t& steps = control.apply != 0 ? control.applied_steps : control.skipped_steps;
  steps = static_cast<int64_t>(static_cast<uint64_t>(steps) + 1);  // device data may hold any number: it wraps
}

bool accepts(const void*) { return true; }

void run(Exec& exec, const void* arguments) {
  const CommitEndCall call = *static_cast<const CommitEndCall*>(arguments);
  AG_LAUNCH(exec, commit_end_plain, 1, 1, 0, call);
}

constexpr Kernel kKernels[] = {{"commit_end_plain", kH200, accepts, nullptr, run}};

}  // namespace

const KernelList commit_end_kernels = {kKernels, 1};

}  // namespace angulus::cuda
