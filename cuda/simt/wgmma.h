// The model of wgmma.mma_async (device/wgmma.cuh). Each warp of a warpgroup multiplies its 16 rows. The operands are read when the product
// is issued and must be the same at the wait that covers it, or the launch fails; the accumulators are NaN in between.
#pragma once

#include <deque>
#include <map>
#include <vector>

#include "simt.h"

namespace simt {

struct Product {
  float* d;  // this lane's columns / 2 accumulators
  uint64_t a, b;
  int columns;
  bool accumulate, a_mn_major, b_mn_major;
  Site site;
};

// All lanes of the warp call.
void wgmma(Product product);
void wgmma_fence(Site site);
void wgmma_commit(Site site);
void wgmma_wait(int newest_groups, Site site);

// The products under way of one block, each warp its own.
class Products {
 public:
  void start_block(int threads);
  void issue(int warp, const Product& product, void* const* lanes);
  void fence(int warp) {
    used_ = true;
    at(warp).fenced = true;
  }
  void commit(int warp) { ++at(warp).groups; }
  void wait(int warp, int newest_groups);
  // What is wrong at the end of a block, or null.
  const char* unfinished() const;

 private:
  struct Pending {
    Product product;
    std::vector<unsigned char> a, b;  // (16 rows, 16) and (columns, 16) bf16
    int64_t group;
  };
  struct Accumulators {
    float* lanes[32];
    std::vector<float> values;  // (32, columns / 2)
    int pending;
  };
  struct Warp {
    std::deque<Pending> pending;
    std::map<float*, Accumulators> busy;             // by the first lane's
    std::map<float*, std::vector<float>> last_seen;  // what the last wait wrote
    int64_t groups = 0;
    uint64_t history = 0;  // the same in all warps of a warpgroup
    bool fenced = false;
  };
  Warp& at(int warp) { return warps_[static_cast<std::size_t>(warp)]; }
  void finish(Warp& warp);

  std::vector<Warp> warps_;
  bool used_ = false;
};

}  // namespace simt
