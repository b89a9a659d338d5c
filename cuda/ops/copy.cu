// y[i] = x[i] for every byte. Bound by the bytes read and written.
//
//   x, y (bytes), aligned to 16, not overlapping
//
// copy_vector: one thread, 16 bytes at once; the last thread takes what is left byte by byte.
#include "../device/launch.cuh"

namespace angulus::cuda {
namespace {

constexpr int64_t kVector = 16;

__global__ void copy_vector(unsigned char* y, const unsigned char* x, int64_t bytes) {
  const int64_t start = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * kVector;
  if (start + kVector <= bytes) {
    *reinterpret_cast<float4*>(y + start) = *reinterpret_cast<const float4*>(x + start);
  } else {
    for (int64_t i = start; i < bytes; ++i) {
      y[i] = x[i];
    }
  }
}

bool accepts(const void*) { return true; }

void run(Exec& exec, const void* arguments) {
  const CopyCall call = *static_cast<const CopyCall*>(arguments);
  AG_LAUNCH(exec, copy_vector, grid_of(ceil_div(call.bytes, 256 * kVector)), 256, 0, static_cast<unsigned char*>(call.y),
            static_cast<const unsigned char*>(call.x), call.bytes);
}

constexpr Kernel kKernels[] = {{"copy_vector", kH200, accepts, nullptr, run}};

}  // namespace

const KernelList copy_kernels = {kKernels, 1};

}  // namespace angulus::cuda
