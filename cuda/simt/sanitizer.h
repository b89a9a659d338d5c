// AddressSanitizer, where the build has it: memory that no kernel may touch, and fibers that switch stacks.
#pragma once

#include <cstddef>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

namespace simt {

#ifdef __SANITIZE_ADDRESS__
constexpr bool kSanitized = true;
inline void forbid(const void* memory, std::size_t bytes) { __asan_poison_memory_region(memory, bytes); }
inline void permit(const void* memory, std::size_t bytes) { __asan_unpoison_memory_region(memory, bytes); }
inline void before_switch(void** fake_stack, const void* bottom, std::size_t bytes) {
  __sanitizer_start_switch_fiber(fake_stack, bottom, bytes);
}
inline void after_switch(void* fake_stack, const void** bottom, std::size_t* bytes) {
  __sanitizer_finish_switch_fiber(fake_stack, bottom, bytes);
}
#else
constexpr bool kSanitized = false;
inline void forbid(const void*, std::size_t) {}
inline void permit(const void*, std::size_t) {}
inline void before_switch(void**, const void*, std::size_t) {}
inline void after_switch(void*, const void**, std::size_t*) {}
#endif

}  // namespace simt
