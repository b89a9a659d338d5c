// Streams of the shim. One alone runs its work at once; the two of a device run theirs late, in an order that only events constrain; while
// one records, its work is kept and nothing runs.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "../backend/error.h"
#include "random.h"

namespace simt {

using Error = ::angulus::cuda::Error;
using Work = std::function<void(Error&)>;
using Recording = std::vector<Work>;

struct Event {
  int64_t enqueued = 0, reached = 0;  // records: by the host, by their stream
  std::chrono::steady_clock::time_point at;
};

// A stream's next step: a call, or the wait for a record of an event.
struct Step {
  Work work;                     // null: a wait
  std::shared_ptr<Event> event;  // waited for
  int64_t record = 0;            // the one that lets it pass
};

struct Stream {
  Recording* recording = nullptr;    // not null: recording
  std::deque<Step>* late = nullptr;  // null: runs at once

  void enqueue(Error& error, Work work) {
    if (recording != nullptr) {
      recording->push_back(std::move(work));
    } else if (late != nullptr) {
      late->push_back({std::move(work), nullptr, 0});
    } else {
      work(error);
    }
  }
};

// Two streams that run when the host waits, one of them as far as it gets before the other has its turn; which one is drawn anew each time.
// So a stream that should wait for the other, and does not, runs too early in one of two rounds.
class StreamPair {
 public:
  explicit StreamPair(uint64_t seed);
  StreamPair(const StreamPair&) = delete;
  StreamPair& operator=(const StreamPair&) = delete;

  Stream& at(int stream) { return streams_[stream]; }
  void record(const std::shared_ptr<Event>& event, int stream);
  void wait(const std::shared_ptr<Event>& event, int stream);
  // The error of the first step that failed; the steps after it are dropped, as a card's context is lost.
  void run_until(const Event& event, Error& error);
  void run_all(Error& error);

 private:
  bool step(int stream, Error& error);

  Random random_;
  Stream streams_[2];
  std::deque<Step> steps_[2];
};

}  // namespace simt
