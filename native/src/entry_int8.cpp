// Entry points: int8 inference.
#include "conv2d_sizes.h"

using namespace angulus;

namespace {

// The sums of R S C products of a u8 and an s8 fit an int32, and so do the zero's correction and both together.
constexpr int64_t kMostProducts = 65536;

// A shape that int8 convolutions do on this device.
Conv2dSizes int8_sizes(OpCall& op, const ag_conv2d_shape& s) {
  Device& d = op.device();
  if (d.backend().kernel_count(d.state(), AG_OP_INT8_CONV2D) == 0)
    fail(AG_UNAVAILABLE, "%s: device %s has no int8 kernels; use the device cpu, or a model in f32", op.name(), d.name());
  const Conv2dSizes sizes = conv2d_sizes(op, s);
  op.range("type", int64_t{s.type}, AG_F32, AG_F32);
  op.range("r * s * c", sizes.w / s.k, 1, kMostProducts);
  return sizes;
}

int64_t prepared_bytes(OpCall& op, const ag_conv2d_shape& s) {
  Device& d = op.device();
  return d.backend().workspace_bytes(d.state(), AG_OP_INT8_PREPARE, s.k, int64_t{s.r} * s.s, s.c);
}

}  // namespace

AG_ENTRY ag_status ag_quantize(ag_device* device, int64_t count, float factor, int32_t zero, ag_addr x, ag_addr y) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_QUANTIZE);
    op.range("count", count, 1, INT64_MAX);
    op.range("zero", int64_t{zero}, 0, 255);
    QuantizeCall call{};
    call.count = count;
    call.factor = factor;
    call.zero = zero;
    call.x = op.input<float>("x", x, op.product("x", {count, int64_t{sizeof(float)}}));
    call.y = op.output<uint8_t>("y", y, count);
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_int8_prepared_bytes(ag_device* device, const ag_conv2d_shape* shape, int64_t* bytes) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_INT8_PREPARE);
    const ag_conv2d_shape& s = op.given("shape", shape);
    if (bytes == nullptr) fail(AG_INVALID_ARGUMENT, "%s: bytes is null; expected a pointer to an int64_t", op.name());
    int8_sizes(op, s);
    *bytes = prepared_bytes(op, s);
  });
}

AG_ENTRY ag_status ag_int8_prepare(ag_device* device, const ag_conv2d_shape* shape, ag_addr w, ag_addr prepared) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_INT8_PREPARE);
    const ag_conv2d_shape& s = op.given("shape", shape);
    const Conv2dSizes sizes = int8_sizes(op, s);
    Int8PrepareCall call{};
    call.shape = s;
    call.w = op.input<int8_t>("w", w, sizes.w);
    call.prepared = op.output("prepared", prepared, prepared_bytes(op, s));
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_int8_conv2d_run(ag_device* device, const ag_int8_conv2d* convolution) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_INT8_CONV2D);
    const ag_int8_conv2d& c = op.given("convolution", convolution);
    const Conv2dSizes sizes = int8_sizes(op, c.shape);
    op.range("rounded", int64_t{c.rounded}, 0, 1);
    op.range("x_zero", int64_t{c.x_zero}, 0, 255);
    op.range("y_zero", int64_t{c.y_zero}, 0, 255);
    op.range("residual_zero", int64_t{c.residual_zero}, 0, 255);
    op.range("reserved", int64_t{c.reserved}, 0, 0);
    const int64_t channel = int64_t{c.shape.k} * int64_t{sizeof(float)};
    Int8Conv2dCall call{};
    call.shape = c.shape;
    call.p = sizes.p;
    call.q = sizes.q;
    call.rounded = c.rounded;
    call.x_zero = c.x_zero;
    call.y_zero = c.y_zero;
    call.residual_zero = c.residual_zero;
    call.residual_scale = c.residual_scale;
    call.x = op.input<uint8_t>("x", c.x, sizes.x);
    call.prepared = op.input("prepared", c.prepared, prepared_bytes(op, c.shape));
    call.scale = op.input<float>("scale", c.scale, channel);
    call.bias = op.input<float>("bias", c.bias, channel);
    call.slope = op.optional<float>("slope", c.slope, channel);
    call.residual = op.optional<uint8_t>("residual", c.residual, sizes.y);
    if (c.rounded != 0) {
      call.y = op.output("y", c.y, sizes.y, {"residual"});
    } else {
      call.y = op.output("y", c.y, op.product("y", {sizes.y, int64_t{sizeof(float)}}));
    }
    op.run(&call);
  });
}
