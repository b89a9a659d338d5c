// Forward: y = residual + (x > 0 ? x : slope x). Backward: dx = dy (x > 0 ? 1 : slope), dslope (+)= sum over the rows of dy min(x, 0).
//   x, residual, y, dy, dx (rows, columns) f32; slope, dslope (columns) f32; workspace double (blocks, columns).
// A piece is a tile (parallel.h); dslope takes kRun rows in f32, the runs in double, the blocks in their order. Bound by memory: 8 bytes per
// element forward (12 with a residual), 12 backward.
//
// channel_epilogue: y = residual + prelu(x + bias), what a convolution's kernel did not fuse; any of the three may be absent.
#include "workspace.h"

namespace angulus::cpu {

namespace {

void run_forward(const Exec& exec, const void* arguments) {
  const auto& call = as<PreluForwardCall>(arguments);
  const Tiling tiling = Tiling::of(call.shape.rows, call.shape.columns);
  for_tiles(exec, tiling, [&](const Tile& tile) {
    const float* const slope = call.slope + tile.column;
    for (int64_t i = tile.row; i < tile.row_end; ++i) {
      const int64_t at = i * tiling.columns + tile.column;
      const float* const x = static_cast<const float*>(call.x) + at;
      float* const y = static_cast<float*>(call.y) + at;
      if (call.residual == nullptr) {
#pragma GCC ivdep
        for (int64_t j = 0; j < tile.width(); ++j) {
          const float scaled = slope[j] * x[j];
          y[j] = x[j] > 0 ? x[j] : scaled;
        }
      } else {
        const float* const residual = static_cast<const float*>(call.residual) + at;
#pragma GCC ivdep
        for (int64_t j = 0; j < tile.width(); ++j) {
          const float scaled = slope[j] * x[j];
          y[j] = residual[j] + (x[j] > 0 ? x[j] : scaled);
        }
      }
    }
  });
}

void run_backward(const Exec& exec, const void* arguments) {
  const auto& call = as<PreluBackwardCall>(arguments);
  const Tiling tiling = Tiling::of(call.shape.rows, call.shape.columns);
  const ColumnPartials partials(call.workspace, tiling);
  for_tiles(exec, tiling, [&](const Tile& tile) {
    const int64_t width = tile.width();
    const float* const slope = call.slope + tile.column;
    double* const total = partials.at(0, tile.block) + tile.column;
    std::fill(total, total + width, 0.0);
    for (int64_t first = tile.row; first < tile.row_end; first += kRun) {
      float sum[Tiling::kChunk] = {};
      for (int64_t i = first; i < std::min(first + kRun, tile.row_end); ++i) {
        const int64_t at = i * tiling.columns + tile.column;
        const float* const dy = static_cast<const float*>(call.dy) + at;
        const float* const x = static_cast<const float*>(call.x) + at;
        float* const dx = static_cast<float*>(call.dx) + at;
#pragma GCC ivdep
        for (int64_t j = 0; j < width; ++j) {
          const float gradient = dy[j];
          const float scaled = slope[j] * gradient;
          const float low = gradient * x[j];
          const bool positive = x[j] > 0;
          sum[j] += positive ? 0.0f : low;
          dx[j] = positive ? gradient : scaled;
        }
      }
      for (int64_t j = 0; j < width; ++j) total[j] += static_cast<double>(sum[j]);
    }
  });
  for_chunks(exec, tiling, [&](int64_t column, int64_t column_end) {
    for (int64_t j = column; j < column_end; ++j) {
      const double before = call.write == AG_ACCUMULATE ? static_cast<double>(call.dslope[j]) : 0.0;
      call.dslope[j] = static_cast<float>(before + partials.total(0, j));
    }
  });
}

void run_epilogue(const Exec& exec, const void* arguments) {
  const auto& call = as<ChannelEpilogueCall>(arguments);
  const Tiling tiling = Tiling::of(call.shape.rows, call.shape.columns);
  for_tiles(exec, tiling, [&](const Tile& tile) {
    for (int64_t i = tile.row; i < tile.row_end; ++i) {
      const int64_t at = i * tiling.columns + tile.column;
      const float* const x = static_cast<const float*>(call.x) + at;
      const float* const residual = static_cast<const float*>(call.residual) + (call.residual == nullptr ? 0 : at);
      float* const y = static_cast<float*>(call.y) + at;
      for (int64_t j = 0; j < tile.width(); ++j) {
        float v = x[j];
        if (call.bias != nullptr) v += call.bias[tile.column + j];
        if (call.slope != nullptr && !(v > 0)) v *= call.slope[tile.column + j];
        if (call.residual != nullptr) v += residual[j];
        y[j] = v;
      }
    }
  });
}

}  // namespace

extern const Kernel prelu_forward_f32_plain = {"prelu_forward_f32_plain", Isa::baseline, is_f32<PreluForwardCall>, run_forward};
extern const Kernel prelu_backward_f32_plain = {"prelu_backward_f32_plain", Isa::baseline, is_f32<PreluBackwardCall>, run_backward};
extern const Kernel channel_epilogue_f32_plain = {"channel_epilogue_f32_plain", Isa::baseline, is_f32<ChannelEpilogueCall>, run_epilogue};

}  // namespace angulus::cpu
