// Reductions over the rows of a (rows, columns) matrix. A reduction R is an operation of channel_rows.cuh (Storage, rows, columns, Columns,
// Inputs, load, read) with, in the place of write,
//   Partial                                    what is known of a column after some of its rows: a few floats; Partial{} knows none
//   take(Columns<W>, Inputs<W>, at, Partial (&)[W])   adds one row; may store an output of its own
//   merge(a, b)                                of two sets of rows
//   finish(column, partial)                    stores the results
//   workspace()                                (pieces, columns) of Partial
//
// reduce_pieces  Rows are cut into pieces by their number alone. A block takes one piece of some columns: 8 threads of 16 bytes each x 32 lines
//     of rows (128 bytes of a row at a time), or 32 single columns x 8 lines where rows do not begin aligned. A thread reads 4 rows before it
//     adds them, the lines merge as a tree in shared memory.
// reduce_merge   32 columns x 8 lines: a line takes every 8th piece, the lines merge as a tree.
// reduce_plain   One thread, one column, one loop over the rows.
// Every order is fixed by the shape, so the same shape gives the same bits.
#pragma once

#include "../device/storage.cuh"

namespace angulus::cuda {
namespace {

constexpr int kReduceThreads = 256;
constexpr int kMergeColumns = 32;

struct RowPieces {
  int64_t count, length;  // length in rows
};

__host__ __device__ inline RowPieces row_pieces(int64_t rows) {
  constexpr int64_t kMostPieces = 512;  // with a few groups of columns that fills a large card; the merge stays short
  constexpr int64_t kLeastRows = 64;
  const int64_t even = ceil_div(rows, kMostPieces);
  const int64_t length = even > kLeastRows ? even : kLeastRows;
  return {ceil_div(rows, length), length};
}

// Threads side by side along a row.
template <int W>
constexpr int kReduceLanes = W == 1 ? 32 : 8;

// Merges own of the block's lines, `lanes` threads each, into line 0. shared: one Partial[W] for each thread.
template <class R, int W>
__device__ inline void merge_lines(typename R::Partial* shared, typename R::Partial (&own)[W], int lanes) {
  using Partial = typename R::Partial;
  const int thread = static_cast<int>(threadIdx.x);
#pragma unroll
  for (int i = 0; i < W; ++i) {
    shared[i * kReduceThreads + thread] = own[i];
  }
  for (int half = kReduceThreads / 2; half >= lanes; half /= 2) {
    __syncthreads();  // the upper half is written: the lower one reads it
    if (thread < half) {
#pragma unroll
      for (int i = 0; i < W; ++i) {
        Partial* const at = shared + i * kReduceThreads + thread;
        own[i] = R::merge(own[i], at[half]);
        *at = own[i];
      }
    }
  }
}

template <class R, int W>
__global__ void __launch_bounds__(kReduceThreads) reduce_pieces(R reduction) {
  using Partial = typename R::Partial;
  constexpr int kLanes = kReduceLanes<W>;
  constexpr int kLines = kReduceThreads / kLanes;
  constexpr int kBatch = 4;
  AG_DYNAMIC_SHARED(Partial, shared);
  const int64_t columns = reduction.columns();
  const RowPieces pieces = row_pieces(reduction.rows());
  const int64_t groups = ceil_div(columns, kLanes * W);
  const int64_t piece = blockIdx.x / groups;
  const int64_t column = blockIdx.x % groups * kLanes * W + threadIdx.x % kLanes * W;
  const int64_t end = min((piece + 1) * pieces.length, static_cast<int64_t>(reduction.rows()));
  Partial own[W] = {};
  if (column < columns) {
    typename R::template Columns<W> parameters;
    reduction.load(column, parameters);
    for (int64_t row = piece * pieces.length + threadIdx.x / kLanes; row < end; row += kBatch * kLines) {
      typename R::template Inputs<W> inputs[kBatch];
#pragma unroll
      for (int i = 0; i < kBatch; ++i) {
        if (row + i * kLines < end) {
          reduction.read((row + i * kLines) * columns + column, inputs[i]);
        }
      }
#pragma unroll
      for (int i = 0; i < kBatch; ++i) {
        if (row + i * kLines < end) {
          reduction.take(parameters, inputs[i], (row + i * kLines) * columns + column, own);
        }
      }
    }
  }
  merge_lines<R>(shared, own, kLanes);
  if (threadIdx.x < kLanes && column < columns) {
#pragma unroll
    for (int i = 0; i < W; ++i) {
      static_cast<Partial*>(reduction.workspace())[piece * columns + column + i] = own[i];
    }
  }
}

template <class R>
__global__ void __launch_bounds__(kReduceThreads) reduce_merge(R reduction) {
  using Partial = typename R::Partial;
  AG_DYNAMIC_SHARED(Partial, shared);
  const int64_t columns = reduction.columns();
  const int64_t pieces = row_pieces(reduction.rows()).count;
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kMergeColumns + threadIdx.x % kMergeColumns;
  Partial own[1] = {};
  if (column < columns) {
    for (int64_t piece = threadIdx.x / kMergeColumns; piece < pieces; piece += kReduceThreads / kMergeColumns) {
      own[0] = R::merge(own[0], static_cast<const Partial*>(reduction.workspace())[piece * columns + column]);
    }
  }
  merge_lines<R>(shared, own, kMergeColumns);
  if (threadIdx.x < kMergeColumns && column < columns) {
    reduction.finish(column, own[0]);
  }
}

template <class R>
__global__ void __launch_bounds__(kReduceThreads) reduce_plain(R reduction) {
  const int64_t columns = reduction.columns();
  const int64_t column = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (column >= columns) {
    return;
  }
  typename R::template Columns<1> parameters;
  reduction.load(column, parameters);
  typename R::Partial own[1] = {};
  for (int64_t row = 0; row < reduction.rows(); ++row) {
    typename R::template Inputs<1> inputs;
    reduction.read(row * columns + column, inputs);
    reduction.take(parameters, inputs, row * columns + column, own);
  }
  reduction.finish(column, own[0]);
}

// Candidates' workspace_bytes and run: R is made from the op's call.
template <class R>
int64_t reduce_workspace(int64_t rows, int64_t columns, int64_t) {
  return row_pieces(rows).count * columns * static_cast<int64_t>(sizeof(typename R::Partial));
}

template <class R>
void run_reduce_pieces(Exec& exec, const void* call) {
  const R reduction = R::of(call);
  constexpr int64_t kThread = kReduceThreads * sizeof(typename R::Partial);
  with_width<typename R::Storage>(reduction.columns(), [&](auto width) {
    constexpr int kWidth = decltype(width)::value;
    const int64_t blocks = row_pieces(reduction.rows()).count * ceil_div(reduction.columns(), kReduceLanes<kWidth> * kWidth);
    AG_LAUNCH(exec, (reduce_pieces<R, kWidth>), grid_of(blocks), kReduceThreads, kThread * kWidth, reduction);
  });
  AG_LAUNCH(exec, reduce_merge<R>, grid_of(ceil_div(reduction.columns(), kMergeColumns)), kReduceThreads, kThread, reduction);
}

template <class R>
void run_reduce_plain(Exec& exec, const void* call) {
  const R reduction = R::of(call);
  AG_LAUNCH(exec, reduce_plain<R>, grid_of(ceil_div(reduction.columns(), kReduceThreads)), kReduceThreads, 0, reduction);
}

}  // namespace
}  // namespace angulus::cuda
