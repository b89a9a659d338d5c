// A stream of the shim: runs at once, or keeps launches and copies to run later.
#pragma once

#include <functional>
#include <vector>

#include "../backend/error.h"

namespace simt {

using Error = ::angulus::cuda::Error;
using Work = std::function<void(Error&)>;
using Recording = std::vector<Work>;

struct Stream {
  Recording* recording = nullptr;  // not null: recording

  void enqueue(Error& error, Work work) {
    if (recording != nullptr) {
      recording->push_back(std::move(work));
    } else {
      work(error);
    }
  }
};

}  // namespace simt
