// Stands between a program and glibc's allocator and counts. Link it into an executable; nothing need be called for it to work.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Allocations made since the program began, by every thread; a reallocation is one when it moves.
uint64_t ca_allocations(void);
// Bytes in use now as the allocator rounds them, its own 8 bytes of each block included.
int64_t ca_bytes(void);
