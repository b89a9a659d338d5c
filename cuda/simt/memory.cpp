#include "memory.h"

#include <cstdlib>
#include <cstring>

#include "sanitizer.h"
#include "simt.h"

namespace simt {
namespace {

constexpr int64_t kAlignment = 256;
constexpr int64_t kGuardBytes = kSanitized ? 16384 : kAlignment;
constexpr unsigned char kGuard = 0xa5;

// The bytes behind an allocation that no kernel may touch.
int64_t behind(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment - bytes + kGuardBytes; }

unsigned char* base(const unsigned char* address) { return const_cast<unsigned char*>(address) - kGuardBytes; }

}  // namespace

Memory::~Memory() {
  for (const auto& block : blocks_) {
    std::free(base(block.first));
  }
}

void* Memory::allocate(int64_t bytes) {
  void* memory = nullptr;
  const int64_t all = kGuardBytes + bytes + behind(bytes);
  if (bytes > free_bytes() || posix_memalign(&memory, kAlignment, static_cast<std::size_t>(all)) != 0) {
    return nullptr;
  }
  unsigned char* const address = static_cast<unsigned char*>(memory) + kGuardBytes;
  std::memset(address - kGuardBytes, kGuard, kGuardBytes);
  std::memset(address, kPoison, static_cast<std::size_t>(bytes));
  std::memset(address + bytes, kGuard, static_cast<std::size_t>(behind(bytes)));
  forbid(address - kGuardBytes, kGuardBytes);
  forbid(address + bytes, static_cast<std::size_t>(behind(bytes)));
  blocks_[address] = bytes;
  used_ += bytes;
  return address;
}

void Memory::release(void* address) {
  const auto block = blocks_.find(static_cast<const unsigned char*>(address));
  if (block != blocks_.end()) {
    check_guards(block->first, block->second);
    std::free(base(block->first));
    used_ -= block->second;
    blocks_.erase(block);
  }
}

bool Memory::holds(const void* address) const {
  const unsigned char* const at = static_cast<const unsigned char*>(address);
  auto block = blocks_.upper_bound(at);
  return block != blocks_.begin() && (--block, at < block->first + block->second);
}

void Memory::check_guards(const unsigned char* address, int64_t bytes) {
  if (kSanitized) {
    return;
  }
  for (int64_t i = 1; i <= kGuardBytes && trespass_.status == AG_OK; ++i) {
    if (address[-i] != kGuard) {
      trespass_.set(AG_INTERNAL, "a kernel wrote %lld bytes before an allocation of %lld bytes", static_cast<long long>(i),
                    static_cast<long long>(bytes));
    }
  }
  for (int64_t i = bytes; i < bytes + behind(bytes) && trespass_.status == AG_OK; ++i) {
    if (address[i] != kGuard) {
      trespass_.set(AG_INTERNAL, "a kernel wrote byte %lld of an allocation of %lld bytes", static_cast<long long>(i),
                    static_cast<long long>(bytes));
    }
  }
}

void Memory::check(::angulus::cuda::Error& error) {
  for (const auto& block : blocks_) {
    check_guards(block.first, block.second);
  }
  if (trespass_.status != AG_OK && error.status == AG_OK) {
    error.set(trespass_.status, "simt: %s", trespass_.words);
  }
  trespass_.clear();
}

}  // namespace simt
