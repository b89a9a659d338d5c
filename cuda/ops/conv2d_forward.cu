// y[n,p,q,k] = epilogue( sum over r,s,c of x[n, p stride_h + r - pad_top, q stride_w + s - pad_left, c] w[k,r,s,c] ), x = 0 outside the
// picture.
// epilogue: v + bias[k]; v > 0 ? v : slope[k] v; v + residual[n,p,q,k]; each where the plan's flags say so.
//
//   x (N,H,W,C)   y, residual (N,P,Q,K), as stored: f32 or bf16   w (K,R,S,C)   bias, slope (K), f32
//
// conv2d_forward_bf16_wgmma_256x128x64          Hopper's tensor cores; conv2d_gather_wgmma.cuh has the idea. C in 64s, K in
//     eights, strides up to 8. Fuses every epilogue; the statistics are taken from the results in registers, a pair (mean, M2) for each channel
//     and half of a tile's pixels, and merged in order by a second launch.
//     bound   FLOPs where C and K reach 128. H200, batch 256, 56x48x64: 275 TFLOP/s, twice the next, 35 % of what its largest products reach.
// conv2d_forward_bf16_mma_128x128x32            Tensor cores; conv2d_gather_tiles.cuh has the idea. Channels in eights. Fuses every epilogue; the
//     statistics as above, of a tile's pixels.
//     bound   FLOPs. H200, batch 256, 56x48x64: 143 TFLOP/s.
// conv2d_forward_bf16_mma_gathered_128x128x32   The same for any C: the network's first layer.
//     bound   the stores of y. Share of the card's bandwidth: not measured.
// conv2d_forward_f32_fma_128x128x16   The same by multiply-adds. Channels in fours.
//     bound   FLOPs. H200: a training step of ResFace20 at batch 512 in f32 runs at 30 TFLOP/s in all, 2.5 times as fast as with the next.
// conv2d_forward_f32_tiled_64x64x16   Any channels. A matrix product that never writes its left factor: (N P Q) x (R S C) times (R S C) x K.
//     block   256 threads, 64 output pixels x 64 filters; steps of 16 along (r,s,c), both strips brought to shared memory (8.5 KiB)
//     thread  4 x 4 results in registers; gathers 4 elements of x and 4 of w a step, neighbours along c, so reads coalesce where C >= 16
//     bound   FLOPs: 2 x 64 x 64 x 16 for each 8 KiB read. Share of the card's f32 peak: not measured.
// conv2d_forward_{f32,bf16}_plain     One thread, one result, the loops of the formula. Any size. Weights are rounded to the type on load.
#include "../device/tile.cuh"
#include "conv2d_gather_tiles.cuh"
#include "conv2d_gather_wgmma.cuh"
#include "conv2d_weight.cuh"
#include "merge_moments.cuh"

namespace angulus::cuda {
namespace {

// The residual may be y itself: a thread reads the element that it then writes.
template <class T>
__device__ inline float finish_at(const Conv2dCall& call, float value, int64_t index, int k) {
  const bool adds = (call.plan.epilogue & AG_EPILOGUE_RESIDUAL) != 0;
  return finish(call, k, value, adds ? to_float(static_cast<const T*>(call.residual)[index]) : 0.0f);
}

__global__ void __launch_bounds__(kTileThreads) conv2d_forward_f32_tiled_64x64x16(Conv2dCall call) {
  AG_DYNAMIC_SHARED(float, shared);
  float* const pixels = shared;                  // (kDepth, kPitch)
  float* const filters = shared + kStripFloats;  // (kDepth, kPitch)
  const ag_conv2d_shape& shape = call.plan.shape;
  const float* const x = static_cast<const float*>(call.x);
  const float* const w = static_cast<const float*>(call.w);
  float* const y = static_cast<float*>(call.y);
  const int depth = shape.r * shape.s * shape.c;
  const int outputs = shape.n * call.p * call.q;
  const int filter_tiles = static_cast<int>(ceil_div(shape.k, kTile));
  const int first_pixel = static_cast<int>(blockIdx.x / filter_tiles) * kTile;
  const int first_filter = static_cast<int>(blockIdx.x % filter_tiles) * kTile;
  const TileThread self = tile_thread();

  // The four pixels this thread gathers: where their windows start.
  int64_t image[4];
  int top[4], left[4];
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    const int pixel = first_pixel + self.line + 16 * j;
    const int q = pixel % call.q;
    const int p = pixel / call.q % call.p;
    image[j] = static_cast<int64_t>(pixel / call.q / call.p) * shape.h;
    top[j] = pixel < outputs ? p * shape.stride_h - shape.pad_top : -shape.r;  // past the end: above every picture
    left[j] = q * shape.stride_w - shape.pad_left;
  }

  float sums[4][4] = {};
  for (int start = 0; start < depth; start += kDepth) {
    const int t = start + self.depth;
    const int c = t % shape.c;
    const int s = t / shape.c % shape.s;
    const int r = t / shape.c / shape.s;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int h = top[j] + r;
      const int v = left[j] + s;
      const bool inside = t < depth && h >= 0 && h < shape.h && v >= 0 && v < shape.w;
      pixels[self.depth * kPitch + self.line + 16 * j] = inside ? x[((image[j] + h) * shape.w + v) * shape.c + c] : 0.0f;
      const int k = first_filter + self.line + 16 * j;
      filters[self.depth * kPitch + self.line + 16 * j] = t < depth && k < shape.k ? w[static_cast<int64_t>(k) * depth + t] : 0.0f;
    }
    __syncthreads();  // both strips are whole: everyone reads them
    multiply_strips(pixels, filters, self, sums);
    __syncthreads();  // nobody reads them any more: the next step overwrites
  }

#pragma unroll
  for (int i = 0; i < 4; ++i) {
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int pixel = first_pixel + self.row + i;
      const int k = first_filter + self.column + 16 * j;
      if (pixel < outputs && k < shape.k) {
        const int64_t index = static_cast<int64_t>(pixel) * shape.k + k;
        y[index] = finish_at<float>(call, sums[i][j], index, k);
      }
    }
  }
}

template <class T>
__global__ void conv2d_forward_plain(Conv2dCall call) {
  const ag_conv2d_shape& shape = call.plan.shape;
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index >= static_cast<int64_t>(shape.n) * call.p * call.q * shape.k) {
    return;
  }
  const T* const x = static_cast<const T*>(call.x);
  const float* const w = static_cast<const float*>(call.w);
  const int k = static_cast<int>(index % shape.k);
  const int q = static_cast<int>(index / shape.k % call.q);
  const int p = static_cast<int>(index / shape.k / call.q % call.p);
  const int64_t n = index / shape.k / call.q / call.p;
  float sum = 0.0f;
  for (int r = 0; r < shape.r; ++r) {
    const int h = p * shape.stride_h + r - shape.pad_top;
    for (int s = 0; s < shape.s; ++s) {
      const int v = q * shape.stride_w + s - shape.pad_left;
      if (h < 0 || h >= shape.h || v < 0 || v >= shape.w) {
        continue;
      }
      const T* const from = x + ((n * shape.h + h) * shape.w + v) * shape.c;
      const float* const by = w + ((static_cast<int64_t>(k) * shape.r + r) * shape.s + s) * shape.c;
      for (int c = 0; c < shape.c; ++c) {
        sum += to_float(from[c]) * factor<T>(by[c]);
      }
    }
  }
  store(static_cast<T*>(call.y) + index, finish_at<T>(call, sum, index, k));
}

void run_tiled(Exec& exec, const Conv2dCall& call) {
  const int64_t outputs = static_cast<int64_t>(call.plan.shape.n) * call.p * call.q;
  const int64_t blocks = ceil_div(outputs, kTile) * ceil_div(call.plan.shape.k, kTile);
  AG_LAUNCH(exec, conv2d_forward_f32_tiled_64x64x16, grid_of(blocks), kTileThreads, kTileSharedBytes, call);
}

template <class T>
void run_plain(Exec& exec, const Conv2dCall& call) {
  const int64_t outputs = static_cast<int64_t>(call.plan.shape.n) * call.p * call.q * call.plan.shape.k;
  AG_LAUNCH(exec, conv2d_forward_plain<T>, grid_of(ceil_div(outputs, 256)), 256, 0, call);
}

// (K, pitch), bf16: each filter's (r,s,c), then zeros.
__global__ void conv2d_forward_prepare(Conv2dPrepareCall call, int64_t pitch) {
  const ag_conv2d_shape& shape = call.plan.shape;
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index >= shape.k * pitch) {
    return;
  }
  const int64_t depth = static_cast<int64_t>(shape.r) * shape.s * shape.c;
  const int64_t at = index % pitch;
  static_cast<Bf16*>(call.prepared)[index] = to_bf16(at < depth ? static_cast<const float*>(call.w)[index / pitch * depth + at] : 0.0f);
}

int64_t prepared_bytes(const ag_conv2d_plan& plan) { return plan.shape.k * forward_pitch<Bf16>(plan.shape) * static_cast<int64_t>(sizeof(Bf16)); }

void prepare(Exec& exec, const Conv2dPrepareCall& call) {
  const int64_t pitch = forward_pitch<Bf16>(call.plan.shape);
  AG_LAUNCH(exec, conv2d_forward_prepare, grid_of(ceil_div(call.plan.shape.k * pitch, 256)), 256, 0, call, pitch);
}

constexpr PreparedForm kFilterRows = {1, prepared_bytes, prepare};

// rows: of the tiles whose moments the workspace holds.
void merge_statistics(Exec& exec, const Conv2dCall& call, int rows) {
  if ((call.plan.epilogue & AG_EPILOGUE_STATISTICS) != 0) {
    const int64_t pixels = static_cast<int64_t>(call.plan.shape.n) * call.p * call.q;
    merge_moments(exec, {static_cast<const float*>(call.workspace), call.statistics, pixels, rows, call.plan.shape.k});
  }
}

template <bool kWhole>
void run_mma(Exec& exec, const Conv2dCall& call) {
  launch_gather<ForwardProduct<Bf16>, kWhole>(exec, call);
  merge_statistics(exec, call, kGatherRows);
}

void run_wgmma(Exec& exec, const Conv2dCall& call) {
  launch_wgmma<ForwardProduct<Bf16>>(exec, call);
  merge_statistics(exec, call, wgmma_moment_rows<ForwardProduct<Bf16>>(call.plan));
}

constexpr int32_t kFused = AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL;
constexpr int32_t kFusedByMma = kFused | AG_EPILOGUE_STATISTICS;
constexpr Conv2dKernel kKernels[] = {
    {"conv2d_forward_bf16_wgmma_256x128x64", kH200, kFusedByMma, fits_wgmma<ForwardProduct<Bf16>>, wgmma_workspace<ForwardProduct<Bf16>>, run_wgmma,
     &kFilterRows, true},
    {"conv2d_forward_bf16_mma_128x128x32", kH200, kFusedByMma, fits_mma, strip_workspace<ForwardProduct<Bf16>>, run_mma<true>, &kFilterRows},
    {"conv2d_forward_bf16_mma_gathered_128x128x32", kH200, kFusedByMma, fits_mma_gathered, strip_workspace<ForwardProduct<Bf16>>, run_mma<false>,
     &kFilterRows},
    {"conv2d_forward_f32_fma_128x128x16", kH200, kFused, fits_fma, strip_workspace<ForwardProduct<float>>,
     launch_gather<ForwardProduct<float>, true>},
    {"conv2d_forward_f32_tiled_64x64x16", kH200, kFused, fits_f32_tiles, nullptr, run_tiled},
    {"conv2d_forward_f32_plain", kH200, kFused, is_f32, nullptr, run_plain<float>},
    {"conv2d_forward_bf16_plain", kH200, kFused, is_bf16, nullptr, run_plain<Bf16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const Conv2dKernelList conv2d_forward_kernels = {kKernels, 7};

}  // namespace angulus::cuda
