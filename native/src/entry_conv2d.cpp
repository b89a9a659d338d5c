// Entry points: convolution. A plan is made once, from the shape; prepare and run compute it again and compare, so that a plan that was changed
// by hand is refused. What a kernel does not fuse of an epilogue is completed here by ops of their own, so every kernel accepts every
// epilogue.
//
// The order of an epilogue is fixed (bias, PReLU, residual), so a kernel fuses a beginning of it and the rest follows as channel_epilogue. With
// a residual left over the kernel's result goes to the workspace first: the residual may be the output itself.
//
// Workspace: [kernel's own | result before the residual | batch_norm_statistics], each part present only where it is needed.
#include <cinttypes>
#include <cstring>

#include "checks.h"
#include "conv2d_sizes.h"

using namespace angulus;

namespace {

constexpr int64_t kPart = 256;  // parts of the workspace begin at multiples of this

int32_t op_of(int32_t direction) {
  return direction == AG_FORWARD ? AG_OP_CONV2D_FORWARD : direction == AG_BACKWARD_INPUT ? AG_OP_CONV2D_BACKWARD_INPUT : AG_OP_CONV2D_BACKWARD_WEIGHT;
}

int64_t rounded(int64_t bytes) { return (bytes + kPart - 1) / kPart * kPart; }

// A plan with what only the entry points know of it.
struct Plan {
  ag_conv2d_plan plan;
  int32_t p, q;
  int32_t fused;                                        // of the epilogue, by the kernel
  int64_t x_bytes, w_bytes, y_bytes;
  int64_t kernel_workspace;                             // bytes of the kernel's own part
  int64_t result_at, statistics_at;                     // offsets of the other parts; -1: not there
  bool has(int32_t flag) const { return (plan.epilogue & flag) != 0; }
};

void check_shape(OpCall& op, const ag_conv2d_shape& s, Plan* plan) {
  const Conv2dSizes sizes = conv2d_sizes(op, s);
  const int64_t element = element_bytes(s.type);
  plan->p = sizes.p;
  plan->q = sizes.q;
  plan->x_bytes = op.product("x", {sizes.x, element});
  plan->w_bytes = op.product("w", {sizes.w, int64_t{sizeof(float)}});
  plan->y_bytes = op.product("y", {sizes.y, element});
  // A kernel may unfold filter windows: no product of a window and a position overflows either.
  op.product("the product of filter size and output positions", {op.product("w", {s.r, s.s, s.c}), s.n, plan->p, plan->q, element});
}

void check_epilogue(OpCall& op, int32_t direction, int32_t epilogue, int32_t write) {
  op.write("write", write);
  if (write == AG_ACCUMULATE && direction != AG_BACKWARD_WEIGHT)
    fail(AG_INVALID_ARGUMENT, "%s: write is AG_ACCUMULATE; expected AG_OVERWRITE (only backward by weight accumulates)", op.name());
  const int32_t allowed = direction == AG_FORWARD ? AG_EPILOGUE_BIAS | AG_EPILOGUE_PRELU | AG_EPILOGUE_RESIDUAL | AG_EPILOGUE_STATISTICS
                          : direction == AG_BACKWARD_INPUT ? AG_EPILOGUE_RESIDUAL
                                                           : 0;
  if ((epilogue & ~allowed) != 0)
    fail(AG_INVALID_ARGUMENT, "%s: epilogue is 0x%x; expected a sum of flags of 0x%x", op.name(), static_cast<unsigned>(epilogue),
         static_cast<unsigned>(allowed));
  if ((epilogue & AG_EPILOGUE_STATISTICS) != 0 && epilogue != AG_EPILOGUE_STATISTICS)
    fail(AG_INVALID_ARGUMENT, "%s: epilogue is 0x%x; AG_EPILOGUE_STATISTICS stands alone", op.name(), static_cast<unsigned>(epilogue));
}

// The flags of the epilogue that a kernel may do: a beginning of bias, PReLU, residual.
int32_t fusable(int32_t epilogue, int32_t fused) {
  int32_t result = epilogue & fused & AG_EPILOGUE_STATISTICS;
  for (const int32_t flag : {AG_EPILOGUE_BIAS, AG_EPILOGUE_PRELU, AG_EPILOGUE_RESIDUAL}) {
    if ((epilogue & flag) == 0) continue;
    if ((fused & flag) == 0) break;
    result |= flag;
  }
  return result;
}

// Asks one kernel; false when it cannot do the shape.
bool try_kernel(OpCall& op, int32_t kernel, Plan* plan) {
  const ag_backend& backend = op.device().backend();
  plan->plan.kernel = kernel;
  plan->plan.prepared_form = 0;
  plan->plan.prepared_bytes = 0;
  plan->plan.workspace_bytes = 0;
  int32_t fused = 0;
  if (backend.conv2d_plan(op.device().state(), kernel, &plan->plan, &fused) == 0) return false;
  plan->fused = fusable(plan->plan.epilogue, fused);
  plan->kernel_workspace = plan->plan.workspace_bytes;
  plan->result_at = plan->statistics_at = -1;
  int64_t end = rounded(plan->kernel_workspace);
  const int32_t left = plan->plan.epilogue & ~plan->fused;
  if ((left & AG_EPILOGUE_RESIDUAL) != 0) {
    plan->result_at = end;
    end += rounded(plan->plan.direction == AG_FORWARD ? plan->y_bytes : plan->x_bytes);
  }
  if ((left & AG_EPILOGUE_STATISTICS) != 0) {
    plan->statistics_at = end;
    end += backend.workspace_bytes(op.device().state(), AG_OP_BATCH_NORM_STATISTICS, int64_t{plan->plan.shape.n} * plan->p * plan->q,
                                   plan->plan.shape.k, 1);
  }
  plan->plan.workspace_bytes = left == 0 ? plan->kernel_workspace : end;
  return true;
}

Plan make_plan(OpCall& op, const ag_conv2d_shape& shape, int32_t direction, int32_t epilogue, int32_t write, int32_t kernel) {
  Plan plan{};
  check_shape(op, shape, &plan);
  check_epilogue(op, direction, epilogue, write);
  plan.plan.shape = shape;
  plan.plan.direction = direction;
  plan.plan.epilogue = epilogue;
  plan.plan.write = write;
  const int32_t count = op.device().backend().kernel_count(op.device().state(), op_of(direction));
  op.range("kernel", int64_t{kernel}, -1, count - 1);
  if (kernel >= 0) {
    if (!try_kernel(op, kernel, &plan))
      fail(AG_UNAVAILABLE, "%s: the forced kernel %s cannot do this shape (%s)", op.name(),
           op.device().backend().kernel_name(op.device().state(), op_of(direction), kernel), type_name(shape.type));
    return plan;
  }
  for (int32_t choice = 0; choice < count; ++choice) {
    if (try_kernel(op, choice, &plan)) return plan;
  }
  fail(AG_UNAVAILABLE, "%s: device %s has no kernel for %s here%s", op.name(), op.device().name(), type_name(shape.type),
       shape.type == AG_F32 ? "" : "; use f32");
}

// The plan as make_plan makes it, after it was compared with what came.
Plan checked_plan(OpCall& op, const ag_conv2d_plan& given) {
  op.range("plan.kernel", int64_t{given.kernel}, 0, INT32_MAX);
  const Plan plan = make_plan(op, given.shape, given.direction, given.epilogue, given.write, given.kernel);
  const auto same = [&](const char* field, int64_t came, int64_t expected) {
    if (came != expected)
      fail(AG_INVALID_ARGUMENT, "%s: plan.%s is %" PRId64 " but ag_conv2d_make_plan gives %" PRId64 "; pass the plan unchanged", op.name(), field, came,
           expected);
  };
  same("prepared_form", given.prepared_form, plan.plan.prepared_form);
  same("reserved", given.reserved, plan.plan.reserved);
  same("prepared_bytes", given.prepared_bytes, plan.plan.prepared_bytes);
  same("workspace_bytes", given.workspace_bytes, plan.plan.workspace_bytes);
  return plan;
}

const ag_conv2d_plan& given_plan(const ag_conv2d_plan* plan) {
  if (plan == nullptr) fail(AG_INVALID_ARGUMENT, "conv2d: plan is null; expected a plan of ag_conv2d_make_plan");
  if (plan->direction < AG_FORWARD || plan->direction > AG_BACKWARD_WEIGHT)
    fail(AG_INVALID_ARGUMENT, "conv2d: direction is %d; expected AG_FORWARD (0), AG_BACKWARD_INPUT (1) or AG_BACKWARD_WEIGHT (2)", plan->direction);
  return *plan;
}

void* part(void* workspace, int64_t offset) { return offset < 0 ? nullptr : static_cast<char*>(workspace) + offset; }

// What the kernel left of the epilogue.
void complete(Device& device, const Plan& plan, const Conv2dCall& call, void* output, const float* bias, const float* slope, const void* residual,
              float* statistics, void* workspace) {
  const ag_conv2d_shape& s = plan.plan.shape;
  const int32_t left = plan.plan.epilogue & ~plan.fused;
  const bool forward = plan.plan.direction == AG_FORWARD;
  const ag_matrix shape{forward ? s.n * plan.p * plan.q : s.n * s.h * s.w, forward ? s.k : s.c, s.type};
  if ((left & AG_EPILOGUE_STATISTICS) != 0) {
    const BatchNormStatisticsCall next{shape, output, statistics, part(workspace, plan.statistics_at)};
    device.enqueue(AG_OP_BATCH_NORM_STATISTICS, &next, s.type);
  } else if (left != 0) {
    const ChannelEpilogueCall next{shape,
                                   forward ? call.y : call.x,
                                   (left & AG_EPILOGUE_BIAS) != 0 ? bias : nullptr,
                                   (left & AG_EPILOGUE_PRELU) != 0 ? slope : nullptr,
                                   (left & AG_EPILOGUE_RESIDUAL) != 0 ? residual : nullptr,
                                   output};
    device.enqueue(kOpChannelEpilogue, &next, s.type);
  }
}

}  // namespace

AG_ENTRY ag_status ag_conv2d_make_plan(ag_device* device, const ag_conv2d_shape* shape, int32_t direction, int32_t epilogue, int32_t write,
                                       int32_t kernel, ag_conv2d_plan* plan) {
  return guarded(device, [&](Device& d) {
    if (direction < AG_FORWARD || direction > AG_BACKWARD_WEIGHT)
      fail(AG_INVALID_ARGUMENT, "conv2d: direction is %d; expected AG_FORWARD (0), AG_BACKWARD_INPUT (1) or AG_BACKWARD_WEIGHT (2)", direction);
    OpCall op(d, op_of(direction));
    const ag_conv2d_shape& s = op.given("shape", shape);
    if (plan == nullptr) fail(AG_INVALID_ARGUMENT, "%s: plan is null; expected a pointer to its struct", op.name());
    *plan = make_plan(op, s, direction, epilogue, write, kernel).plan;
  });
}

AG_ENTRY ag_status ag_conv2d_prepare(ag_device* device, const ag_conv2d_plan* plan, ag_addr w, ag_addr prepared) {
  return guarded(device, [&](Device& d) {
    const ag_conv2d_plan& given = given_plan(plan);
    OpCall op(d, AG_OP_CONV2D_PREPARE);
    const Plan checked = checked_plan(op, given);
    if (checked.plan.prepared_bytes == 0) fail(AG_INVALID_ARGUMENT, "conv2d_prepare: this plan reads w as it is (prepared_bytes is 0)");
    Conv2dPrepareCall call{};
    call.plan = checked.plan;
    call.w = op.input("w", w, checked.w_bytes);
    call.prepared = op.output("prepared", prepared, checked.plan.prepared_bytes);
    op.check_overlaps();
    d.enqueue_on(AG_OP_CONV2D_PREPARE, 0, &call);
  });
}

AG_ENTRY ag_status ag_conv2d_run(ag_device* device, const ag_conv2d_plan* plan, const ag_conv2d_operands* operands) {
  return guarded(device, [&](Device& d) {
    const ag_conv2d_plan& given = given_plan(plan);
    const int32_t direction = given.direction;
    OpCall op(d, op_of(direction));
    const ag_conv2d_operands& o = op.given("operands", operands);
    const Plan checked = checked_plan(op, given);
    const int64_t channel = int64_t{checked.plan.shape.k} * int64_t{sizeof(float)};

    Conv2dCall call{};
    call.plan = checked.plan;
    call.plan.epilogue = checked.fused;
    call.plan.workspace_bytes = checked.kernel_workspace;
    call.p = checked.p;
    call.q = checked.q;
    // Kernels take one struct for the three directions: what is read comes through the same fields as what is written.
    const auto read = [](const void* pointer) { return const_cast<void*>(pointer); };
    if (direction != AG_BACKWARD_INPUT) call.x = read(op.input("x", o.x, checked.x_bytes));
    if (direction != AG_FORWARD) call.y = read(op.input("y", o.y, checked.y_bytes));
    if (direction == AG_BACKWARD_WEIGHT) {
      call.w = op.output("w", o.w, checked.w_bytes);
    } else {
      call.w = read(checked.plan.prepared_bytes > 0 ? op.input("prepared", o.prepared, checked.plan.prepared_bytes)
                                                    : op.input("w", o.w, checked.w_bytes));
    }
    const float* const bias = checked.has(AG_EPILOGUE_BIAS) ? op.input<float>("bias", o.bias, channel) : nullptr;
    const float* const slope = checked.has(AG_EPILOGUE_PRELU) ? op.input<float>("slope", o.slope, channel) : nullptr;
    const int64_t output_bytes = direction == AG_FORWARD ? checked.y_bytes : checked.x_bytes;
    const void* const residual = checked.has(AG_EPILOGUE_RESIDUAL) ? op.input("residual", o.residual, output_bytes) : nullptr;
    void* output = call.w;
    if (direction == AG_FORWARD) output = call.y = op.output("y", o.y, checked.y_bytes, {"residual"});
    if (direction == AG_BACKWARD_INPUT) output = call.x = op.output("x", o.x, checked.x_bytes, {"residual"});
    float* const statistics = checked.has(AG_EPILOGUE_STATISTICS) ? op.output<float>("statistics", o.statistics, 2 * channel) : nullptr;
    void* const workspace = op.workspace(o.workspace, checked.plan.workspace_bytes);
    op.check_overlaps();

    call.workspace = workspace;
    if ((checked.fused & AG_EPILOGUE_BIAS) != 0) call.bias = bias;
    if ((checked.fused & AG_EPILOGUE_PRELU) != 0) call.slope = slope;
    if ((checked.fused & AG_EPILOGUE_RESIDUAL) != 0) call.residual = residual;
    if ((checked.fused & AG_EPILOGUE_STATISTICS) != 0) call.statistics = statistics;
    if (checked.result_at >= 0) (direction == AG_FORWARD ? call.y : call.x) = part(workspace, checked.result_at);
    d.enqueue_on(op_of(direction), checked.plan.kernel, &call);
    complete(d, checked, call, output, bias, slope, residual, statistics, workspace);
  });
}
