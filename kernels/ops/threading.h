// The rule that keeps oneDNN's results independent of the number of threads: every thread that runs
// its code, or creates its primitives, has one OpenMP thread. The setting is per thread; a new
// std::thread starts from the environment's value.
#ifndef WINNOW_KERNELS_OPS_THREADING_H_
#define WINNOW_KERNELS_OPS_THREADING_H_

namespace winnow::ops {

// Makes oneDNN calls of the calling thread single-threaded and aborts, with the reason, if that
// cannot be had. Pass it to ShardPool as `thread_start`.
void UseOneThread();

// Undoes the above for the calling thread: what a thread looks like that nobody limited.
void SetThreadLimitForTest(int threads);

// Threads that a oneDNN call of the calling thread may use.
int ThreadLimit();

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_THREADING_H_
