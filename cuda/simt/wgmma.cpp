#include "wgmma.h"

#include "mma.h"
#include "scheduler.h"
#include "tensor_map.h"

namespace simt {
namespace {

constexpr int kRows = 16;  // of a warp
constexpr int kDepth = 16;
constexpr int kLanes = 32;

// The fields of a 64-bit matrix descriptor, in bytes.
struct Descriptor {
  int64_t start, leading, stride;
  int span;  // of the swizzle; 0: none
};

Descriptor decode(uint64_t bits, Site site) {
  static constexpr int kSpans[] = {0, 128, 64, 32};
  if ((bits >> 49 & 7) != 0) {
    fail(site, "a matrix descriptor with base offset %d: the shim takes patterns that start at their own multiple only",
         static_cast<int>(bits >> 49 & 7));
  }
  if ((bits & 0x3ff1'c000'c000'c000) != 0) {
    fail(site, "the matrix descriptor %016llx sets bits that no field has", static_cast<unsigned long long>(bits));
  }
  const auto field = [&](int shift) { return static_cast<int64_t>(bits >> shift & 0x3fff) << 4; };
  return {field(0), field(16), field(32), kSpans[bits >> 62]};
}

// Byte address of the 16 bytes of elements (line, 8 chunk..) of an operand, before the swizzle. K-major: lines are rows (of A) or columns
// (of B), chunks go along k; MN-major: lines are k, chunks go along rows or columns. PTX ISA, "Canonical layouts".
int64_t chunk_address(const Descriptor& from, bool mn_major, int line, int chunk) {
  if (!mn_major) {
    return from.span == 0 ? from.start + line / 8 * from.stride + line % 8 * 16 + chunk * from.leading
                          : from.start + line / 8 * from.stride + line % 8 * from.span + chunk * 16;
  }
  if (from.span == 0) {
    return from.start + chunk * from.stride + line % 8 * 16 + line / 8 * from.leading;
  }
  const int across = from.span / 16;
  return from.start + chunk % across * 16 + chunk / across * from.leading + line % 8 * from.span + line / 8 * from.stride;
}

// (lines, 16) of an operand, k innermost. `first`: the first line of this warp (A); `async`: as the asynchronous units see the memory.
std::vector<unsigned char> gather(uint64_t bits, bool mn_major, int first, int lines, bool async, Site site) {
  const Descriptor from = decode(bits, site);
  Scheduler& block = Scheduler::current_block();
  std::vector<unsigned char> bytes(static_cast<std::size_t>(lines * kDepth * 2));
  uint16_t* const to = reinterpret_cast<uint16_t*>(bytes.data());
  const int outer = mn_major ? kDepth : lines;
  const int chunks = mn_major ? lines / 8 : kDepth / 8;
  for (int i = 0; i < outer; ++i) {
    for (int j = 0; j < chunks; ++j) {
      const int line = mn_major ? i : i + first, chunk = mn_major ? j + first / 8 : j;
      uint16_t eight[8];
      block.async_read(swizzled(chunk_address(from, mn_major, line, chunk), from.span), eight, async, site);
      for (int e = 0; e < 8; ++e) {
        to[mn_major ? (8 * j + e) * kDepth + i : i * kDepth + 8 * j + e] = eight[e];
      }
    }
  }
  return bytes;
}

bool same_call(const Product& a, const Product& b) {
  return a.a == b.a && a.b == b.b && a.columns == b.columns && a.accumulate == b.accumulate && a.a_mn_major == b.a_mn_major &&
         a.b_mn_major == b.b_mn_major;
}

int first_row(int warp) { return warp % 4 * kRows; }

bool untouched(const Product& product, float* const* lanes) {
  for (int lane = 0; lane < kLanes; ++lane) {
    const unsigned char* const bytes = reinterpret_cast<const unsigned char*>(lanes[lane]);
    for (std::size_t i = 0; i < static_cast<std::size_t>(product.columns) / 2 * sizeof(float); ++i) {
      if (bytes[i] != kPoison) {
        return false;
      }
    }
  }
  return true;
}

void issue(void* const* lanes) {
  const Product& product = *static_cast<Product*>(lanes[0]);
  Scheduler::current_block().products().issue(Scheduler::current_block().current() / kLanes, product, lanes);
}
void fence(void* const*) { Scheduler::current_block().products().fence(Scheduler::current_block().current() / kLanes); }
void commit(void* const*) { Scheduler::current_block().products().commit(Scheduler::current_block().current() / kLanes); }
void wait(void* const* lanes) {
  Scheduler::current_block().products().wait(Scheduler::current_block().current() / kLanes, *static_cast<int*>(lanes[0]));
}

}  // namespace

void Products::start_block(int threads) {
  const std::size_t count = static_cast<std::size_t>((threads + kLanes - 1) / kLanes);
  if (used_ || warps_.size() != count) {
    warps_.clear();
    warps_.resize(count);
    used_ = false;
  }
}

void Products::issue(int warp, const Product& product, void* const* lanes) {
  Warp& self = at(warp);
  used_ = true;
  if (warp / 4 * 4 + 4 > static_cast<int>(warps_.size())) {
    fail(product.site, "wgmma wants four warps; the last warpgroup of the block is not whole");
  }
  float* registers[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    const Product& other = *static_cast<Product*>(lanes[lane]);
    registers[lane] = other.d;
    if (!same_call(product, other)) {
      fail(product.site, "the lanes of a warp call wgmma with different descriptors");
    }
  }
  Pending pending = {product, gather(product.a, product.a_mn_major, first_row(warp), kRows, true, product.site),
                     gather(product.b, product.b_mn_major, 0, product.columns, true, product.site), self.groups};
  if (pending.a != gather(product.a, product.a_mn_major, first_row(warp), kRows, false, product.site) ||
      pending.b != gather(product.b, product.b_mn_major, 0, product.columns, false, product.site)) {
    fail(product.site, "wgmma reads shared memory that threads wrote with no fence.proxy.async since");
  }
  const std::size_t each = static_cast<std::size_t>(product.columns) / 2;
  const auto found = self.busy.find(product.d);
  if (found == self.busy.end()) {
    Accumulators taken;
    taken.pending = 1;
    taken.values.resize(kLanes * each);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      taken.lanes[lane] = registers[lane];
      std::memcpy(&taken.values[lane * each], registers[lane], each * sizeof(float));
    }
    const auto seen = self.last_seen.find(product.d);
    if (!self.fenced && (seen == self.last_seen.end() || seen->second.size() != taken.values.size() ||
                         std::memcmp(seen->second.data(), taken.values.data(), taken.values.size() * sizeof(float)) != 0)) {
      fail(product.site, "wgmma on accumulators that were written since, with no wgmma.fence in between");
    }
    for (float* const lane : registers) {
      std::memset(lane, kPoison, each * sizeof(float));
    }
    self.busy[product.d] = std::move(taken);
  } else if (found->second.values.size() != kLanes * each) {
    fail(product.site, "wgmma of another width on accumulators that are under way");
  } else {
    ++found->second.pending;
  }
  self.history = (self.history ^ product.a) * 0x9e3779b97f4a7c15u;
  self.history = (self.history ^ product.b ^ static_cast<uint64_t>(product.columns)) * 0x9e3779b97f4a7c15u;
  self.pending.push_back(std::move(pending));
}

// Multiplies the oldest product of the warp that runs.
void Products::finish(Warp& warp) {
  const Pending& pending = warp.pending.front();
  const Product& product = pending.product;
  const int row = first_row(static_cast<int>(&warp - warps_.data()));
  if (pending.a != gather(product.a, product.a_mn_major, row, kRows, false, product.site) ||
      pending.b != gather(product.b, product.b_mn_major, 0, product.columns, false, product.site)) {
    fail(product.site, "shared memory that this wgmma reads was written before the wait that covers it");
  }
  Accumulators& to = warp.busy.at(product.d);
  if (!untouched(product, to.lanes)) {
    fail(product.site, "accumulators of this wgmma were written before the wait that covers it");
  }
  const uint16_t* const a = reinterpret_cast<const uint16_t*>(pending.a.data());
  const uint16_t* const b = reinterpret_cast<const uint16_t*>(pending.b.data());
  std::vector<float> columns(static_cast<std::size_t>(kDepth * product.columns)), sums(static_cast<std::size_t>(product.columns));
  for (int k = 0; k < kDepth; ++k) {
    for (int j = 0; j < product.columns; ++j) {
      columns[static_cast<std::size_t>(k * product.columns + j)] = from_bf16(b[j * kDepth + k]);
    }
  }
  // Lane 4 g + t holds columns 8 j + 2 t and the next of rows g and g + 8: values 4 j to 4 j + 3.
  const std::size_t each = static_cast<std::size_t>(product.columns) / 2;
  const auto place = [&](int i, int j) -> float& {
    return to.values[static_cast<std::size_t>(i % 8 * 4 + j % 8 / 2) * each + static_cast<std::size_t>(j / 8 * 4 + i / 8 * 2 + j % 2)];
  };
  for (int i = 0; i < kRows; ++i) {
    for (int j = 0; j < product.columns; ++j) {
      sums[static_cast<std::size_t>(j)] = product.accumulate ? place(i, j) : 0.0f;
    }
    for (int k = 0; k < kDepth; ++k) {
      const float left = from_bf16(a[i * kDepth + k]);
      const float* const right = &columns[static_cast<std::size_t>(k * product.columns)];
      for (int j = 0; j < product.columns; ++j) {
        sums[static_cast<std::size_t>(j)] += left * right[j];
      }
    }
    for (int j = 0; j < product.columns; ++j) {
      place(i, j) = sums[static_cast<std::size_t>(j)];
    }
  }
  if (--to.pending == 0) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      std::memcpy(to.lanes[lane], &to.values[lane * each], each * sizeof(float));
    }
    warp.last_seen[product.d] = std::move(to.values);
    warp.busy.erase(product.d);
    warp.fenced = false;
  }
  warp.pending.pop_front();
}

void Products::wait(int warp, int newest_groups) {
  Warp& self = at(warp);
  while (!self.pending.empty() && self.pending.front().group < self.groups - newest_groups) {
    finish(self);
  }
}

const char* Products::unfinished() const {
  for (std::size_t i = 0; i < warps_.size(); ++i) {
    if (!warps_[i].pending.empty()) {
      return "a wgmma was under way: no wgmma.wait_group covers it";
    }
    if (warps_[i].history != warps_[i / 4 * 4].history) {
      return "the warps of a warpgroup called different wgmma";
    }
  }
  return nullptr;
}

void wgmma(Product product) { warp_together(&product, issue, product.site); }
void wgmma_fence(Site site) { warp_together(nullptr, fence, site); }
void wgmma_commit(Site site) { warp_together(nullptr, commit, site); }
void wgmma_wait(int newest_groups, Site site) { warp_together(&newest_groups, wait, site); }

}  // namespace simt
