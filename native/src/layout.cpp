// The layout of angulus.h, as Java and the plug-ins rely on it.
#include <cstddef>

#include "angulus.h"

static_assert(sizeof(ag_device_info) == 64 + 192 + 32 + 4 * 8 + 2 * 4, "ag_device_info");
static_assert(offsetof(ag_device_info, memory_bytes) == 288 && offsetof(ag_device_info, threads) == 320, "ag_device_info");
static_assert(sizeof(ag_peak) == 16, "ag_peak");
static_assert(sizeof(ag_fault) == 24 && offsetof(ag_fault, index) == 8, "ag_fault");
static_assert(sizeof(ag_step_scalars) == 32 && offsetof(ag_step_scalars, learning_rate) == 16, "ag_step_scalars");
static_assert(sizeof(ag_image_shape) == 32 && offsetof(ag_image_shape, mean) == 24, "ag_image_shape");
static_assert(sizeof(ag_conv2d_shape) == 56 && offsetof(ag_conv2d_shape, type) == 52, "ag_conv2d_shape");
static_assert(sizeof(ag_conv2d_plan) == 96 && offsetof(ag_conv2d_plan, prepared_bytes) == 80, "ag_conv2d_plan");
static_assert(sizeof(ag_conv2d_operands) == 72, "ag_conv2d_operands");
static_assert(sizeof(ag_max_pool_shape) == 36 && offsetof(ag_max_pool_shape, type) == 32, "ag_max_pool_shape");
static_assert(sizeof(ag_matrix) == 12, "ag_matrix");
static_assert(sizeof(ag_batch_norm) == 56 && offsetof(ag_batch_norm, x) == 16, "ag_batch_norm");
static_assert(sizeof(ag_head) == 152 && offsetof(ag_head, type) == 20 && offsetof(ag_head, x) == 32 && offsetof(ag_head, m1) == 112, "ag_head");
static_assert(sizeof(ag_head_summary) == 16, "ag_head_summary");
static_assert(sizeof(ag_step_control) == 32 && offsetof(ag_step_control, applied_steps) == 16, "ag_step_control");
static_assert(sizeof(ag_segment) == 32 && offsetof(ag_segment, weight_decay) == 16, "ag_segment");
static_assert(sizeof(ag_sgd) == 16, "ag_sgd");
static_assert(sizeof(ag_adam) == 24, "ag_adam");
static_assert(sizeof(ag_rmsprop) == 16, "ag_rmsprop");
static_assert(sizeof(ag_metric) == 128 && offsetof(ag_metric, seed) == 56 && offsetof(ag_metric, scalars) == 120, "ag_metric");
static_assert(sizeof(ag_metric_summary) == 32, "ag_metric_summary");
static_assert(sizeof(ag_center) == 56 && offsetof(ag_center, x) == 32, "ag_center");
