// y[i] = a[i] + b[i]. One thread, one element; bound by 12 bytes an element.
//
//   a, b, y (count), f32; y may be a or b
#include "../device/launch.cuh"

namespace angulus::cuda {
namespace {

__global__ void add_f32_plain(const float* a, const float* b, float* y, int64_t count) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index < count) {
    y[index] = a[index] + b[index];
  }
}

bool accepts(const void* call) { return static_cast<const AddCall*>(call)->type == AG_F32; }

void run(Exec& exec, const void* arguments) {
  const AddCall call = *static_cast<const AddCall*>(arguments);
  AG_LAUNCH(exec, add_f32_plain, grid_of(ceil_div(call.count, 256)), 256, 0, static_cast<const float*>(call.a),
            static_cast<const float*>(call.b), static_cast<float*>(call.y), call.count);
}

constexpr Kernel kKernels[] = {{"add_f32_plain", nullptr, accepts, nullptr, run}};

}  // namespace

const KernelList add_kernels = {kKernels, 1};

}  // namespace angulus::cuda
