// Entry points: the head: target, forward, loss and backward over class ranges.
#include "checks.h"

using namespace angulus;

namespace {

constexpr int64_t kFloat = sizeof(float);

Head checked_head(OpCall& op, const ag_head* given) {
  const ag_head& h = op.given("head", given);
  op.range("kind", int64_t{h.kind}, AG_HEAD_SOFTMAX, AG_HEAD_AM_SOFTMAX);
  op.range("n", int64_t{h.n}, 1, INT32_MAX);
  op.range("d", int64_t{h.d}, 1, INT32_MAX);
  op.range("classes", int64_t{h.classes}, 1, INT32_MAX);
  op.range("guard", int64_t{h.guard}, AG_NORM_CLAMP_LENGTH, AG_NORM_ADD);
  op.type(h.type);
  Head head{};
  head.kind = h.kind;
  head.n = h.n;
  head.d = h.d;
  head.classes = h.classes;
  head.guard = h.guard;
  head.type = h.type;
  head.x = op.input<float>("x", h.x, op.product("x", {h.n, h.d, kFloat}));
  head.w = op.input<float>("w", h.w, op.product("w", {h.classes, h.d, kFloat}));
  if (h.kind == AG_HEAD_SOFTMAX) {
    head.bias = op.input<float>("bias", h.bias, h.classes * kFloat);
  } else {
    head.inverse_x = op.input<float>("inverse_x", h.inverse_x, h.n * kFloat);
    head.inverse_w = op.input<float>("inverse_w", h.inverse_w, h.classes * kFloat);
  }
  head.labels = op.input<int32_t>("labels", h.labels, h.n * int64_t{sizeof(int32_t)});
  head.scalars = op.input<ag_step_scalars>("scalars", h.scalars, sizeof(ag_step_scalars));
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
    call.dw = op.output<float>("dw", dw, op.product("dw", {count, call.head.d, kFloat}));
    if (call.head.kind == AG_HEAD_SOFTMAX) {
      call.dbias = op.output<float>("dbias", dbias, count * kFloat);
    } else if (dbias != 0) {
      fail(AG_INVALID_ARGUMENT, "%s: dbias is given, but only the SOFTMAX head has a bias; expected 0", op.name());
    }
    call.dscale = op.output<float>("dscale", dscale, n * kFloat);
    call.workspace = op.workspace(workspace, op.workspace_bytes(n, count, call.head.d));
    op.run(&call, call.head.type);
  });
}
