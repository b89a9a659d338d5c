#include "conv2d_sizes.h"

#include <cinttypes>

namespace angulus {

Conv2dSizes conv2d_sizes(OpCall& op, const ag_conv2d_shape& s) {
  const int64_t most = INT32_MAX;
  op.range("n", int64_t{s.n}, 1, most);
  op.range("h", int64_t{s.h}, 1, most);
  op.range("w", int64_t{s.w}, 1, most);
  op.range("c", int64_t{s.c}, 1, most);
  op.range("k", int64_t{s.k}, 1, most);
  op.range("r", int64_t{s.r}, 1, most);
  op.range("s", int64_t{s.s}, 1, most);
  op.range("stride_h", int64_t{s.stride_h}, 1, most);
  op.range("stride_w", int64_t{s.stride_w}, 1, most);
  op.range("pad_top", int64_t{s.pad_top}, 0, s.r - 1);
  op.range("pad_bottom", int64_t{s.pad_bottom}, 0, s.r - 1);
  op.range("pad_left", int64_t{s.pad_left}, 0, s.s - 1);
  op.range("pad_right", int64_t{s.pad_right}, 0, s.s - 1);
  op.type(s.type);
  const int64_t rows = int64_t{s.h} + s.pad_top + s.pad_bottom;
  const int64_t columns = int64_t{s.w} + s.pad_left + s.pad_right;
  if (rows < s.r || columns < s.s)
    fail(AG_INVALID_ARGUMENT, "%s: the filter (%d x %d) is larger than the padded input (%" PRId64 " x %" PRId64 ")", op.name(), s.r, s.s, rows, columns);
  if (rows > most || columns > most) fail(AG_INVALID_ARGUMENT, "%s: the padded input has more than 2^31 - 1 rows or columns", op.name());
  Conv2dSizes sizes{};
  sizes.p = static_cast<int32_t>((rows - s.r) / s.stride_h + 1);
  sizes.q = static_cast<int32_t>((columns - s.s) / s.stride_w + 1);
  op.range("n * h * w", op.product("x", {s.n, s.h, s.w}), 1, most);
  op.range("n * p * q", op.product("y", {s.n, sizes.p, sizes.q}), 1, most);
  sizes.x = op.product("x", {s.n, s.h, s.w, s.c});
  sizes.w = op.product("w", {s.k, s.r, s.s, s.c});
  sizes.y = op.product("y", {s.n, sizes.p, sizes.q, s.k});
  return sizes;
}

}  // namespace angulus
