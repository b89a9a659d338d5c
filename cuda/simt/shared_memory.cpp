// The shared memory of a block as threads and as the asynchronous units address it.
#include "sanitizer.h"
#include "scheduler.h"
#include "tensor_map.h"

extern "C" {
// The linker's names for the ends of the section of static shared memory; absent when no kernel has any.
__attribute__((weak, visibility("hidden"))) extern unsigned char __start_simt_shared[];
__attribute__((weak, visibility("hidden"))) extern unsigned char __stop_simt_shared[];
}

namespace simt {
namespace {

constexpr unsigned char kGuard = 0xa5;  // behind the dynamic shared memory
constexpr int64_t kGuardBytes = 256;
constexpr int64_t kSharedWindow = 1024;  // where a block's shared memory starts: Hopper keeps the first KiB

}  // namespace

void Scheduler::permit_shared() {
  permit(shared_, sizeof shared_);
  forbid(shared_ + shared_bytes_, kSanitized ? sizeof shared_ - static_cast<std::size_t>(shared_bytes_) : 0);
}

void Scheduler::poison_shared() {
  std::memset(shared_, kPoison, static_cast<std::size_t>(shared_bytes_));
  fence_async();
  std::memset(shared_ + shared_bytes_, kGuard, kSanitized ? 0 : kGuardBytes);
  if (__start_simt_shared != nullptr) {
    std::memset(__start_simt_shared, kPoison, static_cast<std::size_t>(__stop_simt_shared - __start_simt_shared));
  }
}

bool Scheduler::check_shared() {
  for (int64_t i = 0; i < kGuardBytes && !kSanitized; ++i) {
    if (shared_[shared_bytes_ + i] != kGuard) {
      error_->set(AG_INTERNAL, "a thread wrote byte %lld of %lld bytes of dynamic shared memory", static_cast<long long>(shared_bytes_ + i),
                  static_cast<long long>(shared_bytes_));
      return false;
    }
  }
  return true;
}

int64_t Scheduler::async_address(const void* pointer, int64_t bytes, int64_t alignment, Site site) {
  const unsigned char* const at = static_cast<const unsigned char*>(pointer);
  if (at < shared_ || at + bytes > shared_ + shared_bytes_) {
    ::simt::fail(site, "%lld bytes that do not lie in the block's dynamic shared memory", static_cast<long long>(bytes));
  }
  return shared_address(pointer, bytes, alignment, site);
}

void Scheduler::async_read(int64_t address, void* sixteen_bytes, bool async, Site site) {
  const int64_t at = address - kSharedWindow;
  if (at < 0 || at + 16 > shared_bytes_) {
    ::simt::fail(site, "the matrix descriptor leads to address %lld; the block's dynamic shared memory is %lld to %lld",
                 static_cast<long long>(address), static_cast<long long>(kSharedWindow),
                 static_cast<long long>(kSharedWindow + shared_bytes_));
  }
  std::memcpy(sixteen_bytes, (async ? async_ : shared_) + at, 16);
}

void Scheduler::async_write(int64_t address, const unsigned char* bytes, int64_t count, int span) {
  for (int64_t i = 0; i < count; i += 16) {
    const int64_t at = swizzled(address + i, span) - kSharedWindow;
    for (unsigned char* const memory : {shared_ + at, async_ + at}) {
      if (bytes != nullptr) {
        std::memcpy(memory, bytes + i, 16);
      } else {
        std::memset(memory, kPoison, 16);
      }
    }
  }
}

uint32_t Scheduler::shared_address(const void* pointer, int64_t bytes, int64_t alignment, Site site) {
  const unsigned char* const at = static_cast<const unsigned char*>(pointer);
  int64_t address = -1;
  if (at >= shared_ && at + bytes <= shared_ + shared_bytes_) {
    address = kSharedWindow + (at - shared_);
  } else if (at >= __start_simt_shared && at + bytes <= __stop_simt_shared) {
    address = kSharedWindow + (shared_bytes_ + 1023) / 1024 * 1024 + (at - __start_simt_shared);
  }
  if (address < 0) {
    ::simt::fail(site, "%lld bytes that do not lie in the block's shared memory", static_cast<long long>(bytes));
  }
  if (address % alignment != 0) {
    ::simt::fail(site, "shared memory at %lld, which is no multiple of %lld", static_cast<long long>(address),
                 static_cast<long long>(alignment));
  }
  return static_cast<uint32_t>(address);
}

void* dynamic_shared() { return Scheduler::current_block().shared(); }
void fence_async_proxy() { Scheduler::current_block().fence_async(); }
uint32_t shared_address(const void* pointer, int64_t bytes, int64_t alignment, Site site) {
  return Scheduler::current_block().shared_address(pointer, bytes, alignment, site);
}

}  // namespace simt
