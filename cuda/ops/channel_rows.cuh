// Element by element over a (rows, columns) matrix whose columns have parameters of their own. An operation A is a struct of
//   Storage                       float or Bf16
//   rows(), columns()
//   Columns<W>                    the parameters of W neighbouring columns
//   Inputs<W>                     what is read of W neighbouring elements
//   load(column, Columns<W>&)     read(at, Inputs<W>&)     write(Columns<W>, Inputs<W>, at)     at = row * columns + column
//
// apply_rows     W columns of kRows rows: the parameters stand in registers, all rows are read before one is written (the output may be an
//     input, so the compiler could not), and the rows of a thread lie far apart, so that neighbouring threads touch neighbouring bytes.
//   vector: 16 bytes of 4 rows, or one element of 4 rows where the rows do not begin aligned.   plain: one element.
#pragma once

#include "../device/storage.cuh"

namespace angulus::cuda {
namespace {

constexpr int kApplyThreads = 256;

template <class A, int W, int kRows>
__global__ void __launch_bounds__(kApplyThreads) apply_rows(A operation) {
  const int64_t rows = operation.rows();
  const int64_t columns = operation.columns();
  const int64_t stripes = ceil_div(rows, kRows);
  const int64_t groups = columns / W;
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index >= stripes * groups) {
    return;
  }
  const int64_t column = index % groups * W;
  const int64_t first = index / groups;
  typename A::template Columns<W> parameters;
  operation.load(column, parameters);
  typename A::template Inputs<W> inputs[kRows];
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    const int64_t row = first + i * stripes;
    if (row < rows) {
      operation.read(row * columns + column, inputs[i]);
    }
  }
#pragma unroll
  for (int i = 0; i < kRows; ++i) {
    const int64_t row = first + i * stripes;
    if (row < rows) {
      operation.write(parameters, inputs[i], row * columns + column);
    }
  }
}

template <class A, int W, int kRows>
void launch_apply_rows(Exec& exec, const A& given) {
  const A operation = given;
  const int64_t threads = ceil_div(operation.rows(), kRows) * (operation.columns() / W);
  AG_LAUNCH(exec, (apply_rows<A, W, kRows>), grid_of(ceil_div(threads, kApplyThreads)), kApplyThreads, 0, operation);
}

// Candidates' run: A is made from the op's call.
template <class A>
void run_rows_vector(Exec& exec, const void* call) {
  const A operation = A::of(call);
  with_width<typename A::Storage>(operation.columns(), [&](auto width) { launch_apply_rows<A, decltype(width)::value, 4>(exec, operation); });
}

template <class A>
void run_rows_plain(Exec& exec, const void* call) {
  launch_apply_rows<A, 1, 1>(exec, A::of(call));
}

}  // namespace
}  // namespace angulus::cuda
