// What the plain kernels of the head share: tiles of c, and labels.
#pragma once

#include <algorithm>
#include <cmath>

#include "dot.h"
#include "margin_functors.h"
#include "margin_space.h"
#include "workspace.h"

namespace angulus::cpu {

constexpr int64_t kTile = MarginGradients::kTileClasses;  // rows and classes of a tile: 16 KiB of cosines

inline bool label_is_good(const Head& head, int64_t row) { return head.labels[row] >= 0 && head.labels[row] < head.classes; }

// c of one row and one class, and which of its centres gave it: the lowest of equals.
struct Centre { float c; int32_t index; };

template <class Space>
Centre nearest_centre(const Head& head, int64_t row, int64_t one_class) {
  Centre nearest = {0, 0};
  for (int32_t k = 0; k < head.centres; ++k) {
    const int64_t at = one_class * head.centres + k;
    const float product = dot(head.x + row * head.d, head.w + at * head.d, head.d);
    const float c = Space::normalised ? cosine_in<Space>(product, head.inverse_x[row], head.inverse_w[at], 0.0f)
                                      : cosine_in<Space>(product, 1.0f, 1.0f, head.bias == nullptr ? 0.0f : head.bias[at]);
    if (k == 0 || c > nearest.c) nearest = {c, k};
  }
  return nearest;
}

struct CosineTile {
  float c[kTile][kTile];  // [row][class]
  uint8_t centre[kTile][kTile];

  // Rows [row, row_end), classes [first, last), at most kTile of each.
  template <class Space>
  void compute(const Head& head, int64_t row, int64_t row_end, int64_t first, int64_t last) {
    for (int64_t j = first; j < last; ++j) {
      for (int64_t i = row; i < row_end; ++i) {
        const Centre nearest = nearest_centre<Space>(head, i, j);
        c[i - row][j - first] = nearest.c;
        centre[i - row][j - first] = static_cast<uint8_t>(nearest.index);
      }
    }
  }
};

}  // namespace angulus::cpu
