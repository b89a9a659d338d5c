#include "mbarrier.h"

#include "scheduler.h"

namespace simt {
namespace {

constexpr uint64_t kMark = 0x6b;

struct State {
  uint64_t mark : 8, phase : 1, arrivals : 16, pending : 16;
  int64_t bytes : 23;  // expected less arrived
};
static_assert(sizeof(State) == 8, "an mbarrier is 8 bytes");

State load(const uint64_t* barrier, Site site) {
  shared_address(barrier, 8, 8, site);
  State state;
  std::memcpy(&state, barrier, sizeof state);
  if (state.mark != kMark) {
    fail(site, "no mbarrier lies there: it was never initialised (or not before this thread came), or it was written over");
  }
  return state;
}

void store(uint64_t* barrier, State state) {
  const bool ends = state.pending == 0 && state.bytes == 0;
  if (ends) {
    state.phase ^= 1;
    state.pending = state.arrivals;
  }
  std::memcpy(barrier, &state, sizeof state);
  if (ends) {
    Scheduler::current_block().wake(barrier);
  }
}

}  // namespace

void mbarrier_init(uint64_t* barrier, int arrivals, Site site) {
  shared_address(barrier, 8, 8, site);
  if (arrivals < 1 || arrivals > kMostThreads) {
    fail(site, "an mbarrier for %d arrivals; the shim takes 1 to %d", arrivals, kMostThreads);
  }
  const uint64_t count = static_cast<uint64_t>(arrivals);
  store(barrier, {kMark, 0, count, count, 0});
}

void mbarrier_arrive(uint64_t* barrier, int64_t expected_bytes, Site site) {
  State state = load(barrier, site);
  if (state.pending == 0) {
    fail(site, "the mbarrier has had its %d arrivals of this phase", static_cast<int>(state.arrivals));
  }
  state.bytes += expected_bytes;
  --state.pending;
  store(barrier, state);
}

void mbarrier_complete(uint64_t* barrier, int64_t bytes, Site site) {
  State state = load(barrier, site);
  state.bytes -= bytes;
  store(barrier, state);
}

void mbarrier_wait(uint64_t* barrier, int parity, Site site) {
  if (parity != 0 && parity != 1) {
    fail(site, "the parity %d of an mbarrier's phase; expected 0 or 1", parity);
  }
  while (load(barrier, site).phase == static_cast<uint64_t>(parity)) {
    Scheduler::current_block().wait_for(barrier, site);
  }
}

Missing mbarrier_missing(const uint64_t* barrier) {
  State state;
  std::memcpy(&state, barrier, sizeof state);
  Missing missing;
  std::snprintf(missing.text, sizeof missing.text, "an mbarrier that lacks %d of %d arrivals and %lld bytes",
                static_cast<int>(state.pending), static_cast<int>(state.arrivals), static_cast<long long>(state.bytes));
  return missing;
}

}  // namespace simt
