// The model of mbarrier (device/mbarrier.cuh), all of it in the 8 bytes that the kernel gives it, so that a barrier never initialised or
// written over is told apart.
#pragma once

#include "simt.h"

namespace simt {

void mbarrier_init(uint64_t* barrier, int arrivals, Site site);
void mbarrier_arrive(uint64_t* barrier, int64_t expected_bytes, Site site);
// Parks until the phase of this parity has ended.
void mbarrier_wait(uint64_t* barrier, int parity, Site site);
// What an asynchronous copy does when its bytes are there.
void mbarrier_complete(uint64_t* barrier, int64_t bytes, Site site);

// What is missing for the phase to end, in words.
struct Missing {
  char text[96];
};
Missing mbarrier_missing(const uint64_t* barrier);

}  // namespace simt
