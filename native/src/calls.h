// What an entry point hands to a backend once every check has passed: one plain struct for each op, device addresses as pointers.
// A backend may copy a call byte by byte (recording does). Shapes and meaning of the fields are those of angulus.h.
#pragma once

#include "angulus.h"

namespace angulus {

struct FillCall { void* y; int64_t bytes; uint32_t pattern; };
struct CopyCall { void* y; const void* x; int64_t bytes; };
struct ConvertCall { int64_t count; int32_t from, to; const void* x; void* y; };
struct AddCall { int32_t type; int64_t count; const void* a; const void* b; void* y; };
struct ImageNormalizeCall { ag_image_shape shape; const uint8_t* images; const uint8_t* flips; void* y; };

// One struct for the three directions; `plan.epilogue` holds only what the kernel fuses (the entry point adds the rest as ops of their own).
struct Conv2dCall {
  ag_conv2d_plan plan;
  int32_t p, q;  // output rows and columns
  void* x;       // (N,H,W,C)
  void* w;       // (K,R,S,C), f32, or the prepared form where the plan has one
  void* y;       // (N,P,Q,K)
  void* workspace;
  const float* bias;
  const float* slope;
  const void* residual;
  float* statistics;
};
struct Conv2dPrepareCall { ag_conv2d_plan plan; const void* w; void* prepared; };

struct QuantizeCall { int64_t count; float factor; int32_t zero; const float* x; uint8_t* y; };
struct Int8PrepareCall { ag_conv2d_shape shape; const int8_t* w; void* prepared; };
struct Int8Conv2dCall {
  ag_conv2d_shape shape;
  int32_t p, q, rounded, x_zero, y_zero, residual_zero;
  float residual_scale;
  const uint8_t* x; const void* prepared; const float* scale; const float* bias; const float* slope; const uint8_t* residual; void* y;
};

struct ChannelSumCall { ag_matrix shape; int32_t write; const void* x; float* y; void* workspace; };
struct PreluForwardCall { ag_matrix shape; const void* x; const float* slope; const void* residual; void* y; };
struct PreluBackwardCall {
  ag_matrix shape; int32_t write; const void* dy; const void* x; const float* slope; void* dx; float* dslope; void* workspace;
};
struct BatchNormStatisticsCall { ag_matrix shape; const void* x; float* statistics; void* workspace; };
struct BatchNormLayer {
  int32_t rows, columns, type; float epsilon;
  const void* x; const float* statistics; const float* gamma; const float* beta; const float* slope;
};
struct BatchNormForwardCall { BatchNormLayer layer; const void* residual; void* y; };
struct BatchNormBackwardReduceCall {
  BatchNormLayer layer; int32_t write; const void* dy; float* dgamma; float* dbeta; float* dslope; float* sums; void* workspace;
};
struct BatchNormBackwardInputCall { BatchNormLayer layer; const void* dy; const float* sums; void* dx; };
struct RunningStatisticsCall { ag_matrix shape; float decay; int32_t unbiased; const float* statistics; float* running; };
struct DropoutCall {
  ag_matrix shape; float keep; uint64_t seed; int32_t purpose; const void* x; const ag_step_scalars* scalars; void* y;
};
struct MaxPoolForwardCall { ag_max_pool_shape shape; int32_t p, q; const void* x; uint8_t* winner; void* y; };
struct MaxPoolBackwardCall { ag_max_pool_shape shape; int32_t p, q; const void* dy; const uint8_t* winner; void* dx; };
struct RowNormCall { ag_matrix shape; int32_t guard; const void* x; float* inverse; };
struct NormalizeForwardCall { ag_matrix shape; int32_t guard; const void* x; float* inverse; void* y; };
struct NormalizeBackwardCall { ag_matrix shape; int32_t guard; const void* dy; const void* x; const float* inverse; void* dx; };

// What a head makes of the cosines of the other classes: t(c), margin_others.h. From `binary` on its loss is a sum over the classes.
enum class Others : int32_t { same, filter, curricular, circle, binary, contrastive, triplet };
struct Head {
  int32_t kind, n, d, classes, guard, type, flags, centres;
  Others others;       // t(c), and whether the loss is a sum
  bool normalised;     // c is a cosine
  bool scale_is_length;
  const float* x; const float* w; const float* bias; const int32_t* labels; const float* inverse_x; const float* inverse_w;
  const ag_step_scalars* scalars; const float* scale; float* state;
  uint64_t seed;
  float m1, m3, filter, rate, spread, low, high, weight, balance;
};
struct MarginTargetCall { Head head; float* target; };
struct MarginForwardCall {
  Head head; int32_t first, count; const float* target; float* cosines; float* partial; int32_t* best; void* workspace;
};
struct MarginLossCall {
  Head head; int32_t ranges; const float* target; const float* partial; float* log_sum_exp; float* losses; ag_head_summary* summary;
};
struct MarginBackwardCall {
  Head head; int32_t first, count, write_x, write_w; const float* target; const float* log_sum_exp; const float* losses;
  const float* cosines; float* dx; float* dw; float* dbias; float* dscale; void* workspace;
};

struct MetricDistancesCall { ag_matrix shape; int32_t distance; const float* x; float* distances; void* workspace; };
struct Metric {
  int32_t loss, distance, selection, form, mean, fallback, n, d, classes, images, purpose;
  float weight, pull, nu;
  uint64_t seed;
  const float* distances; const int32_t* labels; const float* margin; const float* beta; const float* beta_class; const float* beta_image;
  const int32_t* image; const ag_step_scalars* scalars;
};
struct MetricLossCall { Metric metric; float* coefficients; float* dbeta; ag_metric_summary* summary; void* workspace; };
struct MetricBackwardCall {
  ag_matrix shape; int32_t distance, write; const float* x; const float* distances; const float* coefficients; float* dx; void* workspace;
};
struct MetricBetaCall { Metric metric; int32_t write; const float* dbeta; float* dbeta_all; float* dbeta_class; float* dbeta_image; };
struct Center {
  int32_t n, d, classes, form; float weight, rate; int32_t counted; const float* x; const int32_t* labels; const ag_step_scalars* scalars;
};
struct CenterLossCall { Center center; int32_t write; const float* centers; float* dx; ag_metric_summary* summary; void* workspace; };
struct CenterUpdateCall { Center center; float* centers; };

struct GradientNormCall {
  int64_t count; float gradient_scale, max_norm; const float* gradients; ag_step_control* control; void* workspace;
};
// The rules of an update's stretches. The entry point cuts a longer list, so that a call stays a plain struct.
constexpr int32_t kMostSegments = 32;
struct Segments { int32_t count; ag_segment of[kMostSegments]; };
struct SgdUpdateCall {
  ag_sgd rule; Segments segments; float* parameters; const float* gradients; float* velocity;
  const ag_step_scalars* scalars; const ag_step_control* control;
};
struct AdamUpdateCall {
  ag_adam rule; Segments segments; float* parameters; const float* gradients; float* first; float* second;
  const ag_step_scalars* scalars; const ag_step_control* control;
};
struct AdagradUpdateCall {
  float epsilon; Segments segments; float* parameters; const float* gradients; float* squares;
  const ag_step_scalars* scalars; const ag_step_control* control;
};
struct RmspropUpdateCall {
  ag_rmsprop rule; Segments segments; float* parameters; const float* gradients; float* squares; float* velocity;
  const ag_step_scalars* scalars; const ag_step_control* control;
};
struct EmaUpdateCall { int64_t count; float decay; const float* x; float* average; const ag_step_control* control; };
struct CommitCopyCall { void* y; const void* x; int64_t bytes; const ag_step_control* control; };
struct CommitEndCall { ag_step_control* control; };

// Internal: completes a convolution whose kernel does not fuse all of its epilogue. y = residual + prelu(x + bias); bias, slope and residual
// optional; y may be x or residual.
struct ChannelEpilogueCall { ag_matrix shape; const void* x; const float* bias; const float* slope; const void* residual; void* y; };
constexpr int32_t kOpChannelEpilogue = AG_OP_COUNT;  // internal ops follow the public ones
constexpr int32_t kOpCount = AG_OP_COUNT + 1;        // with the internal ones: the size of a backend's tables

// The list of ops: enumerator of angulus.h, name in words, call struct. Declaration, dispatch and the tests' walk come from it.
#define AG_FOR_EACH_OP(X)                                                   \
  X(AG_OP_FILL, fill, FillCall)                                             \
  X(AG_OP_COPY, copy, CopyCall)                                             \
  X(AG_OP_CONVERT, convert, ConvertCall)                                    \
  X(AG_OP_ADD, add, AddCall)                                                \
  X(AG_OP_IMAGE_NORMALIZE, image_normalize, ImageNormalizeCall)             \
  X(AG_OP_CONV2D_FORWARD, conv2d_forward, Conv2dCall)                       \
  X(AG_OP_CONV2D_BACKWARD_INPUT, conv2d_backward_input, Conv2dCall)         \
  X(AG_OP_CONV2D_BACKWARD_WEIGHT, conv2d_backward_weight, Conv2dCall)       \
  X(AG_OP_CONV2D_PREPARE, conv2d_prepare, Conv2dPrepareCall)                \
  X(AG_OP_CHANNEL_SUM, channel_sum, ChannelSumCall)                         \
  X(AG_OP_PRELU_FORWARD, prelu_forward, PreluForwardCall)                   \
  X(AG_OP_PRELU_BACKWARD, prelu_backward, PreluBackwardCall)                \
  X(AG_OP_BATCH_NORM_STATISTICS, batch_norm_statistics, BatchNormStatisticsCall) \
  X(AG_OP_BATCH_NORM_FORWARD, batch_norm_forward, BatchNormForwardCall)     \
  X(AG_OP_BATCH_NORM_BACKWARD_REDUCE, batch_norm_backward_reduce, BatchNormBackwardReduceCall) \
  X(AG_OP_BATCH_NORM_BACKWARD_INPUT, batch_norm_backward_input, BatchNormBackwardInputCall) \
  X(AG_OP_RUNNING_STATISTICS, running_statistics, RunningStatisticsCall)    \
  X(AG_OP_DROPOUT, dropout, DropoutCall)                                    \
  X(AG_OP_ROW_NORM, row_norm, RowNormCall)                                  \
  X(AG_OP_NORMALIZE_FORWARD, normalize_forward, NormalizeForwardCall)       \
  X(AG_OP_NORMALIZE_BACKWARD, normalize_backward, NormalizeBackwardCall)    \
  X(AG_OP_MARGIN_TARGET, margin_target, MarginTargetCall)                   \
  X(AG_OP_MARGIN_FORWARD, margin_forward, MarginForwardCall)                \
  X(AG_OP_MARGIN_LOSS, margin_loss, MarginLossCall)                         \
  X(AG_OP_MARGIN_BACKWARD, margin_backward, MarginBackwardCall)             \
  X(AG_OP_GRADIENT_NORM, gradient_norm, GradientNormCall)                   \
  X(AG_OP_SGD_UPDATE, sgd_update, SgdUpdateCall)                            \
  X(AG_OP_ADAM_UPDATE, adam_update, AdamUpdateCall)                         \
  X(AG_OP_EMA_UPDATE, ema_update, EmaUpdateCall)                            \
  X(AG_OP_COMMIT_COPY, commit_copy, CommitCopyCall)                         \
  X(AG_OP_COMMIT_END, commit_end, CommitEndCall)                            \
  X(AG_OP_ADAGRAD_UPDATE, adagrad_update, AdagradUpdateCall)                \
  X(AG_OP_RMSPROP_UPDATE, rmsprop_update, RmspropUpdateCall)                \
  X(AG_OP_MAX_POOL_FORWARD, max_pool_forward, MaxPoolForwardCall)           \
  X(AG_OP_MAX_POOL_BACKWARD, max_pool_backward, MaxPoolBackwardCall)        \
  X(AG_OP_METRIC_DISTANCES, metric_distances, MetricDistancesCall)          \
  X(AG_OP_METRIC_LOSS, metric_loss, MetricLossCall)                         \
  X(AG_OP_METRIC_BACKWARD, metric_backward, MetricBackwardCall)             \
  X(AG_OP_METRIC_BETA, metric_beta, MetricBetaCall)                         \
  X(AG_OP_CENTER_LOSS, center_loss, CenterLossCall)                         \
  X(AG_OP_CENTER_UPDATE, center_update, CenterUpdateCall)                   \
  X(AG_OP_QUANTIZE, quantize, QuantizeCall)                                 \
  X(AG_OP_INT8_PREPARE, int8_prepare, Int8PrepareCall)                      \
  X(AG_OP_INT8_CONV2D, int8_conv2d, Int8Conv2dCall)

// Every backend has these too; they are not part of angulus.h.
#define AG_FOR_EACH_INTERNAL_OP(X) X(kOpChannelEpilogue, channel_epilogue, ChannelEpilogueCall)

}  // namespace angulus
