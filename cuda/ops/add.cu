// y[i] = a[i] + b[i]. Bound by bytes: 12 an element in f32, 6 in bf16. Share of the card's bandwidth: not measured.
//
//   a, b, y (count); y may be a or b
//
// add_*_vector   One thread, 16 bytes.
// add_*_plain    One thread, one element.
#include "../device/storage.cuh"

namespace angulus::cuda {
namespace {

template <class T>
__global__ void add_vector(const T* a, const T* b, T* y, int64_t count) {
  const Piece<T> piece = own_piece<T>(count);
  float left[kVector<T>], right[kVector<T>];
  load(a, piece, left);
  load(b, piece, right);
#pragma unroll
  for (int i = 0; i < kVector<T>; ++i) {
    left[i] += right[i];
  }
  store(y, piece, left);
}

template <class T>
__global__ void add_plain(const T* a, const T* b, T* y, int64_t count) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index < count) {
    store(y + index, to_float(a[index]) + to_float(b[index]));
  }
}

template <class T>
bool accepts(const void* call) {
  return static_cast<const AddCall*>(call)->type == kType<T>;
}

template <class T>
void run_vector(Exec& exec, const void* arguments) {
  const AddCall call = *static_cast<const AddCall*>(arguments);
  AG_LAUNCH(exec, add_vector<T>, piece_grid(call.count, kVector<T>), kPieceThreads, 0, static_cast<const T*>(call.a),
            static_cast<const T*>(call.b), static_cast<T*>(call.y), call.count);
}

template <class T>
void run_plain(Exec& exec, const void* arguments) {
  const AddCall call = *static_cast<const AddCall*>(arguments);
  AG_LAUNCH(exec, add_plain<T>, piece_grid(call.count, 1), kPieceThreads, 0, static_cast<const T*>(call.a), static_cast<const T*>(call.b),
            static_cast<T*>(call.y), call.count);
}

constexpr Kernel kKernels[] = {
    {"add_f32_vector", kH200, accepts<float>, nullptr, run_vector<float>},
    {"add_bf16_vector", kH200, accepts<Bf16>, nullptr, run_vector<Bf16>},
    {"add_f32_plain", kH200, accepts<float>, nullptr, run_plain<float>},
    {"add_bf16_plain", kH200, accepts<Bf16>, nullptr, run_plain<Bf16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList add_kernels = {kKernels, 4};

}  // namespace angulus::cuda
