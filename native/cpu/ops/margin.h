// What the plain kernels of the head share: tiles of c, and labels.
#pragma once

#include "dot.h"
#include "margin_functors.h"
#include "margin_space.h"
#include "workspace.h"

namespace angulus::cpu {

constexpr int64_t kTile = MarginGradients::kTileClasses;  // rows and classes of a tile: 16 KiB of cosines

inline bool label_is_good(const Head& head, int64_t row) { return head.labels[row] >= 0 && head.labels[row] < head.classes; }

// c of one row and one class.
template <class H>
float cosine(const Head& head, int64_t row, int64_t one_class) {
  const float product = dot(head.x + row * head.d, head.w + one_class * head.d, head.d);
  return H::normalised ? H::cosine(product, head.inverse_x[row], head.inverse_w[one_class], 0.0f)
                       : H::cosine(product, 1.0f, 1.0f, head.bias[one_class]);
}

struct CosineTile {
  float c[kTile][kTile];  // [row][class]

  // Rows [row, row_end), classes [first, last), at most kTile of each.
  template <class H>
  void compute(const Head& head, int64_t row, int64_t row_end, int64_t first, int64_t last) {
    for (int64_t j = first; j < last; ++j) {
      for (int64_t i = row; i < row_end; ++i) c[i - row][j - first] = cosine<H>(head, i, j);
    }
  }
};

}  // namespace angulus::cpu
