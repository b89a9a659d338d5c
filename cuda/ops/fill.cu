// y[i] = pattern for every 4 bytes. One thread, one word; bound by the bytes written.
//
//   y (bytes / 4) of 32-bit words
#include "../device/launch.cuh"

namespace angulus::cuda {
namespace {

__global__ void fill_word(uint32_t* y, int64_t count, uint32_t pattern) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index < count) {
    y[index] = pattern;
  }
}

bool accepts(const void*) { return true; }

void run(Exec& exec, const void* arguments) {
  const FillCall call = *static_cast<const FillCall*>(arguments);
  const int64_t count = call.bytes / 4;
  AG_LAUNCH(exec, fill_word, grid_of(ceil_div(count, 256)), 256, 0, static_cast<uint32_t*>(call.y), count, call.pattern);
}

constexpr Kernel kKernels[] = {{"fill_word", kH200, accepts, nullptr, run}};

}  // namespace

const KernelList fill_kernels = {kKernels, 1};

}  // namespace angulus::cuda
