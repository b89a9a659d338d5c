// Entry points: the end of a step: gradient norm, updates, averages, commit.
#include <algorithm>
#include <cinttypes>
#include <vector>

#include "checks.h"

using namespace angulus;

namespace {

constexpr int64_t kMostElements = int64_t{1} << 40;

int64_t checked_count(const OpCall& op, int64_t count) {
  op.range("count", count, 1, kMostElements);
  return count * int64_t{sizeof(float)};
}

void check_not_negative(const OpCall& op, const char* argument, float value) { op.range(argument, value, 0.0f, 3.402823466e38f); }

// The segments, each inside [0, count) and apart from the others.
std::vector<ag_segment> checked_segments(const OpCall& op, const ag_segment* segments, int32_t segment_count, int64_t count) {
  op.range("segment_count", int64_t{segment_count}, 1, INT32_MAX);
  if (segments == nullptr) fail(AG_INVALID_ARGUMENT, "%s: segments is null; expected %d segments", op.name(), segment_count);
  std::vector<ag_segment> list(segments, segments + segment_count);
  for (int32_t i = 0; i < segment_count; ++i) {
    const ag_segment& s = list[static_cast<size_t>(i)];
    if (s.offset < 0 || s.count < 1 || s.offset > count || s.count > count - s.offset)
      fail(AG_INVALID_ARGUMENT, "%s: segment %d is [%" PRId64 ", +%" PRId64 "); expected a part of [0, %" PRId64 ")", op.name(), i, s.offset, s.count,
           count);
    check_not_negative(op, "weight_decay", s.weight_decay);
    check_not_negative(op, "rate_factor", s.rate_factor);
    if (std::isnan(s.lower_bound)) fail(AG_INVALID_ARGUMENT, "%s: lower_bound of segment %d is not a number; expected a bound or -infinity", op.name(), i);
  }
  std::vector<ag_segment> sorted = list;
  std::sort(sorted.begin(), sorted.end(), [](const ag_segment& a, const ag_segment& b) { return a.offset < b.offset; });
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i - 1].offset + sorted[i - 1].count > sorted[i].offset)
      fail(AG_INVALID_ARGUMENT, "%s: the segments at %" PRId64 " and %" PRId64 " overlap", op.name(), sorted[i - 1].offset, sorted[i].offset);
  }
  return list;
}

// One call for each kMostSegments of the list.
template <class Call>
void enqueue_segments(Device& device, int32_t op, const std::vector<ag_segment>& list, Call* call) {
  for (size_t first = 0; first < list.size(); first += kMostSegments) {
    const size_t count = std::min<size_t>(kMostSegments, list.size() - first);
    call->segments.count = static_cast<int32_t>(count);
    std::copy_n(list.begin() + static_cast<std::ptrdiff_t>(first), count, call->segments.of);
    device.enqueue(op, call, AG_F32);
  }
}

}  // namespace

AG_ENTRY ag_status ag_gradient_norm(ag_device* device, int64_t count, float gradient_scale, float max_norm, ag_addr gradients, ag_addr control,
                                    ag_addr workspace) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_GRADIENT_NORM);
    const int64_t bytes = checked_count(op, count);
    check_not_negative(op, "gradient_scale", gradient_scale);
    check_not_negative(op, "max_norm", max_norm);
    GradientNormCall call{};
    call.count = count;
    call.gradient_scale = gradient_scale;
    call.max_norm = max_norm;
    call.gradients = op.input<float>("gradients", gradients, bytes);
    call.control = op.output<ag_step_control>("control", control, sizeof(ag_step_control));
    call.workspace = op.workspace(workspace, op.workspace_bytes(count, 1));
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_sgd_update(ag_device* device, const ag_sgd* rule, int64_t count, const ag_segment* segments, int32_t segment_count,
                                 ag_addr parameters, ag_addr gradients, ag_addr velocity, ag_addr scalars, ag_addr control) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_SGD_UPDATE);
    const ag_sgd& r = op.given("rule", rule);
    op.range("momentum", r.momentum, 0.0f, 1.0f);
    op.range("convention", int64_t{r.convention}, AG_MOMENTUM_TORCH, AG_MOMENTUM_CAFFE);
    op.range("nesterov", int64_t{r.nesterov}, 0, r.convention == AG_MOMENTUM_TORCH ? 1 : 0);
    const int64_t bytes = checked_count(op, count);
    SgdUpdateCall call{};
    call.rule = r;
    call.parameters = op.output<float>("parameters", parameters, bytes);
    call.gradients = op.input<float>("gradients", gradients, bytes);
    call.velocity = op.output<float>("velocity", velocity, bytes);
    call.scalars = op.input<ag_step_scalars>("scalars", scalars, sizeof(ag_step_scalars));
    call.control = op.input<ag_step_control>("control", control, sizeof(ag_step_control));
    op.check_overlaps();
    enqueue_segments(d, AG_OP_SGD_UPDATE, checked_segments(op, segments, segment_count, count), &call);
  });
}

AG_ENTRY ag_status ag_adam_update(ag_device* device, const ag_adam* rule, int64_t count, const ag_segment* segments, int32_t segment_count,
                                  ag_addr parameters, ag_addr gradients, ag_addr first, ag_addr second, ag_addr scalars, ag_addr control) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_ADAM_UPDATE);
    const ag_adam& r = op.given("rule", rule);
    if (!(r.beta1 >= 0 && r.beta1 < 1) || !(r.beta2 >= 0 && r.beta2 < 1))
      fail(AG_INVALID_ARGUMENT, "%s: beta1 is %g and beta2 is %g; expected both from 0 to below 1", op.name(), static_cast<double>(r.beta1),
           static_cast<double>(r.beta2));
    check_not_negative(op, "epsilon", r.epsilon);
    op.range("form", int64_t{r.form}, AG_ADAM_TORCH, AG_ADAM_EPSILON_HAT);
    op.range("decoupled", int64_t{r.decoupled}, 0, 1);
    const int64_t bytes = checked_count(op, count);
    AdamUpdateCall call{};
    call.rule = r;
    call.parameters = op.output<float>("parameters", parameters, bytes);
    call.gradients = op.input<float>("gradients", gradients, bytes);
    call.first = op.output<float>("first", first, bytes);
    call.second = op.output<float>("second", second, bytes);
    call.scalars = op.input<ag_step_scalars>("scalars", scalars, sizeof(ag_step_scalars));
    call.control = op.input<ag_step_control>("control", control, sizeof(ag_step_control));
    op.check_overlaps();
    enqueue_segments(d, AG_OP_ADAM_UPDATE, checked_segments(op, segments, segment_count, count), &call);
  });
}

AG_ENTRY ag_status ag_ema_update(ag_device* device, int64_t count, float decay, ag_addr x, ag_addr average, ag_addr control) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_EMA_UPDATE);
    const int64_t bytes = checked_count(op, count);
    op.range("decay", decay, 0.0f, 1.0f);
    EmaUpdateCall call{};
    call.count = count;
    call.decay = decay;
    call.x = op.input<float>("x", x, bytes);
    call.average = op.output<float>("average", average, bytes);
    call.control = op.input<ag_step_control>("control", control, sizeof(ag_step_control));
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_commit_copy(ag_device* device, ag_addr y, ag_addr x, int64_t bytes, ag_addr control) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_COMMIT_COPY);
    op.range("bytes", bytes, 1, INT64_MAX);
    CommitCopyCall call{};
    call.x = op.input("x", x, bytes);
    call.y = op.output("y", y, bytes);
    call.bytes = bytes;
    call.control = op.input<ag_step_control>("control", control, sizeof(ag_step_control));
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_commit_end(ag_device* device, ag_addr control) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_COMMIT_END);
    CommitEndCall call{};
    call.control = op.output<ag_step_control>("control", control, sizeof(ag_step_control));
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_adagrad_update(ag_device* device, float epsilon, int64_t count, const ag_segment* segments, int32_t segment_count,
                                     ag_addr parameters, ag_addr gradients, ag_addr squares, ag_addr scalars, ag_addr control) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_ADAGRAD_UPDATE);
    check_not_negative(op, "epsilon", epsilon);
    const int64_t bytes = checked_count(op, count);
    AdagradUpdateCall call{};
    call.epsilon = epsilon;
    call.parameters = op.output<float>("parameters", parameters, bytes);
    call.gradients = op.input<float>("gradients", gradients, bytes);
    call.squares = op.output<float>("squares", squares, bytes);
    call.scalars = op.input<ag_step_scalars>("scalars", scalars, sizeof(ag_step_scalars));
    call.control = op.input<ag_step_control>("control", control, sizeof(ag_step_control));
    op.check_overlaps();
    enqueue_segments(d, AG_OP_ADAGRAD_UPDATE, checked_segments(op, segments, segment_count, count), &call);
  });
}

AG_ENTRY ag_status ag_rmsprop_update(ag_device* device, const ag_rmsprop* rule, int64_t count, const ag_segment* segments, int32_t segment_count,
                                     ag_addr parameters, ag_addr gradients, ag_addr squares, ag_addr velocity, ag_addr scalars, ag_addr control) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_RMSPROP_UPDATE);
    const ag_rmsprop& r = op.given("rule", rule);
    op.range("decay", r.decay, 0.0f, 1.0f);
    op.range("momentum", r.momentum, 0.0f, 1.0f);
    check_not_negative(op, "epsilon", r.epsilon);
    op.range("form", int64_t{r.form}, AG_RMSPROP_TORCH, AG_RMSPROP_TENSORFLOW);
    const int64_t bytes = checked_count(op, count);
    RmspropUpdateCall call{};
    call.rule = r;
    call.parameters = op.output<float>("parameters", parameters, bytes);
    call.gradients = op.input<float>("gradients", gradients, bytes);
    call.squares = op.output<float>("squares", squares, bytes);
    call.velocity = op.output<float>("velocity", velocity, bytes);
    call.scalars = op.input<ag_step_scalars>("scalars", scalars, sizeof(ag_step_scalars));
    call.control = op.input<ag_step_control>("control", control, sizeof(ag_step_control));
    op.check_overlaps();
    enqueue_segments(d, AG_OP_RMSPROP_UPDATE, checked_segments(op, segments, segment_count, count), &call);
  });
}
