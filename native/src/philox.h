// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011), section 4.3: the same
// numbers on every backend, in any order, with no state.
//
// How Angulus counts. Element i of a draw takes word i % 4 of the block whose counter is
//   {low(i / 4), high(i / 4), low(random_counter), high(random_counter)}
// and whose key is {low(seed), high(seed) ^ (purpose * 0x9E3779B9 mod 2^32)}. `purpose` tells the draws of one step apart (one value for each
// dropout layer, say); `random_counter` is ag_step_scalars.random_counter.
#pragma once

#include <stdint.h>

#include "portable.h"

namespace angulus {

struct PhiloxBlock { uint32_t word[4]; };

AG_SHARED PhiloxBlock philox(uint32_t key0, uint32_t key1, PhiloxBlock counter) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53u} * counter.word[0];
    const uint64_t b = uint64_t{0xCD9E8D57u} * counter.word[2];
    counter = PhiloxBlock{{static_cast<uint32_t>(b >> 32) ^ counter.word[1] ^ key0, static_cast<uint32_t>(b),
                           static_cast<uint32_t>(a >> 32) ^ counter.word[3] ^ key1, static_cast<uint32_t>(a)}};
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return counter;
}

// Words 4 * block .. 4 * block + 3 of a draw.
AG_SHARED PhiloxBlock philox_words(uint64_t seed, int32_t purpose, uint64_t random_counter, uint64_t block) {
  const uint32_t key1 = static_cast<uint32_t>(seed >> 32) ^ (static_cast<uint32_t>(purpose) * 0x9E3779B9u);
  return philox(static_cast<uint32_t>(seed), key1,
                PhiloxBlock{{static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), static_cast<uint32_t>(random_counter),
                             static_cast<uint32_t>(random_counter >> 32)}});
}

// Uniform in [0, 1), 24 bits: exact in f32.
AG_SHARED float philox_uniform(uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

}  // namespace angulus
