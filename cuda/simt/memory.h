// Memory of the shim's device, 4 GiB: NaN until it is written, and guarded on both sides. A write beyond an allocation shows in check(); with
// AddressSanitizer a read too, at once and with its line.
#pragma once

#include <cstdint>
#include <map>

#include "../backend/error.h"

namespace simt {

constexpr int64_t kDeviceBytes = int64_t{4} << 30;

class Memory {
 public:
  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory();

  void* allocate(int64_t bytes);  // aligned to 256; null: none left
  void release(void* address);    // a trespass found here is told by the next check
  bool holds(const void* address) const;
  // Sets the error where a guard is no longer what it was.
  void check(::angulus::cuda::Error& error);

  int64_t free_bytes() const { return kDeviceBytes - used_; }

 private:
  void check_guards(const unsigned char* address, int64_t bytes);

  int64_t used_ = 0;
  std::map<const unsigned char*, int64_t> blocks_;  // address and bytes
  ::angulus::cuda::Error trespass_;
};

}  // namespace simt
