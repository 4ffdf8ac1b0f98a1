// MOSD_THREAD_SANITIZER is 1 when ThreadSanitizer watches, which does not know
// of vector and past-the-cache accesses: code with such has another way then.
#pragma once

#if defined(__SANITIZE_THREAD__)
#define MOSD_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MOSD_THREAD_SANITIZER 1
#endif
#endif
