// Entry points: the length of rows.
#include "checks.h"

using namespace angulus;

namespace {

int64_t row_bytes(const ag_matrix& shape) { return shape.rows * int64_t{sizeof(float)}; }

const ag_matrix& checked_shape(OpCall& op, const ag_matrix* shape, int32_t guard) {
  const ag_matrix& s = op.given("shape", shape);
  op.matrix(s);
  op.range("guard", int64_t{guard}, AG_NORM_CLAMP_LENGTH, AG_NORM_ADD);
  return s;
}

}  // namespace

AG_ENTRY ag_status ag_row_norm(ag_device* device, const ag_matrix* shape, int32_t guard, ag_addr x, ag_addr inverse) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_ROW_NORM);
    const ag_matrix& s = checked_shape(op, shape, guard);
    RowNormCall call{};
    call.shape = s;
    call.guard = guard;
    call.x = op.input("x", x, op.matrix_bytes(s));
    call.inverse = op.output<float>("inverse", inverse, row_bytes(s));
    op.run(&call, s.type);
  });
}

AG_ENTRY ag_status ag_normalize_forward(ag_device* device, const ag_matrix* shape, int32_t guard, ag_addr x, ag_addr inverse, ag_addr y) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_NORMALIZE_FORWARD);
    const ag_matrix& s = checked_shape(op, shape, guard);
    NormalizeForwardCall call{};
    call.shape = s;
    call.guard = guard;
    call.x = op.input("x", x, op.matrix_bytes(s));
    call.inverse = op.output<float>("inverse", inverse, row_bytes(s));
    call.y = op.output("y", y, op.matrix_bytes(s), {"x"});
    op.run(&call, s.type);
  });
}

AG_ENTRY ag_status ag_normalize_backward(ag_device* device, const ag_matrix* shape, int32_t guard, ag_addr dy, ag_addr x, ag_addr inverse,
                                         ag_addr dx) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_NORMALIZE_BACKWARD);
    const ag_matrix& s = checked_shape(op, shape, guard);
    NormalizeBackwardCall call{};
    call.shape = s;
    call.guard = guard;
    call.dy = op.input("dy", dy, op.matrix_bytes(s));
    call.x = op.input("x", x, op.matrix_bytes(s));
    call.inverse = op.input<float>("inverse", inverse, row_bytes(s));
    call.dx = op.output("dx", dx, op.matrix_bytes(s), {"dy"});
    op.run(&call, s.type);
  });
}
