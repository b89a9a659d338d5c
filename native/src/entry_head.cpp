// Entry points: the head: target, forward, loss and backward over class ranges.
#include "checks.h"

using namespace angulus;

namespace {

constexpr int64_t kFloat = sizeof(float);

Others others_of(const ag_head& h) {
  switch (h.kind) {
    case AG_HEAD_CURRICULARFACE: return Others::curricular;
    case AG_HEAD_CIRCLE: return Others::circle;
    case AG_HEAD_SPHEREFACE2: return Others::binary;
    case AG_HEAD_C_CONTRASTIVE: return Others::contrastive;
    case AG_HEAD_C_TRIPLET: return Others::triplet;
    default: return h.filter < 1 ? Others::filter : Others::same;
  }
}

int64_t state_numbers(int32_t kind) { return kind == AG_HEAD_CURRICULARFACE ? 1 : kind == AG_HEAD_ADAFACE ? AG_HEAD_STATE : 0; }

// The constants that the kind reads: finite and where its formulas hold.
void check_constants(const OpCall& op, const ag_head& h) {
  constexpr float kLargest = 1e6f;
  const bool whole = h.kind == AG_HEAD_L_SOFTMAX || h.kind == AG_HEAD_SPHEREFACE;
  if (whole) op.range("m1", h.m1, 1.0f, 4.0f);
  if (whole && h.m1 != std::floor(h.m1)) fail(AG_INVALID_ARGUMENT, "%s: m1 is %g; expected 1, 2, 3 or 4", op.name(), static_cast<double>(h.m1));
  if (h.kind == AG_HEAD_SPHEREFACE_R || h.kind == AG_HEAD_COMBINED) op.range("m1", h.m1, 0.0f, 100.0f);
  if (h.kind == AG_HEAD_COMBINED || h.kind == AG_HEAD_MAGFACE) op.range("m3", h.m3, -100.0f, 100.0f);
  if (h.kind == AG_HEAD_MAGFACE) {
    op.range("low", h.low, 1e-6f, kLargest);
    op.range("high", h.high, h.low * 1.0001f, kLargest);
  }
  if (h.kind == AG_HEAD_MAGFACE || h.kind == AG_HEAD_SPHEREFACE2) op.range("weight", h.weight, 0.0f, kLargest);
  if (h.kind == AG_HEAD_ADAFACE || h.kind == AG_HEAD_ELASTICFACE || h.kind == AG_HEAD_SPHEREFACE2) op.range("spread", h.spread, 0.0f, 100.0f);
  if (h.kind == AG_HEAD_SPHEREFACE2) op.range("balance", h.balance, 0.0f, 1.0f);
  if (state_numbers(h.kind) > 0) op.range("rate", h.rate, 0.0f, 1.0f);
  const bool filters = others_of(h) == Others::filter;
  if (filters) op.range("filter", h.filter, -1.0f, 1.0f);
  if (filters && (h.kind == AG_HEAD_SOFTMAX || h.kind == AG_HEAD_L_SOFTMAX)) {
    fail(AG_INVALID_ARGUMENT, "%s: filter is %g, but this head has no cosines; expected 1", op.name(), static_cast<double>(h.filter));
  }
}

Head checked_head(OpCall& op, const ag_head* given) {
  const ag_head& h = op.given("head", given);
  op.range("kind", int64_t{h.kind}, AG_HEAD_SOFTMAX, AG_HEAD_COUNT - 1);
  op.range("n", int64_t{h.n}, 1, INT32_MAX);
  op.range("d", int64_t{h.d}, 1, INT32_MAX);
  op.range("classes", int64_t{h.classes}, 1, INT32_MAX);
  op.range("guard", int64_t{h.guard}, AG_NORM_CLAMP_LENGTH, AG_NORM_ADD);
  op.range("flags", int64_t{h.flags}, 0, 2 * AG_HEAD_SORTED - 1);
  op.range("centres", int64_t{h.centres}, 1, h.kind == AG_HEAD_ARCFACE ? 16 : 1);
  op.type(h.type);
  check_constants(op, h);
  const int64_t vectors = int64_t{h.classes} * h.centres;
  Head head{};
  head.kind = h.kind;
  head.n = h.n;
  head.d = h.d;
  head.classes = h.classes;
  head.guard = h.guard;
  head.type = h.type;
  head.flags = h.flags;
  head.centres = h.centres;
  head.others = others_of(h);
  head.normalised = h.kind != AG_HEAD_SOFTMAX && h.kind != AG_HEAD_L_SOFTMAX;
  head.scale_is_length = h.kind == AG_HEAD_MODIFIED_SOFTMAX || h.kind == AG_HEAD_SPHEREFACE;
  head.x = op.input<float>("x", h.x, op.product("x", {h.n, h.d, kFloat}));
  head.w = op.input<float>("w", h.w, op.product("w", {vectors, h.d, kFloat}));
  if (h.kind == AG_HEAD_SOFTMAX || h.kind == AG_HEAD_SPHEREFACE2) {
    head.bias = op.input<float>("bias", h.bias, (h.kind == AG_HEAD_SOFTMAX ? h.classes : 1) * kFloat);
  }
  if (h.kind != AG_HEAD_SOFTMAX) {
    head.inverse_x = op.input<float>("inverse_x", h.inverse_x, h.n * kFloat);
    head.inverse_w = op.input<float>("inverse_w", h.inverse_w, vectors * kFloat);
  }
  head.labels = op.input<int32_t>("labels", h.labels, h.n * int64_t{sizeof(int32_t)});
  head.scalars = op.input<ag_step_scalars>("scalars", h.scalars, sizeof(ag_step_scalars));
  head.scale = op.optional<float>("scale", h.scale, kFloat);
  if (state_numbers(h.kind) > 0) head.state = op.output<float>("state", h.state, state_numbers(h.kind) * kFloat);
  head.seed = h.seed;
  head.m1 = h.m1;
  head.m3 = h.m3;
  head.filter = h.filter;
  head.rate = h.rate;
  head.spread = h.spread;
  head.low = h.low;
  head.high = h.high;
  head.weight = h.weight;
  head.balance = h.balance;
  return head;
}

void check_classes(const OpCall& op, const Head& head, int32_t first, int32_t count) {
  op.range("first", int64_t{first}, 0, head.classes - 1);
  op.range("count", int64_t{count}, 1, int64_t{head.classes} - first);
}

}  // namespace

AG_ENTRY ag_status ag_margin_target(ag_device* device, const ag_head* head, ag_addr target) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_MARGIN_TARGET);
    MarginTargetCall call{};
    call.head = checked_head(op, head);
    call.target = op.output<float>("target", target, AG_TARGET_ROWS * call.head.n * kFloat);
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_margin_forward(ag_device* device, const ag_head* head, int32_t first, int32_t count, ag_addr target, ag_addr cosines,
                                     ag_addr partial, ag_addr best, ag_addr workspace) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_MARGIN_FORWARD);
    MarginForwardCall call{};
    call.head = checked_head(op, head);
    check_classes(op, call.head, first, count);
    const int64_t n = call.head.n;
    call.first = first;
    call.count = count;
    call.target = op.input<float>("target", target, AG_TARGET_ROWS * n * kFloat);
    if (cosines != 0) call.cosines = op.output<float>("cosines", cosines, op.product("cosines", {n, count, kFloat}));
    call.partial = op.output<float>("partial", partial, AG_PARTIAL_ROWS * n * kFloat);
    call.best = op.output<int32_t>("best", best, n * int64_t{sizeof(int32_t)});
    call.workspace = op.workspace(workspace, op.workspace_bytes(n, count, call.head.d));
    op.run(&call, call.head.type);
  });
}

AG_ENTRY ag_status ag_margin_loss(ag_device* device, const ag_head* head, int32_t ranges, ag_addr target, ag_addr partial, ag_addr log_sum_exp,
                                  ag_addr losses, ag_addr summary) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_MARGIN_LOSS);
    MarginLossCall call{};
    call.head = checked_head(op, head);
    op.range("ranges", int64_t{ranges}, 1, call.head.classes);
    const int64_t n = call.head.n;
    call.ranges = ranges;
    call.target = op.input<float>("target", target, AG_TARGET_ROWS * n * kFloat);
    call.partial = op.input<float>("partial", partial, op.product("partial", {ranges, AG_PARTIAL_ROWS, n, kFloat}));
    call.log_sum_exp = op.output<float>("log_sum_exp", log_sum_exp, n * kFloat);
    call.losses = op.output<float>("losses", losses, n * kFloat);
    call.summary = op.output<ag_head_summary>("summary", summary, sizeof(ag_head_summary));
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_margin_backward(ag_device* device, const ag_head* head, int32_t first, int32_t count, int32_t write_x, int32_t write_w,
                                      ag_addr target, ag_addr log_sum_exp, ag_addr losses, ag_addr cosines, ag_addr dx, ag_addr dw,
                                      ag_addr dbias, ag_addr dscale, ag_addr workspace) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_MARGIN_BACKWARD);
    MarginBackwardCall call{};
    call.head = checked_head(op, head);
    check_classes(op, call.head, first, count);
    op.write("write_x", write_x);
    op.write("write_w", write_w);
    const int64_t n = call.head.n;
    call.first = first;
    call.count = count;
    call.write_x = write_x;
    call.write_w = write_w;
    call.target = op.input<float>("target", target, AG_TARGET_ROWS * n * kFloat);
    call.log_sum_exp = op.input<float>("log_sum_exp", log_sum_exp, n * kFloat);
    call.losses = op.input<float>("losses", losses, n * kFloat);
    call.cosines = op.optional<float>("cosines", cosines, op.product("cosines", {n, count, kFloat}));
    call.dx = op.output<float>("dx", dx, op.product("dx", {n, call.head.d, kFloat}));
    call.dw = op.output<float>("dw", dw, op.product("dw", {int64_t{count} * call.head.centres, call.head.d, kFloat}));
    if (call.head.bias != nullptr) {
      call.dbias = op.output<float>("dbias", dbias, count * kFloat);
    } else if (dbias != 0) {
      fail(AG_INVALID_ARGUMENT, "%s: dbias is given, but only the SOFTMAX and SPHEREFACE2 heads have a bias; expected 0", op.name());
    }
    call.dscale = op.output<float>("dscale", dscale, n * kFloat);
    call.workspace = op.workspace(workspace, op.workspace_bytes(n, count, call.head.d));
    op.run(&call, call.head.type);
  });
}
