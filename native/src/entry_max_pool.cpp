// Entry points: max pooling.
#include "checks.h"

using namespace angulus;

namespace {

constexpr int32_t kMostWindow = 15;  // a place in the window is one byte

// Checks the shape and sets the call's output rows and columns.
template <class Call>
void check_shape(OpCall& op, const ag_max_pool_shape* shape, Call& call) {
  const ag_max_pool_shape& s = op.given("shape", shape);
  op.range("n", int64_t{s.n}, 1, INT32_MAX);
  op.range("h", int64_t{s.h}, 1, INT32_MAX);
  op.range("w", int64_t{s.w}, 1, INT32_MAX);
  op.range("c", int64_t{s.c}, 1, INT32_MAX);
  op.range("window", int64_t{s.window}, 1, kMostWindow);
  op.range("stride", int64_t{s.stride}, 1, INT32_MAX);
  op.range("pad_bottom", int64_t{s.pad_bottom}, 0, s.window - 1);
  op.range("pad_right", int64_t{s.pad_right}, 0, s.window - 1);
  op.type(s.type);
  const int64_t rows = int64_t{s.h} + s.pad_bottom, columns = int64_t{s.w} + s.pad_right;
  if (rows < s.window || columns < s.window) {
    fail(AG_INVALID_ARGUMENT, "%s: the window (%d x %d) is larger than the padded input (%lld x %lld)", op.name(), s.window, s.window,
         static_cast<long long>(rows), static_cast<long long>(columns));
  }
  call.shape = s;
  call.p = static_cast<int32_t>((rows - s.window) / s.stride + 1);
  call.q = static_cast<int32_t>((columns - s.window) / s.stride + 1);
}

template <class Call>
int64_t input_bytes(const OpCall& op, const char* argument, const Call& call) {
  const ag_max_pool_shape& s = call.shape;
  return op.product(argument, {s.n, s.h, s.w, s.c, element_bytes(s.type)});
}

template <class Call>
int64_t output_bytes(const OpCall& op, const char* argument, const Call& call, int64_t element) {
  return op.product(argument, {call.shape.n, call.p, call.q, call.shape.c, element});
}

}  // namespace

AG_ENTRY ag_status ag_max_pool_forward(ag_device* device, const ag_max_pool_shape* shape, ag_addr x, ag_addr winner, ag_addr y) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_MAX_POOL_FORWARD);
    MaxPoolForwardCall call{};
    check_shape(op, shape, call);
    const int32_t type = call.shape.type;
    call.x = op.input("x", x, input_bytes(op, "x", call));
    if (winner != 0) call.winner = op.output<uint8_t>("winner", winner, output_bytes(op, "winner", call, 1));
    call.y = op.output("y", y, output_bytes(op, "y", call, element_bytes(type)));
    op.run(&call, type);
  });
}

AG_ENTRY ag_status ag_max_pool_backward(ag_device* device, const ag_max_pool_shape* shape, ag_addr dy, ag_addr winner, ag_addr dx) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_MAX_POOL_BACKWARD);
    MaxPoolBackwardCall call{};
    check_shape(op, shape, call);
    const int32_t type = call.shape.type;
    call.dy = op.input("dy", dy, output_bytes(op, "dy", call, element_bytes(type)));
    call.winner = op.input<uint8_t>("winner", winner, output_bytes(op, "winner", call, 1));
    call.dx = op.output("dx", dx, input_bytes(op, "dx", call));
    op.run(&call, type);
  });
}
