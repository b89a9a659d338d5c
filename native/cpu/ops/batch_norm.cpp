// Batch norm over the rows of an activation, with an optional PReLU after it (Ioffe and Szegedy 2015, algorithm 1 and section 3).
//   x, y, residual, dy, dx (rows, columns) f32, x of the statistics f32 or bf16; statistics (2, columns): mean, biased variance; gamma, beta, slope (columns);
//   sums (2, columns): sum dv, sum dv x^. Workspace double (2 or 3, blocks, columns).
// statistics: each tile (parallel.h) takes its mean, then its M2 = sum (x - mean)^2; tiles are merged in block order by Chan, Golub and
//   LeVeque (1979): M2 = M2a + M2b + d^2 na nb / (na + nb), so no digit is lost to E[x^2] - E[x]^2.
// forward: v = gamma (x - mean) / sqrt(variance + epsilon) + beta; y = residual + (v > 0 ? v : slope v).
// backward_reduce: dv = dy (v > 0 ? 1 : slope); sums over the rows of dv, dv x^ and dy min(v, 0).
// backward_input: dx = gamma / sqrt(variance + epsilon) (dv - sum dv / rows - x^ sum(dv x^) / rows).
// All are bound by memory: 4, 8 (12 with a residual), 8 and 12 bytes per element.
#include <cmath>

#include "columns.h"
#include "elements.h"
#include "workspace.h"

namespace angulus::cpu {

ColumnCut cut_columns(int64_t rows, int64_t columns) {
  const Tiling tiling = Tiling::of(rows, columns);
  return {tiling.block_rows, tiling.blocks, tiling.chunks};
}

void set_columns(const BatchNormLayer& layer, int64_t column, int64_t width, BatchNormColumns* columns) {
  for (int64_t j = 0; j < width; ++j) {
    columns->mean[j] = layer.statistics[column + j];
    columns->inverse[j] = 1.0f / std::sqrt(layer.statistics[layer.columns + column + j] + layer.epsilon);
    columns->gamma[j] = layer.gamma[column + j];
    columns->beta[j] = layer.beta[column + j];
    columns->slope[j] = layer.slope == nullptr ? 1.0f : layer.slope[column + j];
  }
}

void finish_batch_norm_backward_reduce(const Exec& exec, const BatchNormBackwardReduceCall& call) {
  const Tiling tiling = Tiling::of(call.layer.rows, call.layer.columns);
  const ColumnPartials partials(call.workspace, tiling);
  const bool accumulate = call.write == AG_ACCUMULATE;
  const auto store = [&](float* gradient, int64_t column, double sum) {
    const double before = accumulate ? static_cast<double>(gradient[column]) : 0.0;
    gradient[column] = static_cast<float>(before + sum);
  };
  for_chunks(exec, tiling, [&](int64_t column, int64_t column_end) {
    for (int64_t j = column; j < column_end; ++j) {
      const double dv = partials.total(0, j);
      const double dvx = partials.total(1, j);
      call.sums[j] = static_cast<float>(dv);
      call.sums[tiling.columns + j] = static_cast<float>(dvx);
      store(call.dbeta, j, dv);
      store(call.dgamma, j, dvx);
      if (call.dslope != nullptr) store(call.dslope, j, partials.total(2, j));
    }
  });
}

namespace {

template <class T>
void run_statistics(const Exec& exec, const void* arguments) {
  const auto& call = as<BatchNormStatisticsCall>(arguments);
  const T* const x = static_cast<const T*>(call.x);
  const Tiling tiling = Tiling::of(call.shape.rows, call.shape.columns);
  const ColumnPartials partials(call.workspace, tiling);
  for_tiles(exec, tiling, [&](const Tile& tile) {
    const int64_t width = tile.width();
    double* const mean = partials.at(0, tile.block) + tile.column;
    double* const squares = partials.at(1, tile.block) + tile.column;
    std::fill(mean, mean + width, 0.0);
    std::fill(squares, squares + width, 0.0);
    for (int64_t first = tile.row; first < tile.row_end; first += kRun) {
      float sum[Tiling::kChunk] = {};
      for (int64_t i = first; i < std::min(first + kRun, tile.row_end); ++i) {
        const T* const row = x + i * tiling.columns + tile.column;
        for (int64_t j = 0; j < width; ++j) sum[j] += number(row[j]);
      }
      for (int64_t j = 0; j < width; ++j) mean[j] += static_cast<double>(sum[j]);
    }
    const double count = static_cast<double>(tile.row_end - tile.row);
    float centre[Tiling::kChunk];
    for (int64_t j = 0; j < width; ++j) {
      mean[j] /= count;
      centre[j] = static_cast<float>(mean[j]);
    }
    for (int64_t first = tile.row; first < tile.row_end; first += kRun) {
      float sum[Tiling::kChunk] = {};
      for (int64_t i = first; i < std::min(first + kRun, tile.row_end); ++i) {
        const T* const row = x + i * tiling.columns + tile.column;
        for (int64_t j = 0; j < width; ++j) {
          const float distance = number(row[j]) - centre[j];
          sum[j] += distance * distance;
        }
      }
      for (int64_t j = 0; j < width; ++j) squares[j] += static_cast<double>(sum[j]);
    }
    // The squares were taken around the rounded mean: sum (x - m)^2 = sum (x - c)^2 - n (m - c)^2.
    for (int64_t j = 0; j < width; ++j) {
      const double off = mean[j] - static_cast<double>(centre[j]);
      const double exact = squares[j] - count * off * off;
      squares[j] = exact < 0 ? 0 : exact;
    }
  });
  for_chunks(exec, tiling, [&](int64_t column, int64_t column_end) {
    for (int64_t j = column; j < column_end; ++j) {
      double count = 0;
      double mean = 0;
      double squares = 0;
      for (int64_t block = 0; block < tiling.blocks; ++block) {
        const double rows = static_cast<double>(std::min(tiling.block_rows, tiling.rows - block * tiling.block_rows));
        const double distance = partials.at(0, block)[j] - mean;
        const double both = count + rows;
        squares += partials.at(1, block)[j] + distance * distance * count * rows / both;
        mean += distance * rows / both;
        count = both;
      }
      call.statistics[j] = static_cast<float>(mean);
      call.statistics[tiling.columns + j] = static_cast<float>(squares / count);
    }
  });
}

void run_forward(const Exec& exec, const void* arguments) {
  const auto& call = as<BatchNormForwardCall>(arguments);
  const Tiling tiling = Tiling::of(call.layer.rows, call.layer.columns);
  for_tiles(exec, tiling, [&](const Tile& tile) {
    BatchNormColumns columns;
    set_columns(call.layer, tile.column, tile.width(), &columns);
    for (int64_t i = tile.row; i < tile.row_end; ++i) {
      const int64_t at = i * tiling.columns + tile.column;
      const float* const x = static_cast<const float*>(call.layer.x) + at;
      float* const y = static_cast<float*>(call.y) + at;
      if (call.residual == nullptr) {
#pragma GCC ivdep
        for (int64_t j = 0; j < tile.width(); ++j) {
          const float v = (x[j] - columns.mean[j]) * columns.inverse[j] * columns.gamma[j] + columns.beta[j];
          const float scaled = columns.slope[j] * v;
          y[j] = v > 0 ? v : scaled;
        }
      } else {
        const float* const residual = static_cast<const float*>(call.residual) + at;
#pragma GCC ivdep
        for (int64_t j = 0; j < tile.width(); ++j) {
          const float v = (x[j] - columns.mean[j]) * columns.inverse[j] * columns.gamma[j] + columns.beta[j];
          const float scaled = columns.slope[j] * v;
          y[j] = residual[j] + (v > 0 ? v : scaled);
        }
      }
    }
  });
}

void run_backward_reduce(const Exec& exec, const void* arguments) {
  const auto& call = as<BatchNormBackwardReduceCall>(arguments);
  const Tiling tiling = Tiling::of(call.layer.rows, call.layer.columns);
  const ColumnPartials partials(call.workspace, tiling);
  for_tiles(exec, tiling, [&](const Tile& tile) {
    const int64_t width = tile.width();
    BatchNormColumns columns;
    set_columns(call.layer, tile.column, tile.width(), &columns);
    double* const total_dv = partials.at(0, tile.block) + tile.column;
    double* const total_dvx = partials.at(1, tile.block) + tile.column;
    double* const total_low = partials.at(2, tile.block) + tile.column;
    std::fill(total_dv, total_dv + width, 0.0);
    std::fill(total_dvx, total_dvx + width, 0.0);
    std::fill(total_low, total_low + width, 0.0);
    for (int64_t first = tile.row; first < tile.row_end; first += kRun) {
      float sum_dv[Tiling::kChunk] = {};
      float sum_dvx[Tiling::kChunk] = {};
      float sum_low[Tiling::kChunk] = {};
      for (int64_t i = first; i < std::min(first + kRun, tile.row_end); ++i) {
        const int64_t at = i * tiling.columns + tile.column;
        const float* const x = static_cast<const float*>(call.layer.x) + at;
        const float* const dy = static_cast<const float*>(call.dy) + at;
        for (int64_t j = 0; j < width; ++j) {
          const float normalised = (x[j] - columns.mean[j]) * columns.inverse[j];
          const float v = normalised * columns.gamma[j] + columns.beta[j];
          const float scaled = columns.slope[j] * dy[j];
          const float low = dy[j] * v;
          const float dv = v > 0 ? dy[j] : scaled;
          sum_dv[j] += dv;
          sum_dvx[j] += dv * normalised;
          sum_low[j] += v > 0 ? 0.0f : low;
        }
      }
      for (int64_t j = 0; j < width; ++j) {
        total_dv[j] += static_cast<double>(sum_dv[j]);
        total_dvx[j] += static_cast<double>(sum_dvx[j]);
        total_low[j] += static_cast<double>(sum_low[j]);
      }
    }
  });
  finish_batch_norm_backward_reduce(exec, call);
}

void run_backward_input(const Exec& exec, const void* arguments) {
  const auto& call = as<BatchNormBackwardInputCall>(arguments);
  const Tiling tiling = Tiling::of(call.layer.rows, call.layer.columns);
  const float share = 1.0f / static_cast<float>(call.layer.rows);
  for_tiles(exec, tiling, [&](const Tile& tile) {
    const int64_t width = tile.width();
    BatchNormColumns columns;
    set_columns(call.layer, tile.column, tile.width(), &columns);
    float mean_dv[Tiling::kChunk];
    float mean_dvx[Tiling::kChunk];
    for (int64_t j = 0; j < width; ++j) {
      mean_dv[j] = call.sums[tile.column + j] * share;
      mean_dvx[j] = call.sums[tiling.columns + tile.column + j] * share;
    }
    for (int64_t i = tile.row; i < tile.row_end; ++i) {
      const int64_t at = i * tiling.columns + tile.column;
      const float* const x = static_cast<const float*>(call.layer.x) + at;
      const float* const dy = static_cast<const float*>(call.dy) + at;
      float* const dx = static_cast<float*>(call.dx) + at;
#pragma GCC ivdep
      for (int64_t j = 0; j < width; ++j) {
        const float normalised = (x[j] - columns.mean[j]) * columns.inverse[j];
        const float v = normalised * columns.gamma[j] + columns.beta[j];
        const float scaled = columns.slope[j] * dy[j];
        const float dv = v > 0 ? dy[j] : scaled;
        dx[j] = columns.gamma[j] * columns.inverse[j] * (dv - mean_dv[j] - normalised * mean_dvx[j]);
      }
    }
  });
}

}  // namespace

extern const Kernel batch_norm_statistics_f32_plain = {"batch_norm_statistics_f32_plain", Isa::baseline, is_f32<BatchNormStatisticsCall>,
                                                       run_statistics<float>};
extern const Kernel batch_norm_statistics_bf16_plain = {"batch_norm_statistics_bf16_plain", Isa::baseline, is_bf16<BatchNormStatisticsCall>,
                                                        run_statistics<Bf16>};
extern const Kernel batch_norm_forward_f32_plain = {"batch_norm_forward_f32_plain", Isa::baseline, layer_is_f32<BatchNormForwardCall>, run_forward};
extern const Kernel batch_norm_backward_reduce_f32_plain = {"batch_norm_backward_reduce_f32_plain", Isa::baseline,
                                                            layer_is_f32<BatchNormBackwardReduceCall>, run_backward_reduce};
extern const Kernel batch_norm_backward_input_f32_plain = {"batch_norm_backward_input_f32_plain", Isa::baseline,
                                                           layer_is_f32<BatchNormBackwardInputCall>, run_backward_input};

}  // namespace angulus::cpu
