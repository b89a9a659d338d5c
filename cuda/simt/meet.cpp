// How the threads of a block meet: warp collectives, barriers, phases of mbarriers.
#include "scheduler.h"
#include "words.h"

namespace simt {

void Scheduler::barrier(Site site) {
  Thread& self = threads_[current_];
  self.site = site;
  self.state = State::barrier;
  ++waiting_;
  park();
}

// Whether other waits at the collective where self waits.
bool Scheduler::meets(const Thread& self, const Thread& other) {
  return other.state == State::warp && other.kind == self.kind && other.mask == self.mask && other.width == self.width &&
         other.body == self.body && same(other.site, self.site);
}

uint64_t Scheduler::collective(Collective kind, unsigned mask, uint64_t value, int argument, int width, Site site,
                               void (*body)(void* const* lanes)) {
  Thread& self = threads_[current_];
  const int first = current_ / kWarp * kWarp;
  const int lane = current_ - first;
  const int lanes = std::min(kWarp, count_ - first);
  const unsigned existing = lanes == kWarp ? 0xffffffffu : (1u << lanes) - 1;
  if ((mask >> lane & 1) == 0 || (mask & ~existing) != 0) {
    ::simt::fail(site, "the mask %08x does not name the caller (lane %d) or names lanes that do not exist (the warp has %d)", mask, lane,
                 lanes);
  }
  if (width < 1 || width > kWarp || (width & (width - 1)) != 0) {
    ::simt::fail(site, "the width %d is no power of two up to 32", width);
  }
  self.site = site;
  self.state = State::warp;
  self.kind = kind;
  self.mask = mask;
  self.argument = argument;
  self.width = width;
  self.value = value;
  self.body = body;
  for (int i = 0; i < lanes; ++i) {
    const Thread& other = threads_[first + i];
    if ((mask >> i & 1) == 0) {
      continue;
    }
    if (!meets(self, other)) {
      park();  // the last lane to come releases the rest
      return threads_[first + lane].result;
    }
  }
  release_warp(first, mask);
  park();
  return threads_[first + lane].result;
}

void Scheduler::together(void* argument, void (*body)(void* const* lanes), Site site) {
  collective(Collective::together, 0xffffffffu, reinterpret_cast<uint64_t>(argument), 0, kWarp, site, body);
}

void Scheduler::release_warp(int first, unsigned mask) {
  uint16_t released[kWarp];
  int count = 0;
  uint64_t ballot = 0;
  for (int i = 0; i < kWarp; ++i) {
    if ((mask >> i & 1) != 0) {
      released[count++] = static_cast<uint16_t>(first + i);
      ballot |= uint64_t{threads_[first + i].value != 0} << i;
    }
  }
  const Thread& caller = threads_[current_];
  if (caller.kind == Collective::together) {
    void* arguments[kWarp];
    for (int i = 0; i < kWarp; ++i) {
      arguments[i] = reinterpret_cast<void*>(threads_[first + i].value);
    }
    caller.body(arguments);
  }
  for (int i = 0; i < count; ++i) {
    Thread& thread = threads_[released[i]];
    const int lane = released[i] - first;
    const int low = lane & ~(thread.width - 1);
    int source = lane;
    switch (thread.kind) {
      case Collective::shuffle:
        source = low + (thread.argument & (thread.width - 1));
        break;
      case Collective::shuffle_up:
        source = lane - thread.argument < low ? lane : lane - thread.argument;
        break;
      case Collective::shuffle_down:
        source = lane + thread.argument >= low + thread.width ? lane : lane + thread.argument;
        break;
      case Collective::shuffle_xor:
        source = (lane ^ thread.argument) >= low + thread.width ? lane : lane ^ thread.argument;
        break;
      default:
        break;
    }
    if (thread.kind == Collective::ballot) {
      thread.result = ballot;
    } else if (source < 0 || source >= kWarp || (mask >> source & 1) == 0) {
      error_->set(AG_INTERNAL, "%s at %s reads lane %d, which the mask %08x does not name", name_of(thread.index).text,
                  name_of(thread.site).text, source, mask);
      return;
    } else {
      thread.result = threads_[first + source].value;
    }
  }
  enqueue_shuffled(released, count);
}

// All threads wait at block barriers: of the same line?
bool Scheduler::same_barrier() {
  for (int i = 1; i < count_; ++i) {
    if (!same(threads_[i].site, threads_[0].site)) {
      error_->set(AG_INTERNAL, "divergent barrier: %s waits at %s while %s waits at %s", name_of(threads_[0].index).text,
                  name_of(threads_[0].site).text, name_of(threads_[i].index).text, name_of(threads_[i].site).text);
      return false;
    }
  }
  return true;
}

void Scheduler::named_barrier(int id, int threads, bool waits, Site site) {
  if (id < 1 || id > 15 || threads < kWarp || threads % kWarp != 0 || threads > count_) {
    ::simt::fail(site, "barrier %d of %d threads; a card takes 1 to 15, and a multiple of 32 threads of the block", id, threads);
  }
  NamedBarrier& barrier = named_[id];
  if (barrier.arrived > 0 && barrier.expected != threads) {
    ::simt::fail(site, "barrier %d of %d threads, while others called it for %d", id, threads, barrier.expected);
  }
  barrier.expected = threads;
  ++barrier.arrived;
  if (waits) {
    Thread& self = threads_[current_];
    self.site = site;
    self.state = State::named;
    self.id = id;
    barrier.waiting.push_back(static_cast<uint16_t>(current_));
  }
  if (barrier.arrived == threads) {
    enqueue_shuffled(barrier.waiting.data(), static_cast<int>(barrier.waiting.size()));
    barrier.arrived = 0;
    barrier.waiting.clear();
  }
  if (waits) {
    park();
  }
}

void Scheduler::wait_for(const uint64_t* barrier, Site site) {
  Thread& self = threads_[current_];
  self.site = site;
  self.state = State::phase;
  self.phase = barrier;
  park();
}

void Scheduler::wake(const uint64_t* barrier) {
  uint16_t woken[kMostThreads];
  int count = 0;
  for (int i = 0; i < count_; ++i) {
    if (threads_[i].state == State::phase && threads_[i].phase == barrier) {
      woken[count++] = static_cast<uint16_t>(i);
    }
  }
  enqueue_shuffled(woken, count);
}

void block_barrier(Site site) { Scheduler::current_block().barrier(site); }
uint64_t warp_collective(Collective kind, unsigned mask, uint64_t value, int argument, int width, Site site) {
  return Scheduler::current_block().collective(kind, mask, value, argument, width, site);
}
void warp_together(void* argument, void (*body)(void* const* lanes), Site site) {
  Scheduler::current_block().together(argument, body, site);
}

int current_lane() { return Scheduler::current_block().current() % kWarp; }
void named_barrier(int id, int threads, bool waits, Site site) { Scheduler::current_block().named_barrier(id, threads, waits, site); }

}  // namespace simt
