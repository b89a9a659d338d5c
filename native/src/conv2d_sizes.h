// What the entry points of all convolutions check of a shape, and what follows from it.
#pragma once

#include "checks.h"

namespace angulus {

struct Conv2dSizes {
  int32_t p, q;     // output rows and columns
  int64_t x, w, y;  // elements
};

// Throws with the field's name when the shape is none.
Conv2dSizes conv2d_sizes(OpCall& op, const ag_conv2d_shape& shape);

}  // namespace angulus
