#include "checks.h"

#include <cinttypes>
#include <cstring>

namespace angulus {

void OpCall::range(const char* argument, int64_t value, int64_t low, int64_t high) const {
  if (value < low || value > high)
    fail(AG_INVALID_ARGUMENT, "%s: %s is %" PRId64 "; expected %" PRId64 " to %" PRId64, name_, argument, value, low, high);
}

void OpCall::range(const char* argument, float value, float low, float high) const {
  if (!(value >= low && value <= high))
    fail(AG_INVALID_ARGUMENT, "%s: %s is %g; expected %g to %g", name_, argument, static_cast<double>(value), static_cast<double>(low),
         static_cast<double>(high));
}

void OpCall::matrix(const ag_matrix& shape) const {
  range("rows", int64_t{shape.rows}, 1, INT32_MAX);
  range("columns", int64_t{shape.columns}, 1, INT32_MAX);
  type(shape.type);
}

int64_t OpCall::product(const char* argument, std::initializer_list<int64_t> factors) const {
  int64_t result = 1;
  for (const int64_t factor : factors) {
    if (__builtin_mul_overflow(result, factor, &result)) fail(AG_INVALID_ARGUMENT, "%s: %s has more than 2^63 bytes", name_, argument);
  }
  return result;
}

int64_t OpCall::matrix_bytes(const ag_matrix& shape) const {
  return product("the matrix", {shape.rows, shape.columns, element_bytes(shape.type)});
}

void* OpCall::add(const char* argument, ag_addr address, int64_t bytes, bool written, std::initializer_list<const char*> may_be) {
  device_.check_range(name_, argument, address, bytes);
  device_.check_alignment(name_, argument, address, 16);
  if (count_ == kMostRanges || may_be.size() > kMostAliases) fail(AG_INTERNAL, "%s: too many ranges to compare", name_);
  Range& range = ranges_[count_++];
  range = Range{argument, address, bytes, written, {}};
  int alias = 0;
  for (const char* other : may_be) range.may_be[alias++] = other;
  return reinterpret_cast<void*>(static_cast<uintptr_t>(address));
}

void OpCall::check_overlaps() const {
  for (int i = 0; i < count_; ++i) {
    for (int j = i + 1; j < count_; ++j) {
      const Range& a = ranges_[i];
      const Range& b = ranges_[j];
      if (!a.written && !b.written) continue;
      if (a.address + static_cast<uint64_t>(a.bytes) <= b.address || b.address + static_cast<uint64_t>(b.bytes) <= a.address) continue;
      const Range& output = a.written ? a : b;
      const Range& other = a.written ? b : a;
      bool allowed = false;
      if (a.address == b.address && a.bytes == b.bytes && a.written != b.written) {
        for (const char* name : output.may_be) allowed = allowed || (name != nullptr && std::strcmp(name, other.argument) == 0);
      }
      if (!allowed)
        fail(AG_INVALID_ARGUMENT, "%s: %s (0x%" PRIx64 ", %" PRId64 " bytes) overlaps %s (0x%" PRIx64 ", %" PRId64 " bytes)", name_, output.argument,
             output.address, output.bytes, other.argument, other.address, other.bytes);
    }
  }
}

}  // namespace angulus
