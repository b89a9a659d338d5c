// Entry points: what is done per channel: sums, PReLU, batch norm, running statistics, dropout.
#include "checks.h"

using namespace angulus;

namespace {

int64_t channel_bytes(int32_t columns, int64_t rows = 1) { return rows * columns * int64_t{sizeof(float)}; }

// Checks what the batch-norm ops share.
BatchNormLayer checked_layer(OpCall& op, const ag_batch_norm* given) {
  const ag_batch_norm& layer = op.given("layer", given);
  const ag_matrix shape{layer.rows, layer.columns, layer.type};
  op.matrix(shape);
  op.range("epsilon", layer.epsilon, 0.0f, 1.0f);
  BatchNormLayer checked{};
  checked.rows = layer.rows;
  checked.columns = layer.columns;
  checked.type = layer.type;
  checked.epsilon = layer.epsilon;
  checked.x = op.input("x", layer.x, op.matrix_bytes(shape));
  checked.statistics = op.input<float>("statistics", layer.statistics, channel_bytes(layer.columns, 2));
  checked.gamma = op.input<float>("gamma", layer.gamma, channel_bytes(layer.columns));
  checked.beta = op.input<float>("beta", layer.beta, channel_bytes(layer.columns));
  checked.slope = op.optional<float>("slope", layer.slope, channel_bytes(layer.columns));
  return checked;
}

int64_t layer_bytes(const OpCall& op, const BatchNormLayer& layer) { return op.matrix_bytes(ag_matrix{layer.rows, layer.columns, layer.type}); }

}  // namespace

AG_ENTRY ag_status ag_channel_sum(ag_device* device, const ag_matrix* shape, int32_t write, ag_addr x, ag_addr y, ag_addr workspace) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_CHANNEL_SUM);
    const ag_matrix& s = op.given("shape", shape);
    op.matrix(s);
    op.write("write", write);
    ChannelSumCall call{};
    call.shape = s;
    call.write = write;
    call.x = op.input("x", x, op.matrix_bytes(s));
    call.y = op.output<float>("y", y, channel_bytes(s.columns));
    call.workspace = op.workspace(workspace, op.workspace_bytes(s.rows, s.columns));
    op.run(&call, s.type);
  });
}

AG_ENTRY ag_status ag_prelu_forward(ag_device* device, const ag_matrix* shape, ag_addr x, ag_addr slope, ag_addr residual, ag_addr y) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_PRELU_FORWARD);
    const ag_matrix& s = op.given("shape", shape);
    op.matrix(s);
    const int64_t bytes = op.matrix_bytes(s);
    PreluForwardCall call{};
    call.shape = s;
    call.x = op.input("x", x, bytes);
    call.slope = op.input<float>("slope", slope, channel_bytes(s.columns));
    call.residual = op.optional("residual", residual, bytes);
    call.y = op.output("y", y, bytes, {"x", "residual"});
    op.run(&call, s.type);
  });
}

AG_ENTRY ag_status ag_prelu_backward(ag_device* device, const ag_matrix* shape, int32_t write, ag_addr dy, ag_addr x, ag_addr slope,
                                     ag_addr dx, ag_addr dslope, ag_addr workspace) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_PRELU_BACKWARD);
    const ag_matrix& s = op.given("shape", shape);
    op.matrix(s);
    op.write("write", write);
    const int64_t bytes = op.matrix_bytes(s);
    PreluBackwardCall call{};
    call.shape = s;
    call.write = write;
    call.dy = op.input("dy", dy, bytes);
    call.x = op.input("x", x, bytes);
    call.slope = op.input<float>("slope", slope, channel_bytes(s.columns));
    call.dx = op.output("dx", dx, bytes, {"dy"});
    call.dslope = op.output<float>("dslope", dslope, channel_bytes(s.columns));
    call.workspace = op.workspace(workspace, op.workspace_bytes(s.rows, s.columns));
    op.run(&call, s.type);
  });
}

AG_ENTRY ag_status ag_batch_norm_statistics(ag_device* device, const ag_matrix* shape, ag_addr x, ag_addr statistics, ag_addr workspace) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_BATCH_NORM_STATISTICS);
    const ag_matrix& s = op.given("shape", shape);
    op.matrix(s);
    BatchNormStatisticsCall call{};
    call.shape = s;
    call.x = op.input("x", x, op.matrix_bytes(s));
    call.statistics = op.output<float>("statistics", statistics, channel_bytes(s.columns, 2));
    call.workspace = op.workspace(workspace, op.workspace_bytes(s.rows, s.columns));
    op.run(&call, s.type);
  });
}

AG_ENTRY ag_status ag_batch_norm_forward(ag_device* device, const ag_batch_norm* layer, ag_addr residual, ag_addr y) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_BATCH_NORM_FORWARD);
    BatchNormForwardCall call{};
    call.layer = checked_layer(op, layer);
    const int64_t bytes = layer_bytes(op, call.layer);
    call.residual = op.optional("residual", residual, bytes);
    call.y = op.output("y", y, bytes, {"x", "residual"});
    op.run(&call, call.layer.type);
  });
}

AG_ENTRY ag_status ag_batch_norm_backward_reduce(ag_device* device, const ag_batch_norm* layer, int32_t write, ag_addr dy, ag_addr dgamma,
                                                 ag_addr dbeta, ag_addr dslope, ag_addr sums, ag_addr workspace) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_BATCH_NORM_BACKWARD_REDUCE);
    op.write("write", write);
    BatchNormBackwardReduceCall call{};
    call.layer = checked_layer(op, layer);
    const int32_t columns = call.layer.columns;
    if ((dslope != 0) != (call.layer.slope != nullptr))
      fail(AG_INVALID_ARGUMENT, "%s: dslope is %s but the layer has %s slope; expected both or neither", op.name(), dslope != 0 ? "given" : "missing",
           call.layer.slope != nullptr ? "a" : "no");
    call.write = write;
    call.dy = op.input("dy", dy, layer_bytes(op, call.layer));
    call.dgamma = op.output<float>("dgamma", dgamma, channel_bytes(columns));
    call.dbeta = op.output<float>("dbeta", dbeta, channel_bytes(columns));
    if (dslope != 0) call.dslope = op.output<float>("dslope", dslope, channel_bytes(columns));
    call.sums = op.output<float>("sums", sums, channel_bytes(columns, 2));
    call.workspace = op.workspace(workspace, op.workspace_bytes(call.layer.rows, columns));
    op.run(&call, call.layer.type);
  });
}

AG_ENTRY ag_status ag_batch_norm_backward_input(ag_device* device, const ag_batch_norm* layer, ag_addr dy, ag_addr sums, ag_addr dx) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_BATCH_NORM_BACKWARD_INPUT);
    BatchNormBackwardInputCall call{};
    call.layer = checked_layer(op, layer);
    const int64_t bytes = layer_bytes(op, call.layer);
    call.dy = op.input("dy", dy, bytes);
    call.sums = op.input<float>("sums", sums, channel_bytes(call.layer.columns, 2));
    call.dx = op.output("dx", dx, bytes, {"dy"});
    op.run(&call, call.layer.type);
  });
}

AG_ENTRY ag_status ag_running_statistics(ag_device* device, const ag_matrix* shape, float decay, int32_t unbiased, ag_addr statistics,
                                         ag_addr running) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_RUNNING_STATISTICS);
    const ag_matrix& s = op.given("shape", shape);
    op.matrix(s);
    op.range("decay", decay, 0.0f, 1.0f);
    op.range("unbiased", int64_t{unbiased}, 0, 1);
    RunningStatisticsCall call{};
    call.shape = s;
    call.decay = decay;
    call.unbiased = unbiased;
    call.statistics = op.input<float>("statistics", statistics, channel_bytes(s.columns, 2));
    call.running = op.output<float>("running", running, channel_bytes(s.columns, 2));
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_dropout(ag_device* device, const ag_matrix* shape, float keep, uint64_t seed, int32_t purpose, ag_addr x, ag_addr scalars,
                              ag_addr y) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_DROPOUT);
    const ag_matrix& s = op.given("shape", shape);
    op.matrix(s);
    if (!(keep > 0.0f && keep <= 1.0f)) fail(AG_INVALID_ARGUMENT, "dropout: keep is %g; expected above 0 and at most 1", static_cast<double>(keep));
    const int64_t bytes = op.matrix_bytes(s);
    DropoutCall call{};
    call.shape = s;
    call.keep = keep;
    call.seed = seed;
    call.purpose = purpose;
    call.x = op.input("x", x, bytes);
    call.scalars = op.input<ag_step_scalars>("scalars", scalars, sizeof(ag_step_scalars));
    call.y = op.output("y", y, bytes, {"x"});
    op.run(&call, s.type);
  });
}
