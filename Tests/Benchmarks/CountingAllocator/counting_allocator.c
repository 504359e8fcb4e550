#include "counting_allocator.h"

#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static _Atomic uint64_t allocations;
static _Atomic int64_t bytes;

uint64_t ca_allocations(void) { return atomic_load_explicit(&allocations, memory_order_relaxed); }
int64_t ca_bytes(void) { return atomic_load_explicit(&bytes, memory_order_relaxed); }

static int64_t size_of(void *block) { return block ? (int64_t)malloc_usable_size(block) + 8 : 0; }

static void *counted(void *block) {
  if (block) {
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&bytes, size_of(block), memory_order_relaxed);
  }
  return block;
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return counted(__libc_calloc(count, size)); }
void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }

int posix_memalign(void **block, size_t alignment, size_t size) {
  *block = counted(__libc_memalign(alignment, size));
  return *block ? 0 : ENOMEM;
}

void *realloc(void *old, size_t size) {
  int64_t before = size_of(old);
  void *block = __libc_realloc(old, size);
  if (block != NULL || size == 0) atomic_fetch_add_explicit(&bytes, size_of(block) - before, memory_order_relaxed);
  if (block != NULL && block != old) atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  return block;
}

void free(void *block) {
  if (block == NULL) return;
  atomic_fetch_sub_explicit(&bytes, size_of(block), memory_order_relaxed);
  __libc_free(block);
}
