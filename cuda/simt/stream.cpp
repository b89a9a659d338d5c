#include "stream.h"

#include <algorithm>

namespace simt {

StreamPair::StreamPair(uint64_t seed) : random_(seed) {
  for (int i = 0; i < 2; ++i) {
    streams_[i].late = &steps_[i];
  }
}

void StreamPair::record(const std::shared_ptr<Event>& event, int stream) {
  const int64_t record = ++event->enqueued;
  const Work reach = [event, record](Error&) {
    event->reached = std::max(event->reached, record);  // of two records in two streams the later one may have run first
    event->at = std::chrono::steady_clock::now();
  };
  steps_[stream].push_back({reach, nullptr, 0});
}

void StreamPair::wait(const std::shared_ptr<Event>& event, int stream) { steps_[stream].push_back({nullptr, event, event->enqueued}); }

// False: nothing to do, or it waits.
bool StreamPair::step(int stream, Error& error) {
  std::deque<Step>& steps = steps_[stream];
  if (steps.empty() || (!steps.front().work && steps.front().event->reached < steps.front().record)) {
    return false;
  }
  const Step next = std::move(steps.front());
  steps.pop_front();
  if (next.work) {
    next.work(error);
    if (error.status != AG_OK) {
      steps_[0].clear();
      steps_[1].clear();
    }
  }
  return true;
}

void StreamPair::run_until(const Event& event, Error& error) {
  const int64_t record = event.enqueued;
  int stream = static_cast<int>(random_.below(2));
  bool other_stands = false;
  while (event.reached < record && error.status == AG_OK) {
    if (step(stream, error)) {
      other_stands = false;
    } else if (other_stands) {
      return;
    } else {
      other_stands = true;
      stream = 1 - stream;
    }
  }
}

void StreamPair::run_all(Error& error) {
  int stream = static_cast<int>(random_.below(2));
  while (step(stream, error) || step(1 - stream, error)) {
  }
}

}  // namespace simt
