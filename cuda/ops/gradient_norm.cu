// norm = gradient_scale |g|; factor = gradient_scale min(1, max_norm / norm), max_norm 0: no clipping; apply = the norm is finite.
//
//   gradients (count), f32   control: ag_step_control   workspace (pieces), f64
//
// Squares are summed in f64: a finite gradient has a finite norm, however large.
// gradient_norm_f32_pieces   The numbers are cut into pieces by their count alone; a block takes one piece, 16 bytes a thread at a time, and a
//     second launch of one block adds the pieces; both add their threads as a tree.
//     bound   bytes: 4 an element. Share of the card's bandwidth: not measured.
// gradient_norm_f32_plain    One block takes all, one element a thread at a time.
#include "../device/reduce.cuh"
#include "../device/storage.cuh"

namespace angulus::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int64_t kShared = kThreads / kWarpSize * sizeof(double);

struct NormPieces {
  int64_t count, length;  // length in elements, a multiple of 4
};

__host__ __device__ inline NormPieces norm_pieces(int64_t count) {
  constexpr int64_t kMostPieces = 1024, kLeastElements = 4096;
  const int64_t even = ceil_div(ceil_div(count, kMostPieces), 4) * 4;
  const int64_t length = even > kLeastElements ? even : kLeastElements;
  return {ceil_div(count, length), length};
}

__device__ inline double square(float value) { return static_cast<double>(value) * static_cast<double>(value); }

// By thread 0 of the block that knows the sum of all squares.
__device__ inline void store_norm(const GradientNormCall& call, double squares) {
  const double scale = static_cast<double>(call.gradient_scale);
  const double norm = scale * sqrt(squares);
  const double most = static_cast<double>(call.max_norm);
  ag_step_control& control = *call.control;
  control.gradient_norm = static_cast<float>(norm);
  control.apply = control.gradient_norm < INFINITY ? 1 : 0;  // a NaN is not below
  control.gradient_factor = static_cast<float>(most > 0.0 && norm > most ? scale * (most / norm) : scale);
}

__global__ void __launch_bounds__(kThreads) gradient_norm_f32_pieces(GradientNormCall call) {
  AG_DYNAMIC_SHARED(double, scratch);
  const NormPieces pieces = norm_pieces(call.count);
  const int64_t first = blockIdx.x * pieces.length;
  const int64_t count = min(pieces.length, call.count - first);
  double sum = 0.0;
  for (int64_t i = 4 * static_cast<int64_t>(threadIdx.x); i < count; i += 4 * kThreads) {
    const Piece<float> piece = {first + i, static_cast<int>(min(count - i, static_cast<int64_t>(4)))};
    float g[4];
    load(call.gradients, piece, g);
    sum += (square(g[0]) + square(g[1])) + (square(g[2]) + square(g[3]));
  }
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) {
    static_cast<double*>(call.workspace)[blockIdx.x] = sum;
  }
}

__global__ void __launch_bounds__(kThreads) gradient_norm_merge(GradientNormCall call) {
  AG_DYNAMIC_SHARED(double, scratch);
  const int64_t pieces = norm_pieces(call.count).count;
  double sum = 0.0;
  for (int64_t piece = threadIdx.x; piece < pieces; piece += kThreads) {
    sum += static_cast<const double*>(call.workspace)[piece];
  }
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) {
    store_norm(call, sum);
  }
}

__global__ void __launch_bounds__(kThreads) gradient_norm_f32_plain(GradientNormCall call) {
  AG_DYNAMIC_SHARED(double, scratch);
  double sum = 0.0;
  for (int64_t i = threadIdx.x; i < call.count; i += kThreads) {
    sum += square(call.gradients[i]);
  }
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) {
    store_norm(call, sum);
  }
}

bool accepts(const void*) { return true; }

int64_t pieces_workspace(int64_t count, int64_t, int64_t) { return norm_pieces(count).count * static_cast<int64_t>(sizeof(double)); }

void run_pieces(Exec& exec, const void* arguments) {
  const GradientNormCall call = *static_cast<const GradientNormCall*>(arguments);
  AG_LAUNCH(exec, gradient_norm_f32_pieces, grid_of(norm_pieces(call.count).count), kThreads, kShared, call);
  AG_LAUNCH(exec, gradient_norm_merge, 1, kThreads, kShared, call);
}

void run_plain(Exec& exec, const void* arguments) {
  const GradientNormCall call = *static_cast<const GradientNormCall*>(arguments);
  AG_LAUNCH(exec, gradient_norm_f32_plain, 1, kThreads, kShared, call);
}

constexpr Kernel kKernels[] = {
    {"gradient_norm_f32_pieces", kH200, accepts, pieces_workspace, run_pieces},
    {"gradient_norm_f32_plain", kH200, accepts, nullptr, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList gradient_norm_kernels = {kKernels, 2};

}  // namespace angulus::cuda
