// y[i] = x[i] for every byte, if the step applies. Bound by the bytes read and written.
//
//   x, y (bytes), aligned to 16, not overlapping
//
// commit_copy_vector   One thread, 16 bytes at once; the last thread takes what is left byte by byte.
// commit_copy_plain    One thread, one byte.
#include "../device/launch.cuh"

namespace angulus::cuda {
namespace {

constexpr int64_t kBytes = 16;
constexpr int kThreads = 256;

__global__ void commit_copy_vector(CommitCopyCall call) {
  if (call.control->apply == 0) {
    return;
  }
  unsigned char* const y = static_cast<unsigned char*>(call.y);
  const unsigned char* const x = static_cast<const unsigned char*>(call.x);
  const int64_t start = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * kBytes;
  if (start + kBytes <= call.bytes) {
    *reinterpret_cast<float4*>(y + start) = *reinterpret_cast<const float4*>(x + start);
  } else {
    for (int64_t i = start; i < call.bytes; ++i) {
      y[i] = x[i];
    }
  }
}

__global__ void commit_copy_plain(CommitCopyCall call) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index < call.bytes && call.control->apply != 0) {
    static_cast<unsigned char*>(call.y)[index] = static_cast<const unsigned char*>(call.x)[index];
  }
}

bool accepts(const void*) { return true; }

void run_vector(Exec& exec, const void* arguments) {
  const CommitCopyCall call = *static_cast<const CommitCopyCall*>(arguments);
  AG_LAUNCH(exec, commit_copy_vector, grid_of(ceil_div(call.bytes, kThreads * kBytes)), kThreads, 0, call);
}

void run_plain(Exec& exec, const void* arguments) {
  const CommitCopyCall call = *static_cast<const CommitCopyCall*>(arguments);
  AG_LAUNCH(exec, commit_copy_plain, grid_of(ceil_div(call.bytes, kThreads)), kThreads, 0, call);
}

constexpr Kernel kKernels[] = {
    {"commit_copy_vector", kH200, accepts, nullptr, run_vector},
    {"commit_copy_plain", kH200, accepts, nullptr, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList commit_copy_kernels = {kKernels, 2};

}  // namespace angulus::cuda
