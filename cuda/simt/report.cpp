// What to say of a block that cannot go on.
#include "mbarrier.h"
#include "scheduler.h"
#include "words.h"

namespace simt {

// Up to four places where threads wait, and for what.
void Scheduler::report_deadlock() {
  char words[600];
  std::size_t length = 0;
  int places = 0;
  for (int i = 0; i < count_ && places < 4; ++i) {
    const Thread& thread = threads_[i];
    int alike = 0;
    bool first = thread.state != State::done;
    for (int j = 0; j < count_ && first; ++j) {
      const bool same_place = threads_[j].state == thread.state && same(threads_[j].site, thread.site);
      first = !same_place || j >= i;
      alike += same_place ? 1 : 0;
    }
    if (!first) {
      continue;
    }
    char what[128];
    if (thread.state == State::phase) {
      std::snprintf(what, sizeof what, "for %s", mbarrier_missing(thread.phase).text);
    } else if (thread.state == State::named) {
      std::snprintf(what, sizeof what, "at barrier %d, where %d of %d threads are", thread.id, named_[thread.id].arrived,
                    named_[thread.id].expected);
    } else {
      std::snprintf(what, sizeof what, "for %s", thread.state == State::barrier ? "the whole block" : "its warp");
    }
    const int written = std::snprintf(words + length, sizeof words - length, "%s%s and %d more at %s %s", places == 0 ? "" : "; ",
                                      name_of(thread.index).text, alike - 1, name_of(thread.site).text, what);
    length = std::min(sizeof words - 1, length + static_cast<std::size_t>(written));
    ++places;
  }
  error_->set(AG_INTERNAL, "deadlock: %d of %d threads have returned, the others wait: %s", done_, count_, words);
}

// No thread can run, and not all have ended: some wait for others that never come.
void Scheduler::report_stuck() {
  for (int i = 0; i < count_; ++i) {
    if (threads_[i].state == State::phase || threads_[i].state == State::named) {
      report_deadlock();
      return;
    }
  }
  const Thread* waits = nullptr;
  const Thread* other = nullptr;
  for (int i = 0; i < count_ && waits == nullptr; ++i) {
    waits = threads_[i].state == State::warp ? &threads_[i] : nullptr;
  }
  if (waits != nullptr) {  // a lane of its mask is elsewhere
    const int first = static_cast<int>(waits - threads_) / kWarp * kWarp;
    for (int i = 0; i < kWarp && other == nullptr; ++i) {
      other = (waits->mask >> i & 1) != 0 && !meets(*waits, threads_[first + i]) ? &threads_[first + i] : nullptr;
    }
  } else {
    for (int i = 0; i < count_; ++i) {
      const Thread& thread = threads_[i];
      if (thread.state == State::barrier && waits == nullptr) {
        waits = &thread;
      } else if (thread.state == State::done && other == nullptr) {
        other = &thread;
      }
    }
  }
  if (waits == nullptr || other == nullptr) {
    error_->set(AG_INTERNAL, "the block cannot go on");
  } else if (other->state == State::done) {
    error_->set(AG_INTERNAL, "divergent barrier: %s waits at %s, but %s has returned (last seen: %s)", name_of(waits->index).text,
                name_of(waits->site).text, name_of(other->index).text, name_of(other->site).text);
  } else {
    error_->set(AG_INTERNAL, "divergent barrier: %s waits at %s while %s waits at %s", name_of(waits->index).text,
                name_of(waits->site).text, name_of(other->index).text, name_of(other->site).text);
  }
}

}  // namespace simt
