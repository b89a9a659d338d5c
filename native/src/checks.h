// The vocabulary of argument checks. An OpCall is one call of one op while it is being checked: every word that it says names the op, the
// argument, what came and what was expected. input() and output() collect the ranges; run() compares them with one another and enqueues.
#pragma once

#include <cmath>
#include <initializer_list>

#include "device.h"

namespace angulus {

class OpCall {
 public:
  OpCall(Device& device, int32_t op) : device_(device), op_(op), name_(op_name(op)) {}

  const char* name() const { return name_; }
  Device& device() { return device_; }

  template <class T>
  const T& given(const char* argument, const T* pointer) const {
    if (pointer == nullptr) fail(AG_INVALID_ARGUMENT, "%s: %s is null; expected a pointer to its struct", name_, argument);
    return *pointer;
  }

  // low <= value <= high
  void range(const char* argument, int64_t value, int64_t low, int64_t high) const;
  void range(const char* argument, float value, float low, float high) const;
  void type(const char* argument, int32_t type) const { range(argument, int64_t{type}, AG_F32, AG_BF16); }
  void type(int32_t type) const { this->type("type", type); }
  void write(const char* argument, int32_t write) const { range(argument, int64_t{write}, AG_OVERWRITE, AG_ACCUMULATE); }
  void matrix(const ag_matrix& shape) const;

  // The product, or an error when it does not fit in an int64.
  int64_t product(const char* argument, std::initializer_list<int64_t> factors) const;
  int64_t matrix_bytes(const ag_matrix& shape) const;

  // Device memory that the op reads. optional: 0 gives null.
  template <class T = void>
  const T* input(const char* argument, ag_addr address, int64_t bytes) {
    return static_cast<const T*>(add(argument, address, bytes, false, {}));
  }
  template <class T = void>
  const T* optional(const char* argument, ag_addr address, int64_t bytes) {
    return address == 0 ? nullptr : input<T>(argument, address, bytes);
  }
  // Device memory that the op writes (and perhaps reads). may_be: inputs that may be the very same range.
  template <class T = void>
  T* output(const char* argument, ag_addr address, int64_t bytes, std::initializer_list<const char*> may_be = {}) {
    return static_cast<T*>(add(argument, address, bytes, true, may_be));
  }
  // Bytes 0: not needed, the address is not looked at.
  void* workspace(ag_addr address, int64_t bytes) { return bytes == 0 ? nullptr : output("workspace", address, bytes); }
  // The bytes that ag_workspace_bytes gives.
  int64_t workspace_bytes(int64_t rows, int64_t columns, int64_t depth = 1) const {
    return device_.backend().workspace_bytes(device_.state(), op_, rows, columns, depth);
  }

  // Throws when an output overlaps anything that it may not overlap.
  void check_overlaps() const;
  void run(const void* call, int32_t type = AG_F32) {
    check_overlaps();
    device_.enqueue(op_, call, type);
  }

 private:
  static constexpr int kMostRanges = 20;
  static constexpr int kMostAliases = 2;
  struct Range {
    const char* argument;
    ag_addr address;
    int64_t bytes;
    bool written;
    const char* may_be[kMostAliases];
  };

  void* add(const char* argument, ag_addr address, int64_t bytes, bool written, std::initializer_list<const char*> may_be);

  Device& device_;
  int32_t op_;
  const char* name_;
  Range ranges_[kMostRanges];
  int count_ = 0;
};

inline int64_t element_bytes(int32_t type) { return type == AG_BF16 ? 2 : 4; }

}  // namespace angulus
