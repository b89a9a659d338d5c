// Loss and coefficients of the losses on distances, row by row (metric_functors.h), then the sums of the rows in their order, then the factor 1 / terms.
//   distances, coefficients (N,N), labels, dbeta (N), workspace: MetricRowSums (N) and the factor
// A piece is one anchor.
//   sorted   the negatives of the anchor in the order of their distances, in scratch: SEMI_HARD finds each by bisection, O(N log N) for a row; HINGE over ALL
//            triplets counts the negatives within the margin and adds their distances from a table of partial sums. Up to kMostSorted columns.
//   plain    every (a, p) walks over all columns: O(P N) for a row with P positives
#include <algorithm>

#include "metric_functors.h"
#include "metric_space.h"
#include "parallel.h"

namespace angulus::cpu {

int64_t metric_sums_bytes(int64_t n) { return n * int64_t{sizeof(MetricRowSums)} + int64_t{sizeof(double)}; }

namespace {

struct Sorted { float d; int32_t index; };
constexpr int64_t kMostSorted = kScratchBytes / (2 * int64_t{sizeof(Sorted)} + int64_t{sizeof(double)}) - 1;

MetricRowSums* rows_of(const MetricLossCall& call) { return static_cast<MetricRowSums*>(call.workspace); }

void choose(const Metric& m, float margin, int64_t a, float* g, MetricRowSums& sums) {
  if (m.selection == AG_SELECT_DISTANCE_WEIGHTED) {
    float largest = -INFINITY;
    for (int64_t j = 0; j < m.n; ++j) {
      if (!is_negative(m, a, j)) continue;
      g[j] = log_weight(m, distance(m, a, j));
      largest = std::max(largest, g[j]);
    }
    for (int64_t j = 0; j < m.n; ++j) {
      if (is_negative(m, a, j)) g[j] = weight_of(g[j], largest);
    }
  }
  if (m.selection == AG_SELECT_BATCH_HARD) {
    Extreme positive{0, kNone}, negative{0, kNone};
    for (int32_t j = 0; j < m.n; ++j) {
      const Extreme own{distance(m, a, j), j};
      if (is_positive(m, a, j)) {
        positive = more_extreme(positive, own, 1.0f);
        set_choice(g, j, kNone);
      } else if (j != a) {
        negative = more_extreme(negative, own, -1.0f);
      }
    }
    sums.wanted = 1;
    sums.skipped = positive.index < 0 || negative.index < 0 ? 1 : 0;
    if (positive.index >= 0) set_choice(g, positive.index, negative.index);
    return;
  }
  for (int64_t p = 0; p < m.n; ++p) {
    if (!is_positive(m, a, p)) continue;
    const int32_t choice = m.selection == AG_SELECT_ALL                 ? kEvery
                           : m.selection == AG_SELECT_DISTANCE_WEIGHTED ? choose_by_weight(m, g, a, p)
                                                                        : choose_by_distance(m, margin, a, p);
    set_choice(g, p, choice);
    sums.wanted += 1;
    sums.skipped += choice == kNone ? 1 : 0;
  }
}

// Stages after the choices.
void finish_row(const Metric& m, float margin, float beta, int64_t a, float* g, MetricRowSums& sums) {
  for (int64_t j = 0; j < m.n; ++j) {
    if (is_negative(m, a, j)) g[j] = at_negative(m, margin, beta, g, a, j);
  }
  for (int64_t j = 0; j < m.n; ++j) {
    if (is_positive(m, a, j)) g[j] = at_positive(m, margin, beta, g, a, j, sums);
  }
  g[a] = 0.0f;
}

struct SortedRow {
  Sorted* negatives;
  Sorted* positives;
  double* sums;  // of the distances of the first k negatives, k up to their number
  int32_t negative_count, positive_count;
};

SortedRow sort_row(const Metric& m, int64_t a, void* scratch) {
  SortedRow row{static_cast<Sorted*>(scratch), nullptr, nullptr, 0, 0};
  row.positives = row.negatives + m.n;
  row.sums = reinterpret_cast<double*>(row.positives + m.n);
  for (int32_t j = 0; j < m.n; ++j) {
    const Sorted own{distance(m, a, j), j};
    if (is_negative(m, a, j)) row.negatives[row.negative_count++] = own;
    if (is_positive(m, a, j)) row.positives[row.positive_count++] = own;
  }
  // A distance that is none sorts first, so that the order is one; the batch's loss is NaN then.
  const auto before = [](const Sorted& x, const Sorted& y) {
    const bool none = x.d != x.d, other = y.d != y.d;
    return none != other ? none : x.d == y.d || none ? x.index < y.index : x.d < y.d;
  };
  std::sort(row.negatives, row.negatives + row.negative_count, before);
  std::sort(row.positives, row.positives + row.positive_count, before);
  return row;
}

// How many of a sorted list lie below (or at, with `equal`) a distance.
int32_t count_below(const Sorted* first, int32_t count, float d, bool equal) {
  const Sorted* const end = std::partition_point(first, first + count, [&](const Sorted& x) { return !(equal ? x.d > d : x.d >= d); });
  return static_cast<int32_t>(end - first);
}

void sorted_semi_hard(const Metric& m, float margin, int64_t a, float* g, const SortedRow& row, MetricRowSums& sums) {
  std::fill(g, g + m.n, 0.0f);
  // The farthest with the lowest index.
  const int32_t last = row.negative_count;
  const int32_t farthest = last == 0 ? kNone : row.negatives[std::min(count_below(row.negatives, last, row.negatives[last - 1].d, false), last - 1)].index;
  for (int64_t p = 0; p < m.n; ++p) {
    if (!is_positive(m, a, p)) continue;
    const float own = distance(m, a, p);
    const int32_t beyond = count_below(row.negatives, last, own, true);
    const int32_t choice = beyond < last ? row.negatives[beyond].index : m.fallback != 0 ? farthest : kNone;
    sums.wanted += 1;
    if (choice == kNone) {
      sums.skipped += 1;
      continue;
    }
    const TripletTerm term = triplet_term(m, margin, own, distance(m, a, choice));
    count_term(sums, term.loss);
    g[p] = term.positive;
    g[choice] += term.negative;
  }
}

void sorted_hinge(const Metric&, float margin, int64_t a, float* g, const SortedRow& row, MetricRowSums& sums) {
  row.sums[0] = 0;
  for (int32_t j = 0; j < row.negative_count; ++j) row.sums[j + 1] = row.sums[j] + static_cast<double>(row.negatives[j].d);
  g[a] = 0.0f;
  for (int32_t i = 0; i < row.positive_count; ++i) {
    const float reach = row.positives[i].d + margin;
    const int32_t active = count_below(row.negatives, row.negative_count, reach, false);
    const double loss = active * static_cast<double>(reach) - row.sums[active];
    sums.loss += loss > 0 ? loss : 0;
    sums.active += active;
    g[row.positives[i].index] = static_cast<float>(active);
  }
  sums.terms = static_cast<double>(row.positive_count) * row.negative_count;
  sums.wanted = row.positive_count;
  // A negative is pushed by every positive whose reach is beyond it.
  int32_t within = 0;
  for (int32_t j = 0; j < row.negative_count; ++j) {
    while (within < row.positive_count && !(row.positives[within].d + margin > row.negatives[j].d)) ++within;
    g[row.negatives[j].index] = -static_cast<float>(row.positive_count - within);
  }
}

bool sorted_accepts(const void* arguments) {
  const Metric& m = as<MetricLossCall>(arguments).metric;
  const bool hinge = m.selection == AG_SELECT_ALL && m.form == AG_TRIPLET_HINGE;
  return m.loss == AG_METRIC_TRIPLET && m.n <= kMostSorted && (m.selection == AG_SELECT_SEMI_HARD || hinge);
}

template <bool sorted>
void run_row(const MetricLossCall& call, int64_t a, void* scratch) {
  const Metric& m = call.metric;
  const float margin = m.margin[0];
  float* const g = call.coefficients + a * m.n;
  MetricRowSums sums{};
  for (int64_t j = 0; j < m.n; ++j) measure_column(m, a, j, sums);
  const float beta = m.loss == AG_METRIC_MARGIN ? beta_of(m, a) : 0.0f;
  sums.beta = static_cast<double>(beta);
  if (is_plain_pair(m)) {
    for (int64_t j = 0; j < m.n; ++j) g[j] = plain_pair(m, margin, beta, a, j, sums);
  } else if (sorted) {
    const SortedRow row = sort_row(m, a, scratch);
    (m.selection == AG_SELECT_SEMI_HARD ? sorted_semi_hard : sorted_hinge)(m, margin, a, g, row, sums);
  } else {
    choose(m, margin, a, g, sums);
    finish_row(m, margin, beta, a, g, sums);
  }
  rows_of(call)[a] = sums;
}

template <bool sorted>
void run(const Exec& exec, const void* arguments) {
  const auto& call = as<MetricLossCall>(arguments);
  const Metric& m = call.metric;
  double& factor = *reinterpret_cast<double*>(rows_of(call) + m.n);
  for (int64_t i = 0; m.beta_class != nullptr && i < m.n; ++i) {
    if (m.labels[i] < 0 || m.labels[i] >= m.classes) exec.fault(exec, AG_FAULT_LABEL, AG_OP_METRIC_LOSS, i, m.scalars->step);
  }
  for (int64_t i = 0; m.beta_image != nullptr && i < m.n; ++i) {
    if (m.image[i] < 0 || m.image[i] >= m.images) exec.fault(exec, AG_FAULT_LABEL, AG_OP_METRIC_LOSS, i, m.scalars->step);
  }
  for_pieces(exec, m.n, [&](int64_t a, void* scratch) { run_row<sorted>(call, a, scratch); });
  for_pieces(exec, 1, [&](int64_t, void*) {
    MetricRowSums all{};
    double collapsed = 0;
    for (int64_t a = 0; a < m.n; ++a) {
      const MetricRowSums& row = rows_of(call)[a];
      double* const to = &all.loss;
      const double* const from = &row.loss;
      for (size_t i = 0; i < sizeof all / sizeof(double); ++i) to[i] += from[i];
      collapsed += row.farthest < static_cast<double>(kCollapsed) ? 1 : 0;
    }
    factor = finish_metric(m, all, collapsed, call.summary).factor;
    for (int64_t a = 0; call.dbeta != nullptr && a < m.n; ++a) call.dbeta[a] = beta_gradient(m, factor, rows_of(call)[a].slope);
  });
  const float scale = static_cast<float>(factor);
  for_elements(exec, int64_t{m.n} * m.n, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) call.coefficients[i] *= scale;
  });
}

}  // namespace

extern const Kernel metric_loss_f32_sorted = {"metric_loss_f32_sorted", Isa::baseline, sorted_accepts, run<true>};
extern const Kernel metric_loss_f32_plain = {"metric_loss_f32_plain", Isa::baseline, always, run<false>};

}  // namespace angulus::cpu
