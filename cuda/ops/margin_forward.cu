// For row i and the classes j of [first, first + count): c_ij from <w_j, x_i>, z_ij = S_i t(c_ij); over the j other than the row's label:
// the largest z, the sum of exp(z - largest), the sum of c, and the class of the largest (the lower one of equals). Losses
// that are sums over the classes, and several centres of a class, are the plain kernel's (margin_others.h).
//
//   x (N,D)   w (classes,K,D)   bias (classes)   inverse_w (classes,K)   inverse_x, labels (N)   target (AG_TARGET_ROWS, N): S and phi are read
//   cosines (N,count), optional   partial (AG_PARTIAL_ROWS, N)   best (N) int32   workspace (class tiles, 4, N)   f32
//
// margin_forward_bf16_mma_128x128x32  The rows x^ and w^ are rounded to bf16 and multiplied on tensor cores: margin_forward_mma.cuh.
//     block   256 threads, 128 rows x 128 classes; steps of 32 along D, three stages (48 KiB)
//     bound   the tensor cores: 2 D for each (row, class), beside one exponential; 4 D bytes for each class. Not measured.
// margin_forward_f32_tiled_64x64x16   The matrix product N x D times D x count whose result is reduced while it stands in registers: the
//     N x count logits are never written unless the cosines are asked for.
//     block   256 threads, 64 rows x 64 classes; steps of 16 along D, both strips brought to shared memory (8.5 KiB)
//     thread  4 x 4 cosines; the 16 threads of a row merge (largest, sum, sum of c, class) by shuffles in the half-warp
//     second launch: one warp for each row merges the class tiles (margin_partial.cuh)
//     bound   FLOPs: 2 D for each (row, class). Share of the card's f32 peak: not measured.
// margin_forward_{f32,bf16}_plain     One thread, one row, a loop over the classes. Any size.
#include "margin_forward_mma.cuh"
#include "margin_partial.cuh"

namespace angulus::cuda {
namespace {

template <class H>
__global__ void __launch_bounds__(kTileThreads) margin_forward_f32_tiled_64x64x16(MarginForwardCall call, TilePartials partials) {
  AG_DYNAMIC_SHARED(float, strips);
  const Head& head = call.head;
  const int64_t class_tile = blockIdx.x % partials.tiles;
  const int64_t first_row = blockIdx.x / partials.tiles * kTile;
  const int64_t first_class = class_tile * kTile;  // in the range
  const TileThread self = tile_thread();

  float sums[4][4] = {};
  multiply_rows_and_classes(head, first_row, call.first, first_class, call.count, self, strips, sums);

#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int64_t row = first_row + self.row + i;
    Classes own = no_class();
    if (row < head.n) {
      const float scale = call.target[static_cast<int64_t>(AG_TARGET_SCALE) * head.n + row];
      const OtherRow others = other_row(head, call.target[static_cast<int64_t>(AG_TARGET_PHI) * head.n + row], scale);
      const int32_t label = head.labels[row];
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const int64_t index = first_class + self.column + 16 * j;
        if (index < call.count) {
          const float c = cosine_of<H, float>(head, sums[i][j], row, call.first + index);
          if (call.cosines != nullptr) {
            call.cosines[row * call.count + index] = c;
          }
          if (call.first + index != label) {
            add_class(own, logit_of<H>(others, scale, c), c, static_cast<int32_t>(call.first + index));
          }
        }
      }
    }
    own = warp_merge(own, 16);  // the 16 threads of a row are one half of a warp; all lanes shuffle, rows past the end too
    if (self.column == 0 && row < head.n) {
      partials.store(class_tile, row, own);
    }
  }
}

template <class H, class T>
__global__ void margin_forward_plain(MarginForwardCall call) {
  const Head& head = call.head;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= head.n) {
    return;
  }
  const float scale = call.target[static_cast<int64_t>(AG_TARGET_SCALE) * head.n + row];
  const OtherRow others = other_row(head, call.target[static_cast<int64_t>(AG_TARGET_PHI) * head.n + row], scale);
  Classes all = no_class();
  for (int64_t index = 0; index < call.count; ++index) {
    const float c = plain_cosine<H, T>(head, row, call.first + index).c;
    if (call.cosines != nullptr) {
      call.cosines[row * call.count + index] = c;
    }
    if (call.first + index == head.labels[row]) {
      continue;
    }
    const float logit = logit_of<H>(others, scale, c);
    if (H::bent && is_sum(head.others)) {
      add_term(all, others, logit + others.offset, c, static_cast<int32_t>(call.first + index));
    } else {
      add_class(all, logit, c, static_cast<int32_t>(call.first + index));
    }
  }
  store(call, row, all);
}

int64_t tiled_workspace(int64_t rows, int64_t columns, int64_t) {
  return beyond_memory(rows, columns) ? kBeyondMemory : TilePartials::bytes(rows, ceil_div(columns, kTile));
}

void run_tiled(Exec& exec, const void* arguments) {
  const MarginForwardCall call = *static_cast<const MarginForwardCall*>(arguments);
  const TilePartials partials = {static_cast<float*>(call.workspace), call.head.n, ceil_div(call.count, kTile)};
  const int64_t blocks = ceil_div(call.head.n, kTile) * partials.tiles;
  launch_check_labels(exec, call.head, AG_OP_MARGIN_FORWARD);
  with_space(call.head, [&](auto kind) {
    using H = decltype(kind);
    AG_LAUNCH(exec, margin_forward_f32_tiled_64x64x16<H>, grid_of(blocks), kTileThreads, kTileSharedBytes, call, partials);
  });
  launch_merge(exec, call, partials);
}

template <class T>
void run_plain(Exec& exec, const void* arguments) {
  const MarginForwardCall call = *static_cast<const MarginForwardCall*>(arguments);
  launch_check_labels(exec, call.head, AG_OP_MARGIN_FORWARD);
  with_space(call.head, [&](auto kind) {
    using H = decltype(kind);
    AG_LAUNCH(exec, (margin_forward_plain<H, T>), grid_of(ceil_div(call.head.n, 128)), 128, 0, call);
  });
}

constexpr auto is_f32 = head_is<MarginForwardCall, float>;
constexpr auto is_bf16 = head_is<MarginForwardCall, Bf16>;
constexpr Kernel kKernels[] = {
    {"margin_forward_bf16_mma_128x128x32", kH200, head_has_tiles<MarginForwardCall, Bf16>, forward_mma_workspace, run_forward_mma},
    {"margin_forward_f32_tiled_64x64x16", kH200, head_has_tiles<MarginForwardCall, float>, tiled_workspace, run_tiled},
    {"margin_forward_bf16_plain", kH200, is_bf16, nullptr, run_plain<Bf16>},
    {"margin_forward_f32_plain", kH200, is_f32, nullptr, run_plain<float>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList margin_forward_kernels = {kKernels, 4};

}  // namespace angulus::cuda
