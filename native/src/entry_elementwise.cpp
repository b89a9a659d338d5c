// Entry points: fill, copy, convert, add, image_normalize.
#include "checks.h"

using namespace angulus;

AG_ENTRY ag_status ag_fill(ag_device* device, ag_addr y, int64_t bytes, uint32_t pattern) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_FILL);
    op.range("bytes", bytes, 1, INT64_MAX);
    if (bytes % 4 != 0) fail(AG_INVALID_ARGUMENT, "fill: bytes is %lld; expected a multiple of 4", static_cast<long long>(bytes));
    FillCall call{};
    call.y = op.output("y", y, bytes);
    call.bytes = bytes;
    call.pattern = pattern;
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_copy(ag_device* device, ag_addr y, ag_addr x, int64_t bytes) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_COPY);
    op.range("bytes", bytes, 1, INT64_MAX);
    CopyCall call{};
    call.x = op.input("x", x, bytes);
    call.y = op.output("y", y, bytes);
    call.bytes = bytes;
    op.run(&call);
  });
}

AG_ENTRY ag_status ag_convert(ag_device* device, int64_t count, int32_t from, ag_addr x, int32_t to, ag_addr y) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_CONVERT);
    op.type("from", from);
    op.type("to", to);
    if (from == to) fail(AG_INVALID_ARGUMENT, "convert: from and to are both %s; expected two types (ag_copy keeps the type)", type_name(from));
    op.range("count", count, 1, INT64_MAX);
    ConvertCall call{};
    call.count = count;
    call.from = from;
    call.to = to;
    call.x = op.input("x", x, op.product("x", {count, element_bytes(from)}));
    call.y = op.output("y", y, op.product("y", {count, element_bytes(to)}));
    op.run(&call, AG_BF16);
  });
}

AG_ENTRY ag_status ag_add(ag_device* device, int32_t type, int64_t count, ag_addr a, ag_addr b, ag_addr y) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_ADD);
    op.type(type);
    op.range("count", count, 1, INT64_MAX);
    const int64_t bytes = op.product("count", {count, element_bytes(type)});
    AddCall call{};
    call.type = type;
    call.count = count;
    call.a = op.input("a", a, bytes);
    call.b = op.input("b", b, bytes);
    call.y = op.output("y", y, bytes, {"a", "b"});
    op.run(&call, type);
  });
}

AG_ENTRY ag_status ag_image_normalize(ag_device* device, const ag_image_shape* shape, ag_addr images, ag_addr flips, ag_addr y) {
  return guarded(device, [&](Device& d) {
    OpCall op(d, AG_OP_IMAGE_NORMALIZE);
    const ag_image_shape& s = op.given("shape", shape);
    op.range("n", int64_t{s.n}, 1, INT32_MAX);
    op.range("h", int64_t{s.h}, 1, INT32_MAX);
    op.range("w", int64_t{s.w}, 1, INT32_MAX);
    op.range("c", int64_t{s.c}, 1, 4);
    op.type(s.type);
    op.range("reverse", int64_t{s.reverse}, 0, 1);
    const int64_t count = op.product("the images", {s.n, s.h, s.w, s.c});
    ImageNormalizeCall call{};
    call.shape = s;
    call.images = op.input<uint8_t>("images", images, count);
    call.flips = op.optional<uint8_t>("flips", flips, s.n);
    call.y = op.output("y", y, op.product("y", {count, element_bytes(s.type)}));
    op.run(&call, s.type);
  });
}
