// dw[k,r,s,c] = sum over n,p,q of dy[n,p,q,k] x[n, p stride_h + r - pad_top, q stride_w + s - pad_left, c], x = 0 outside the picture;
// written or added to dw as the plan says.
//
//   x (N,H,W,C)   dy (N,P,Q,K), as stored: f32 or bf16   dw (K,R,S,C)   workspace (pieces, K, R S C), f32
//
// conv2d_backward_weight_bf16_wgmma_256x128x64          Hopper's tensor cores; conv2d_weight_wgmma.cuh has the idea. C in
//     64s, K in eights, strides up to 8.
//     bound   FLOPs where K reaches 128; 264 tiles of 128 KiB of sums written and read at most. Share of the card's bf16 peak: not measured.
// conv2d_backward_weight_bf16_mma_128x128x32            Tensor cores; conv2d_weight_tiles.cuh has the idea. Channels in eights.
//     bound   FLOPs; the pieces add at most 512 tiles of 64 KiB written and read. Share of the card's bf16 peak: not measured.
// conv2d_backward_weight_bf16_mma_gathered_128x128x32   The same for any C: the network's first layer.
// conv2d_backward_weight_f32_fma_128x128x16   The same by multiply-adds. Channels in fours.
//     bound   FLOPs.
// conv2d_backward_weight_f32_tiled_64x64x16   Any channels. A matrix product K x (N P Q) times (N P Q) x (R S C), its long depth cut into pieces so that
//     enough blocks run.
//     block   256 threads, 64 filters x 64 of (r,s,c) of one piece; steps of 16 output pixels, both strips in shared memory (8.5 KiB)
//     thread  4 x 4 results in registers; reads of dy are neighbours along k, reads of x along c
//     second launch: one thread for each element adds the pieces in their order, so the bits depend on the shape alone
//     bound   FLOPs; the pieces add at most 256 tiles of 16 KiB written and read. Share of the card's f32 peak: not measured.
// conv2d_backward_weight_{f32,bf16}_plain     One thread, one result, the loops of the formula. Any size.
#include "../device/storage.cuh"
#include "../device/tile.cuh"
#include "conv2d_weight_tiles.cuh"
#include "conv2d_weight_wgmma.cuh"

namespace angulus::cuda {
namespace {

// How the output pixels are cut: enough blocks for a large card where the result alone has few tiles, and at least 64 pixels a piece.
struct Pieces {
  int64_t count, length;  // length in output pixels, a multiple of kDepth
};

__host__ __device__ inline Pieces pieces_of(const ag_conv2d_shape& shape, int64_t p, int64_t q) {
  const int64_t pixels = shape.n * p * q;
  const int64_t tiles = ceil_div(shape.k, kTile) * ceil_div(static_cast<int64_t>(shape.r) * shape.s * shape.c, kTile);
  const int64_t wanted = min(ceil_div(256, tiles), ceil_div(pixels, 64));
  const int64_t length = ceil_div(ceil_div(pixels, wanted), kDepth) * kDepth;
  return {ceil_div(pixels, length), length};
}

__global__ void __launch_bounds__(kTileThreads) conv2d_backward_weight_f32_tiled_64x64x16(Conv2dCall call) {
  AG_DYNAMIC_SHARED(float, shared);
  float* const filters = shared;              // (kDepth, kPitch)
  float* const taps = shared + kStripFloats;  // (kDepth, kPitch): a tap is one (r,s,c)
  const ag_conv2d_shape& shape = call.plan.shape;
  const float* const x = static_cast<const float*>(call.x);
  const float* const dy = static_cast<const float*>(call.y);
  const int width = shape.r * shape.s * shape.c;
  const Pieces pieces = pieces_of(shape, call.p, call.q);
  const int tap_tiles = static_cast<int>(ceil_div(width, kTile));
  const int filter_tiles = static_cast<int>(ceil_div(shape.k, kTile));
  const int first_tap = static_cast<int>(blockIdx.x) % tap_tiles * kTile;
  const int first_filter = static_cast<int>(blockIdx.x) / tap_tiles % filter_tiles * kTile;
  const int piece = static_cast<int>(blockIdx.x) / tap_tiles / filter_tiles;
  const int first_pixel = static_cast<int>(piece * pieces.length);
  const int end_pixel = static_cast<int>(min(first_pixel + pieces.length, static_cast<int64_t>(shape.n) * call.p * call.q));
  const TileThread self = tile_thread();

  const int k = first_filter + self.across;
  const int tap = first_tap + self.across;
  const int c = tap % shape.c;
  const int s = tap / shape.c % shape.s;
  const int r = tap / shape.c / shape.s;

  float sums[4][4] = {};
  for (int start = first_pixel; start < end_pixel; start += kDepth) {
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int level = self.level + 4 * j;
      const int pixel = start + level;
      const int h = pixel / call.q % call.p * shape.stride_h + r - shape.pad_top;
      const int v = pixel % call.q * shape.stride_w + s - shape.pad_left;
      const bool inside = pixel < end_pixel && tap < width && h >= 0 && h < shape.h && v >= 0 && v < shape.w;
      const int64_t row = static_cast<int64_t>(pixel / call.q / call.p) * shape.h + h;
      taps[level * kPitch + self.across] = inside ? x[(row * shape.w + v) * shape.c + c] : 0.0f;
      filters[level * kPitch + self.across] = pixel < end_pixel && k < shape.k ? dy[static_cast<int64_t>(pixel) * shape.k + k] : 0.0f;
    }
    __syncthreads();  // both strips are whole: everyone reads them
    multiply_strips(filters, taps, self, sums);
    __syncthreads();  // nobody reads them any more: the next step overwrites
  }

  float* const partial = static_cast<float*>(call.workspace) + piece * static_cast<int64_t>(shape.k) * width;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int row = first_filter + self.row + i;
      const int column = first_tap + self.column + 16 * j;
      if (row < shape.k && column < width) {
        partial[static_cast<int64_t>(row) * width + column] = sums[i][j];
      }
    }
  }
}

__global__ void conv2d_backward_weight_add_pieces(Conv2dCall call, int64_t pieces) {
  const ag_conv2d_shape& shape = call.plan.shape;
  const int64_t elements = static_cast<int64_t>(shape.k) * shape.r * shape.s * shape.c;
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index >= elements) {
    return;
  }
  const float* const partial = static_cast<const float*>(call.workspace) + index;
  float* const dw = static_cast<float*>(call.w) + index;
  float sum = 0.0f;
  for (int64_t piece = 0; piece < pieces; ++piece) {
    sum += partial[piece * elements];
  }
  *dw = call.plan.write == AG_ACCUMULATE ? *dw + sum : sum;
}

template <class T>
__global__ void conv2d_backward_weight_plain(Conv2dCall call) {
  const ag_conv2d_shape& shape = call.plan.shape;
  const int64_t width = static_cast<int64_t>(shape.r) * shape.s * shape.c;
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index >= shape.k * width) {
    return;
  }
  const T* const x = static_cast<const T*>(call.x);
  const T* const dy = static_cast<const T*>(call.y);
  const int c = static_cast<int>(index % shape.c);
  const int s = static_cast<int>(index / shape.c % shape.s);
  const int r = static_cast<int>(index / shape.c / shape.s % shape.r);
  const int k = static_cast<int>(index / width);
  float sum = 0.0f;
  for (int n = 0; n < shape.n; ++n) {
    float image = 0.0f;
    for (int p = 0; p < call.p; ++p) {
      const int h = p * shape.stride_h + r - shape.pad_top;
      if (h < 0 || h >= shape.h) {
        continue;
      }
      for (int q = 0; q < call.q; ++q) {
        const int v = q * shape.stride_w + s - shape.pad_left;
        if (v < 0 || v >= shape.w) {
          continue;
        }
        const int64_t output = (static_cast<int64_t>(n) * call.p + p) * call.q + q;
        image += to_float(dy[output * shape.k + k]) * to_float(x[((static_cast<int64_t>(n) * shape.h + h) * shape.w + v) * shape.c + c]);
      }
    }
    sum += image;
  }
  float* const dw = static_cast<float*>(call.w) + index;
  *dw = call.plan.write == AG_ACCUMULATE ? *dw + sum : sum;
}

int64_t elements_of(const ag_conv2d_shape& shape) { return static_cast<int64_t>(shape.k) * shape.r * shape.s * shape.c; }

int64_t tiled_workspace(const ag_conv2d_plan& plan) {
  const Pieces pieces = pieces_of(plan.shape, output_rows(plan.shape), output_columns(plan.shape));
  return pieces.count * elements_of(plan.shape) * static_cast<int64_t>(sizeof(float));
}

void add_pieces(Exec& exec, const Conv2dCall& call, int64_t pieces) {
  AG_LAUNCH(exec, conv2d_backward_weight_add_pieces, grid_of(ceil_div(elements_of(call.plan.shape), 256)), 256, 0, call, pieces);
}

void run_tiled(Exec& exec, const Conv2dCall& call) {
  const ag_conv2d_shape& shape = call.plan.shape;
  const int64_t width = static_cast<int64_t>(shape.r) * shape.s * shape.c;
  const int64_t pieces = pieces_of(shape, call.p, call.q).count;
  const int64_t blocks = pieces * ceil_div(shape.k, kTile) * ceil_div(width, kTile);
  AG_LAUNCH(exec, conv2d_backward_weight_f32_tiled_64x64x16, grid_of(blocks), kTileThreads, kTileSharedBytes, call);
  add_pieces(exec, call, pieces);
}

template <class T, bool kWhole>
void run_strips(Exec& exec, const Conv2dCall& call) {
  add_pieces(exec, call, launch_weight<T, kWhole>(exec, call));
}

void run_wgmma(Exec& exec, const Conv2dCall& call) { add_pieces(exec, call, launch_weight_wgmma(exec, call)); }

template <class T>
void run_plain(Exec& exec, const Conv2dCall& call) {
  AG_LAUNCH(exec, conv2d_backward_weight_plain<T>, grid_of(ceil_div(elements_of(call.plan.shape), 256)), 256, 0, call);
}

constexpr Conv2dKernel kKernels[] = {
    {"conv2d_backward_weight_bf16_wgmma_256x128x64", kH200, 0, fits_wgmma<ForwardProduct<Bf16>>, weight_wgmma_workspace, run_wgmma, nullptr,
     true},
    {"conv2d_backward_weight_bf16_mma_128x128x32", kH200, 0, fits_mma, weight_workspace<Bf16>, run_strips<Bf16, true>},
    {"conv2d_backward_weight_bf16_mma_gathered_128x128x32", kH200, 0, fits_mma_gathered, weight_workspace<Bf16>, run_strips<Bf16, false>},
    {"conv2d_backward_weight_f32_fma_128x128x16", kH200, 0, fits_fma, weight_workspace<float>, run_strips<float, true>},
    {"conv2d_backward_weight_f32_tiled_64x64x16", kH200, 0, fits_f32_tiles, tiled_workspace, run_tiled},
    {"conv2d_backward_weight_f32_plain", kH200, 0, is_f32, nullptr, run_plain<float>},
    {"conv2d_backward_weight_bf16_plain", kH200, 0, is_bf16, nullptr, run_plain<Bf16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const Conv2dKernelList conv2d_backward_weight_kernels = {kKernels, 7};

}  // namespace angulus::cuda
