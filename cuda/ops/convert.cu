// y[i] = x[i] in another storage type. One thread, one element; bound by 6 bytes an element.
//
//   x (count), f32; y (count), bf16; or the other way round
#include "../device/storage.cuh"

namespace angulus::cuda {
namespace {

template <class From, class To>
__global__ void convert_plain(const From* x, To* y, int64_t count) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index < count) {
    store(y + index, to_float(x[index]));
  }
}

bool accepts(const void*) { return true; }

template <class From, class To>
void launch(Exec& exec, const ConvertCall& call) {
  AG_LAUNCH(exec, (convert_plain<From, To>), grid_of(ceil_div(call.count, 256)), 256, 0, static_cast<const From*>(call.x),
            static_cast<To*>(call.y), call.count);
}

void run(Exec& exec, const void* arguments) {
  const ConvertCall& call = *static_cast<const ConvertCall*>(arguments);
  call.to == AG_BF16 ? launch<float, Bf16>(exec, call) : launch<Bf16, float>(exec, call);
}

constexpr Kernel kKernels[] = {{"convert_plain", kH200, accepts, nullptr, run}};

}  // namespace

const KernelList convert_kernels = {kKernels, 1};

}  // namespace angulus::cuda
