// y[i] = u[i] < keep ? x[i] / keep : 0, with u[i] of philox.h: element i = row * columns + column, counter from scalars.random_counter. The
// mask has the same bits on every backend.
//
//   x, y (rows, columns); y may be x   scalars: ag_step_scalars
//
// dropout_*_vector   One thread, 16 bytes: one block of the generator for 4 elements.
//     bound   bytes (8 an element in f32, 4 in bf16) or the generator's 20 wide products for 4 elements. Not measured.
// dropout_*_plain    One thread, one element: a whole block of the generator for it.
#include "../device/storage.cuh"
#include "philox.h"

namespace angulus::cuda {
namespace {

__host__ __device__ inline int64_t elements(const DropoutCall& call) { return int64_t{call.shape.rows} * call.shape.columns; }

__device__ inline PhiloxBlock words_of(const DropoutCall& call, int64_t block) {
  return philox_words(call.seed, call.purpose, call.scalars->random_counter, static_cast<uint64_t>(block));
}

__device__ inline float kept(float x, uint32_t word, float keep) { return philox_uniform(word) < keep ? x / keep : 0.0f; }

template <class T>
__global__ void dropout_vector(DropoutCall call) {
  static_assert(kVector<T> % 4 == 0, "16 bytes begin with a block of the generator");
  const Piece<T> piece = own_piece<T>(elements(call));
  float values[kVector<T>];
  load(static_cast<const T*>(call.x), piece, values);
#pragma unroll
  for (int i = 0; i < kVector<T>; i += 4) {
    const PhiloxBlock block = words_of(call, (piece.first + i) / 4);
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      values[i + j] = kept(values[i + j], block.word[j], call.keep);
    }
  }
  store(static_cast<T*>(call.y), piece, values);
}

template <class T>
__global__ void dropout_plain(DropoutCall call) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index < elements(call)) {
    const float x = to_float(static_cast<const T*>(call.x)[index]);
    store(static_cast<T*>(call.y) + index, kept(x, words_of(call, index / 4).word[index % 4], call.keep));
  }
}

template <class T>
void run_vector(Exec& exec, const void* arguments) {
  const DropoutCall call = *static_cast<const DropoutCall*>(arguments);
  AG_LAUNCH(exec, dropout_vector<T>, piece_grid(elements(call), kVector<T>), kPieceThreads, 0, call);
}

template <class T>
void run_plain(Exec& exec, const void* arguments) {
  const DropoutCall call = *static_cast<const DropoutCall*>(arguments);
  AG_LAUNCH(exec, dropout_plain<T>, piece_grid(elements(call), 1), kPieceThreads, 0, call);
}

constexpr Kernel kKernels[] = {
    {"dropout_f32_vector", kH200, shape_is<DropoutCall, float>, nullptr, run_vector<float>},
    {"dropout_bf16_vector", kH200, shape_is<DropoutCall, Bf16>, nullptr, run_vector<Bf16>},
    {"dropout_f32_plain", kH200, shape_is<DropoutCall, float>, nullptr, run_plain<float>},
    {"dropout_bf16_plain", kH200, shape_is<DropoutCall, Bf16>, nullptr, run_plain<Bf16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList dropout_kernels = {kKernels, 4};

}  // namespace angulus::cuda
