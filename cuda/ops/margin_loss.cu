// Merges the partials of the class ranges, in their order, with the target: with z_y = S phi,
//   log_sum_exp[i] = log(exp(z_y) + sum over j != y of exp(z_j));  losses[i] = log_sum_exp[i] - z_y
// or, where the loss is a sum (margin_others.h), the derivative of the loss by z_y, and the loss from its terms. And the summary: mean loss, share of rows with S c_y above every other logit, mean c_y, mean c_j of the others. A row whose label is
// outside [0, classes) adds nothing to the sums, its loss and log-sum-exp are 0, and it is a fault of the device.
//
//   target (AG_TARGET_ROWS, N)   partial (ranges, AG_PARTIAL_ROWS, N)   log_sum_exp, losses (N)   summary: ag_head_summary   f32
//   labels (N) int32
//
// margin_loss_f32_block   One block of 256 threads: a row is a handful of numbers, and one block adds the rows in a fixed order. Bound by
//     latency, not by bytes.
#include "labels.cuh"
#include "margin_others.h"

namespace angulus::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / kWarpSize;

__global__ void __launch_bounds__(kThreads) margin_loss_f32_block(MarginLossCall call) {
  AG_DYNAMIC_SHARED(float, scratch);  // (4, kWarps)
  const Head& head = call.head;
  const int64_t n = head.n;
  float loss_sum = 0.0f, hits = 0.0f, target_sum = 0.0f, other_sum = 0.0f;
  for (int64_t row = threadIdx.x; row < n; row += kThreads) {
    if (!label_is_good(head, row)) {
      call.log_sum_exp[row] = 0.0f;
      call.losses[row] = 0.0f;
      continue;
    }
    float largest = -INFINITY, sum = 0.0f, cosines = 0.0f, terms = 0.0f, pulls = 0.0f;
    for (int range = 0; range < call.ranges; ++range) {
      const float* const partial = call.partial + static_cast<int64_t>(range) * AG_PARTIAL_ROWS * n + row;
      const float range_largest = partial[AG_PARTIAL_MAX * n];
      const float range_sum = partial[AG_PARTIAL_SUM * n];
      const float merged = range_largest > largest ? range_largest : largest;
      sum = merged > -INFINITY ? sum * expf(largest - merged) + range_sum * expf(range_largest - merged) : sum + range_sum;
      terms += range_sum;
      pulls += partial[AG_PARTIAL_PULL * n];
      largest = merged;
      cosines += partial[AG_PARTIAL_COSINE * n];
    }
    const float scale = call.target[AG_TARGET_SCALE * n + row];
    const float cosine = call.target[AG_TARGET_COSINE * n + row];
    const float phi = call.target[AG_TARGET_PHI * n + row];
    const float target = scale * phi;
    // The larger of the two sides is taken out, so that a small loss keeps its digits.
    float loss, log_sum;
    if (is_sum(head.others)) {
      const SumLoss sum_of_terms = sum_loss(head, phi, scale, terms, pulls);
      loss = sum_of_terms.loss;
      log_sum = sum_of_terms.pull;
    } else if (largest > target) {
      log_sum = logf(sum + expf(target - largest));
      loss = (largest - target) + log_sum;
      log_sum += largest;
    } else {
      loss = log1pf(sum * expf(largest - target));
      log_sum = target + loss;
    }
    call.log_sum_exp[row] = log_sum;
    call.losses[row] = loss;
    loss_sum += loss + call.target[AG_TARGET_PENALTY * n + row];
    hits += rival_logit(head, phi, scale, cosine) > largest ? 1.0f : 0.0f;
    target_sum += cosine;
    other_sum += cosines;
  }
  loss_sum = block_sum(loss_sum, scratch);
  hits = block_sum(hits, scratch + kWarps);
  target_sum = block_sum(target_sum, scratch + 2 * kWarps);
  other_sum = block_sum(other_sum, scratch + 3 * kWarps);
  if (threadIdx.x == 0) {
    const float rows = static_cast<float>(n);
    const float others = static_cast<float>(head.classes - 1);
    *call.summary = {loss_sum / rows, hits / rows, target_sum / rows, head.classes > 1 ? other_sum / (rows * others) : 0.0f};
  }
}

bool accepts(const void*) { return true; }

void run(Exec& exec, const void* arguments) {
  const MarginLossCall call = *static_cast<const MarginLossCall*>(arguments);
  launch_check_labels(exec, call.head, AG_OP_MARGIN_LOSS);
  AG_LAUNCH(exec, margin_loss_f32_block, 1, kThreads, 4 * kWarps * sizeof(float), call);
}

constexpr Kernel kKernels[] = {{"margin_loss_f32_block", kH200, accepts, nullptr, run}};

}  // namespace

const KernelList margin_loss_kernels = {kKernels, 1};

}  // namespace angulus::cuda
