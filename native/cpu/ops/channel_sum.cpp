// y[j] (+)= sum over the rows i of x[i,j].
//   x (rows, columns) f32, y (columns) f32, workspace double (blocks, columns).
// A piece is a tile (parallel.h); kRun rows are summed in f32, the runs in double; blocks are added in their order. Bound by memory: 4 bytes
// read per element.
#include "workspace.h"

namespace angulus::cpu {

namespace {

void run(const Exec& exec, const void* arguments) {
  const auto& call = as<ChannelSumCall>(arguments);
  const float* const x = static_cast<const float*>(call.x);
  const Tiling tiling = Tiling::of(call.shape.rows, call.shape.columns);
  const ColumnPartials partials(call.workspace, tiling);
  for_tiles(exec, tiling, [&](const Tile& tile) {
    const int64_t width = tile.width();
    double* const total = partials.at(0, tile.block) + tile.column;
    std::fill(total, total + width, 0.0);
    for (int64_t first = tile.row; first < tile.row_end; first += kRun) {
      float sum[Tiling::kChunk] = {};
      for (int64_t i = first; i < std::min(first + kRun, tile.row_end); ++i) {
        const float* const row = x + i * tiling.columns + tile.column;
        for (int64_t j = 0; j < width; ++j) sum[j] += row[j];
      }
      for (int64_t j = 0; j < width; ++j) total[j] += static_cast<double>(sum[j]);
    }
  });
  for_chunks(exec, tiling, [&](int64_t column, int64_t column_end) {
    for (int64_t j = column; j < column_end; ++j) {
      const double before = call.write == AG_ACCUMULATE ? static_cast<double>(call.y[j]) : 0.0;
      call.y[j] = static_cast<float>(before + partials.total(0, j));
    }
  });
}

}  // namespace

extern const Kernel channel_sum_f32_plain = {"channel_sum_f32_plain", Isa::baseline, is_f32<ChannelSumCall>, run};

}  // namespace angulus::cpu
