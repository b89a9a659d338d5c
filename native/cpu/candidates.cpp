#include "candidates.h"

#include "int8_weights.h"
#include "margin_space.h"
#include "metric_space.h"
#include "workspace.h"

namespace angulus::cpu {

#define AG_KERNEL(op, kernel) extern const Kernel kernel;
#define AG_CONV2D_KERNEL(direction, kernel) extern const Conv2dKernel kernel;
#include "candidates.inc"
#undef AG_KERNEL
#undef AG_CONV2D_KERNEL

Candidates Candidates::of(Isa isa) {
  Candidates list;
#define AG_KERNEL(op, kernel) \
  if (kernel.isa <= isa) list.kernels[op].push_back(&kernel);
#define AG_CONV2D_KERNEL(direction, kernel) \
  if (kernel.isa <= isa) list.convolutions[direction].push_back(&kernel);
#include "candidates.inc"
#undef AG_KERNEL
#undef AG_CONV2D_KERNEL
  return list;
}

int32_t direction_of(int32_t op) {
  switch (op) {
    case AG_OP_CONV2D_FORWARD: return AG_FORWARD;
    case AG_OP_CONV2D_BACKWARD_INPUT: return AG_BACKWARD_INPUT;
    case AG_OP_CONV2D_BACKWARD_WEIGHT: return AG_BACKWARD_WEIGHT;
    default: return -1;
  }
}

int64_t workspace_bytes(int32_t op, int64_t rows, int64_t columns, int64_t depth) {
  switch (op) {
    case AG_OP_CHANNEL_SUM:
    case AG_OP_PRELU_BACKWARD: return column_partials_bytes(rows, columns, 1);
    case AG_OP_BATCH_NORM_STATISTICS: return column_partials_bytes(rows, columns, 2);
    case AG_OP_BATCH_NORM_BACKWARD_REDUCE: return column_partials_bytes(rows, columns, 3);
    case AG_OP_MARGIN_FORWARD: return margin_forward_space(nullptr, rows, depth, columns).bytes;
    case AG_OP_MARGIN_BACKWARD:
      return std::max(MarginGradients(nullptr, rows, columns).bytes(), margin_backward_space(nullptr, rows, depth, columns).bytes);
    case AG_OP_METRIC_DISTANCES: return metric_columns_bytes(rows, columns);
    case AG_OP_METRIC_LOSS: return metric_sums_bytes(rows);
    case AG_OP_METRIC_BACKWARD: return metric_pulls_bytes(rows);
    case AG_OP_CENTER_LOSS: return 2 * rows * int64_t{sizeof(double)};
    case AG_OP_GRADIENT_NORM: return ceil_div(rows, kElements) * int64_t{sizeof(double)};
    case AG_OP_INT8_PREPARE: return int8_prepared_bytes(rows, columns, depth);
    default: return 0;
  }
}

}  // namespace angulus::cpu
