// The workspaces of the ops that reduce: sizes and places, in one spot for the plain kernels and for ag_workspace_bytes. Those of the head, where
// SIMD kernels have their own: margin_space.h.
#pragma once

#include "parallel.h"

namespace angulus::cpu {

// Column reductions: double[sums][blocks][columns], block order of Tiling.
inline int64_t column_partials_bytes(int64_t rows, int64_t columns, int64_t sums) {
  return sums * Tiling::of(rows, columns).blocks * columns * int64_t{sizeof(double)};
}

struct ColumnPartials {
  double* first;  // (sums, blocks, columns)
  int64_t blocks, columns;
  ColumnPartials(void* workspace, const Tiling& tiling) : first(static_cast<double*>(workspace)), blocks(tiling.blocks), columns(tiling.columns) {}
  double* at(int64_t sum, int64_t block) const { return first + (sum * blocks + block) * columns; }
  // Adds the blocks in their order.
  double total(int64_t sum, int64_t column) const {
    double result = 0;
    for (int64_t block = 0; block < blocks; ++block) result += at(sum, block)[column];
    return result;
  }
};

// margin_backward, plain: the gradients by c of one span of classes, and their sums. Doubles first, so that all is aligned:
//   double along_row (tiles, N), double by_scale (tiles, N), float gradient (N, span), float along_column (span, kMostCentres), float bias (span),
//   uint8_t centre (N, span): which of its class's centres gave c.
class MarginGradients {
 public:
  static constexpr int64_t kSpan = 1024;     // classes at a time
  static constexpr int64_t kTileClasses = 64;
  static constexpr int64_t kMostCentres = 16;

  MarginGradients(void* workspace, int64_t n, int64_t count)
      : first_(static_cast<char*>(workspace)), n_(n), span_(std::min(count, kSpan)), tiles_(ceil_div(span_, kTileClasses)) {}

  double* along_row(int64_t tile) const { return doubles() + tile * n_; }
  double* by_scale(int64_t tile) const { return doubles() + (tiles_ + tile) * n_; }
  float* gradient(int64_t row) const { return floats() + row * span_; }
  float* along_column() const { return floats() + n_ * span_; }
  float* bias() const { return floats() + (n_ + kMostCentres) * span_; }
  uint8_t* centre(int64_t row) const { return reinterpret_cast<uint8_t*>(floats() + (n_ + kMostCentres + 1) * span_) + row * span_; }
  int64_t bytes() const {
    return 2 * tiles_ * n_ * int64_t{sizeof(double)} + (n_ + kMostCentres + 1) * span_ * int64_t{sizeof(float)} + n_ * span_;
  }

 private:
  double* doubles() const { return reinterpret_cast<double*>(first_); }
  float* floats() const { return reinterpret_cast<float*>(doubles() + 2 * tiles_ * n_); }

  char* first_;
  int64_t n_, span_, tiles_;
};

}  // namespace angulus::cpu
