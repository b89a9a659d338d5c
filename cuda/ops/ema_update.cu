// average = e average + (1 - e) x, e = min(decay, (1 + t) / (10 + t)), t the applied steps before this one. A step that does not apply
// leaves every byte as it is.
//
//   x, average (count), f32
//
// ema_update_f32_vector   One thread, 16 bytes.
//     bound   bytes: 12 an element. Share of the card's bandwidth: not measured.
// ema_update_f32_plain    One thread, one element.
#include "../device/storage.cuh"

namespace angulus::cuda {
namespace {

__device__ inline float kept_share(const EmaUpdateCall& call) {
  const double steps = static_cast<double>(call.control->applied_steps);
  return static_cast<float>(min(static_cast<double>(call.decay), (1.0 + steps) / (10.0 + steps)));
}

__global__ void ema_update_f32_vector(EmaUpdateCall call) {
  if (call.control->apply == 0) {
    return;
  }
  const Piece<float> piece = own_piece<float>(call.count);
  const float keep = kept_share(call);
  const float rest = 1.0f - keep;
  float x[4], average[4];
  load(call.x, piece, x);
  load(call.average, piece, average);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    average[i] = keep * average[i] + rest * x[i];
  }
  store(call.average, piece, average);
}

__global__ void ema_update_f32_plain(EmaUpdateCall call) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index < call.count && call.control->apply != 0) {
    const float keep = kept_share(call);
    call.average[index] = keep * call.average[index] + (1.0f - keep) * call.x[index];
  }
}

bool accepts(const void*) { return true; }

void run_vector(Exec& exec, const void* arguments) {
  const EmaUpdateCall call = *static_cast<const EmaUpdateCall*>(arguments);
  AG_LAUNCH(exec, ema_update_f32_vector, piece_grid(call.count, 4), kPieceThreads, 0, call);
}

void run_plain(Exec& exec, const void* arguments) {
  const EmaUpdateCall call = *static_cast<const EmaUpdateCall*>(arguments);
  AG_LAUNCH(exec, ema_update_f32_plain, piece_grid(call.count, 1), kPieceThreads, 0, call);
}

constexpr Kernel kKernels[] = {
    {"ema_update_f32_vector", kH200, accepts, nullptr, run_vector},
    {"ema_update_f32_plain", kH200, accepts, nullptr, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList ema_update_kernels = {kKernels, 2};

}  // namespace angulus::cuda
