// What the losses on distances do in one anchor's row of D (N,N), shared by all backends; formulas and choices: ag_metric of angulus.h.
// Sources: contrastive: Sun et al., "Deep learning face representation by joint identification-verification" (2014), equation 2; triplet and semi-hard: Schroff
// et al., "FaceNet" (CVPR 2015), 3.1-3.2; batch-hard and soft margin: Hermans et al., "In defense of the triplet loss" (2017); margin-based loss and
// distance-weighted sampling: Wu et al., "Sampling matters in deep embedding learning" (ICCV 2017), equations 3-6 and section 4.
//
// A row is done in three stages, in each of which the columns are independent of one another:
//   choose     g[p] of a positive becomes the number (as bits) of the negative it is compared with, kNone or kEvery; with DISTANCE_WEIGHTED the g[n] hold the
//              weights of the negatives before
//   negatives  g[n] = dL/dD of the negatives, from the choices
//   positives  g[p] = dL/dD of the positives, which take the place of the choices; terms are counted here
#pragma once

#include <math.h>
#include <string.h>

#include "calls.h"
#include "philox.h"
#include "portable.h"

namespace angulus {

constexpr int32_t kNone = -1;   // no negative
constexpr int32_t kEvery = -2;  // all of them
constexpr float kNearest = 0.5f, kFarthest = 1.4f;  // DISTANCE_WEIGHTED: the clamp and the exclusion of the public code
constexpr float kCollapsed = 1e-3f;

// What a row adds to the batch.
struct MetricRowSums {
  double loss, terms, active;
  double wanted, skipped;                          // negatives looked for, not found
  double positives, positive, negatives, negative; // pairs, and the sums of their distances
  double farthest;                                 // largest distance to another row
  double beta, slope;                              // b of the anchor, sum of dL/db
};

AG_SHARED bool is_positive(const Metric& m, int64_t a, int64_t j) { return j != a && m.labels[j] == m.labels[a]; }
AG_SHARED bool is_negative(const Metric& m, int64_t a, int64_t j) { return m.labels[j] != m.labels[a]; }
AG_SHARED float distance(const Metric& m, int64_t a, int64_t j) { return m.distances[a * m.n + j]; }

AG_SHARED int32_t choice_of(const float* g, int64_t j) {
  int32_t choice;
  memcpy(&choice, g + j, sizeof choice);
  return choice;
}
AG_SHARED void set_choice(float* g, int64_t j, int32_t choice) { memcpy(g + j, &choice, sizeof choice); }

AG_SHARED float softplus(float z) { return z > 0.0f ? z + log1pf(expf(-z)) : log1pf(expf(z)); }
AG_SHARED float sigmoid(float z) {
  const float power = expf(z > 0.0f ? -z : z);
  return (z > 0.0f ? 1.0f : power) / (1.0f + power);
}

struct TripletTerm { float loss, positive, negative; };  // value, and its derivatives by d_ap and d_an

AG_SHARED TripletTerm triplet_term(const Metric& m, float margin, float positive, float negative) {
  if (m.form == AG_TRIPLET_SOFT) {
    const float z = positive - negative, slope = sigmoid(z);
    const bool pulls = m.pull != 0.0f;
    return {softplus(z) + (pulls ? m.pull * softplus(positive) : 0.0f), slope + (pulls ? m.pull * sigmoid(positive) : 0.0f), -slope};
  }
  const float z = positive - negative + margin;
  return z > 0.0f ? TripletTerm{z, 1.0f, -1.0f} : TripletTerm{0.0f, 0.0f, 0.0f};
}

struct PairTerm { float loss, slope, by_beta; };

AG_SHARED PairTerm pair_term(const Metric& m, float margin, float beta, bool positive, float d) {
  if (m.loss == AG_METRIC_MARGIN) {
    const float y = positive ? 1.0f : -1.0f, z = margin + y * (d - beta);
    return z > 0.0f ? PairTerm{z, y, -y} : PairTerm{0.0f, 0.0f, 0.0f};
  }
  if (m.distance == AG_DISTANCE_COSINE) {
    const float z = 1.0f - margin - d;
    return positive ? PairTerm{d, 1.0f, 0.0f} : z > 0.0f ? PairTerm{z, -1.0f, 0.0f} : PairTerm{0.0f, 0.0f, 0.0f};
  }
  const float z = margin - d;
  return positive ? PairTerm{0.5f * d * d, d, 0.0f} : z > 0.0f ? PairTerm{0.5f * z * z, -z, 0.0f} : PairTerm{0.0f, 0.0f, 0.0f};
}

// b of an anchor; a number out of range (a fault, reported beside) counts as no addend.
AG_SHARED float beta_of(const Metric& m, int64_t a) {
  float beta = m.beta == nullptr ? 0.0f : m.beta[0];
  if (m.beta_class != nullptr && m.labels[a] >= 0 && m.labels[a] < m.classes) beta += m.beta_class[m.labels[a]];
  if (m.beta_image != nullptr && m.image[a] >= 0 && m.image[a] < m.images) beta += m.beta_image[m.image[a]];
  return beta;
}

// Log of the weight of a negative for DISTANCE_WEIGHTED; -infinity: excluded.
AG_SHARED float log_weight(const Metric& m, float d) {
  const float euclidean = m.distance == AG_DISTANCE_EUCLIDEAN ? d : sqrtf(m.distance == AG_DISTANCE_SQUARED ? d : 2.0f * d);
  if (!(euclidean < kFarthest)) return -INFINITY;
  const float c = euclidean > kNearest ? euclidean : kNearest;
  const float size = static_cast<float>(m.d);
  return (2.0f - size) * logf(c) - 0.5f * (size - 3.0f) * logf(1.0f - 0.25f * c * c);
}

// Uniform in [0, 1) for the pair (a, p).
AG_SHARED float pair_uniform(const Metric& m, int64_t a, int64_t p) {
  const uint64_t element = static_cast<uint64_t>(a) * static_cast<uint64_t>(m.n) + static_cast<uint64_t>(p);
  return philox_uniform(philox_words(m.seed, m.purpose, m.scalars->random_counter, element / 4).word[element % 4]);
}

AG_SHARED bool may_be_drawn(const Metric& m, float margin, float positive, float negative) {
  return negative < positive + margin && (m.selection == AG_SELECT_VIOLATOR || negative > positive);
}

// Whether a positive is compared with a negative at all.
AG_SHARED bool wants_negative(const Metric& m, int64_t a, int64_t p) { return m.selection != AG_SELECT_TRIPLETS || (a % 3 == 0 && p == a + 1); }

AG_SHARED void count_choice(const Metric& m, int64_t a, int64_t p, int32_t choice, MetricRowSums& sums) {
  if (!wants_negative(m, a, p)) return;
  sums.wanted += 1;
  sums.skipped += choice == kNone ? 1 : 0;
}

// TRIPLETS: the negative that stands behind (a, p).
AG_SHARED int32_t given_negative(const Metric& m, int64_t a, int64_t p) {
  return wants_negative(m, a, p) && p + 1 < m.n && is_negative(m, a, p + 1) ? static_cast<int32_t>(p + 1) : kNone;
}

// The negative of (a, p) where the distances alone decide: SEMI_HARD, SEMI_HARD_RANDOM, VIOLATOR; or TRIPLETS.
AG_SHARED int32_t choose_negative(const Metric& m, float margin, int64_t a, int64_t p) {
  if (m.selection == AG_SELECT_TRIPLETS) return given_negative(m, a, p);
  const float own = distance(m, a, p);
  int32_t best = kNone, farthest = kNone, count = 0;
  for (int32_t j = 0; j < m.n; ++j) {
    if (!is_negative(m, a, j)) continue;
    const float d = distance(m, a, j);
    if (m.selection != AG_SELECT_SEMI_HARD) {
      count += may_be_drawn(m, margin, own, d) ? 1 : 0;
      continue;
    }
    if (d > own && (best == kNone || d < distance(m, a, best))) best = j;
    if (farthest == kNone || d > distance(m, a, farthest)) farthest = j;
  }
  if (m.selection == AG_SELECT_SEMI_HARD) return best == kNone && m.fallback != 0 ? farthest : best;
  if (count == 0) return kNone;
  int32_t left = static_cast<int32_t>(pair_uniform(m, a, p) * static_cast<float>(count));
  if (left >= count) left = count - 1;
  for (int32_t j = 0; j < m.n; ++j) {
    if (is_negative(m, a, j) && may_be_drawn(m, margin, own, distance(m, a, j)) && left-- == 0) return j;
  }
  return kNone;
}

// DISTANCE_WEIGHTED: g[n] holds exp(log weight - largest of the row), or -1 where nothing is left and all negatives are alike.
AG_SHARED int32_t choose_by_weight(const Metric& m, const float* g, int64_t a, int64_t p) {
  double total = 0;
  int32_t last = kNone;
  for (int32_t j = 0; j < m.n; ++j) {
    if (is_negative(m, a, j)) total += static_cast<double>(g[j] < 0.0f ? 1.0f : g[j]);
  }
  const double wanted = static_cast<double>(pair_uniform(m, a, p)) * total;
  double sum = 0;
  for (int32_t j = 0; j < m.n; ++j) {
    if (!is_negative(m, a, j) || g[j] == 0.0f) continue;
    sum += static_cast<double>(g[j] < 0.0f ? 1.0f : g[j]);
    last = j;
    if (sum > wanted) return j;
  }
  return last;
}

AG_SHARED float weight_of(float log_weight, float largest) { return largest == -INFINITY ? -1.0f : expf(log_weight - largest); }

AG_SHARED bool takes_pairs(const Metric& m) { return m.loss != AG_METRIC_TRIPLET; }
// Pairs that stand for themselves, with no negative chosen for a positive.
AG_SHARED bool is_plain_pair(const Metric& m) { return takes_pairs(m) && m.selection <= AG_SELECT_PAIRS; }
AG_SHARED bool takes_pair(const Metric& m, int64_t a, int64_t j) {
  return j != a && (m.selection == AG_SELECT_ALL || (a % 2 == 0 && j == a + 1));
}

AG_SHARED void count_term(MetricRowSums& sums, float loss) {
  sums.loss += static_cast<double>(loss);
  sums.terms += 1;
  sums.active += loss > 0.0f ? 1 : 0;
}

// Distances of a column, for the summary.
AG_SHARED void measure_column(const Metric& m, int64_t a, int64_t j, MetricRowSums& sums) {
  if (j == a) return;
  const float d = distance(m, a, j);
  const bool positive = is_positive(m, a, j);
  (positive ? sums.positives : sums.negatives) += 1;
  (positive ? sums.positive : sums.negative) += static_cast<double>(d);
  if (static_cast<double>(d) > sums.farthest) sums.farthest = static_cast<double>(d);
}

// A pair that stands for itself.
AG_SHARED float plain_pair(const Metric& m, float margin, float beta, int64_t a, int64_t j, MetricRowSums& sums) {
  if (!takes_pair(m, a, j)) return 0.0f;
  const PairTerm term = pair_term(m, margin, beta, is_positive(m, a, j), distance(m, a, j));
  count_term(sums, term.loss);
  sums.slope += static_cast<double>(term.by_beta);
  return term.slope;
}

// Stage `negatives`.
AG_SHARED float at_negative(const Metric& m, float margin, float beta, const float* g, int64_t a, int64_t j) {
  const float d = distance(m, a, j);
  float sum = 0.0f;
  for (int64_t p = 0; p < m.n; ++p) {
    if (!is_positive(m, a, p)) continue;
    const int32_t choice = choice_of(g, p);
    if (choice != kEvery && choice != j) continue;
    sum += takes_pairs(m) ? pair_term(m, margin, beta, false, d).slope : triplet_term(m, margin, distance(m, a, p), d).negative;
  }
  return sum;
}

// Stage `positives`.
AG_SHARED float at_positive(const Metric& m, float margin, float beta, const float* g, int64_t a, int64_t p, MetricRowSums& sums) {
  const float d = distance(m, a, p);
  const int32_t choice = choice_of(g, p);
  float sum = 0.0f;
  if (choice == kEvery) {
    for (int64_t j = 0; j < m.n; ++j) {
      if (!is_negative(m, a, j)) continue;
      const TripletTerm term = triplet_term(m, margin, d, distance(m, a, j));
      count_term(sums, term.loss);
      sum += term.positive;
    }
  } else if (choice >= 0 && takes_pairs(m)) {
    const PairTerm own = pair_term(m, margin, beta, true, d), other = pair_term(m, margin, beta, false, distance(m, a, choice));
    count_term(sums, own.loss);
    count_term(sums, other.loss);
    sums.slope += static_cast<double>(own.by_beta + other.by_beta);
    sum = own.slope;
  } else if (choice >= 0) {
    const TripletTerm term = triplet_term(m, margin, d, distance(m, a, choice));
    count_term(sums, term.loss);
    sum = term.positive;
  }
  return sum;
}

// The farthest (sign 1) or nearest (-1) of two columns; of equals the lower one; an index below 0 is none.
struct Extreme { float d; int32_t index; };
AG_SHARED Extreme more_extreme(Extreme a, Extreme b, float sign) {
  if (a.index < 0 || b.index < 0) return a.index < 0 ? b : a;
  if (a.d == b.d) return a.index < b.index ? a : b;
  return sign * a.d > sign * b.d ? a : b;
}

// Of the whole batch, from the rows' sums added up: the factor of the coefficients, and the summary.
struct MetricTotals { double factor, divisor; };
AG_SHARED MetricTotals finish_metric(const Metric& m, const MetricRowSums& all, double collapsed, ag_metric_summary* summary) {
  const double rows = static_cast<double>(m.n);
  const bool finite = isfinite(all.positive + all.negative + all.beta);
  const double divisor = m.mean == AG_MEAN_OF_ACTIVE ? all.active : all.terms;
  const double beta = all.beta / rows;
  const double loss = (divisor > 0 ? all.loss / divisor : 0.0) + static_cast<double>(m.nu) * beta;
  const auto share = [](double part, double of) { return static_cast<float>(of > 0 ? part / of : 0.0); };
  *summary = ag_metric_summary{finite ? static_cast<float>(loss) : NAN, share(all.active, all.terms), static_cast<float>(all.terms), share(all.skipped, all.wanted),
                               share(all.positive, all.positives), share(all.negative, all.negatives), share(collapsed, rows), static_cast<float>(beta)};
  const double weight = static_cast<double>(m.weight);
  return {!finite ? static_cast<double>(NAN) : divisor > 0 ? weight / divisor : 0.0, divisor};
}
AG_SHARED float beta_gradient(const Metric& m, double factor, double slope) {
  return static_cast<float>(factor * slope + static_cast<double>(m.weight) * static_cast<double>(m.nu) / static_cast<double>(m.n));
}

// How D of a pair enters dx: dx_i += (G_ij + G_ji) metric_pull (x_i - x_j); for COSINE (G_ij + G_ji) (-x_j).
AG_SHARED float metric_pull(int32_t kind, float d) { return kind == AG_DISTANCE_SQUARED ? 2.0f : kind == AG_DISTANCE_COSINE ? 1.0f : d > 0.0f ? 1.0f / d : 0.0f * d; }

// Whether row i is the first of its class: it does the class's work, so that each class is written by one, its rows in their order.
AG_SHARED bool is_first_of(const int32_t* labels, int64_t i) {
  for (int64_t j = 0; j < i; ++j) {
    if (labels[j] == labels[i]) return false;
  }
  return true;
}

}  // namespace angulus
