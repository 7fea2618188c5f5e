// One source for every vector width, with the same bytes from each.
//
// WINNOW_MULTIVERSION compiles a function for AVX-512, AVX2 and the base set; the loader picks by
// CPU. The build forbids contraction (-ffp-contract=off), elementwise loops round every operation
// as written, and sums have a fixed number of partial sums and a fixed final tree: so all versions
// of such a function give the same bytes.
#ifndef WINNOW_KERNELS_BASE_MULTIVERSION_H_
#define WINNOW_KERNELS_BASE_MULTIVERSION_H_

// Sanitizers instrument the functions that choose a version, which run before their run-time is
// ready.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define WINNOW_MULTIVERSION
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define WINNOW_MULTIVERSION
#endif
#endif
#if !defined(WINNOW_MULTIVERSION)
#if defined(__x86_64__) && defined(__linux__)
#define WINNOW_MULTIVERSION __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WINNOW_MULTIVERSION
#endif
#endif

#endif  // WINNOW_KERNELS_BASE_MULTIVERSION_H_
