// xorshift64*: the shuffle of lanes, blocks and streams.
#pragma once

#include <cstdint>

namespace simt {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1du) {
    if (state_ == 0) {
      state_ = 1;
    }
  }
  uint32_t below(uint32_t bound) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<uint32_t>(((state_ * 0x2545f4914f6cdd1du >> 32) * bound) >> 32);
  }

 private:
  uint64_t state_;
};

}  // namespace simt
