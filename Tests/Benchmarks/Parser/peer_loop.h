// The loop both peers share: PEER COUNT FILE prints nanoseconds of processor time for a message, and for its description alone.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void fail(const char *what) {
  fprintf(stderr, "parser benchmark: %s\n", what);
  exit(1);
}

static long long spent_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

// Named for callgrind.
static void measured_message(const char *text, size_t length);
static void measured_description(const char *text, size_t length);

int main(int argc, char **argv) {
  static char text[65536];
  FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;
  size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
  char *body = strstr(text, "\r\n\r\n");
  int count = argc == 3 ? atoi(argv[1]) : 0;
  if (count < 1 || body == NULL) fail("usage: peer COUNT FILE");
  body += 4;
  for (int part = 0; part < 2; part++) {
    long long began = 0;
    // The first tenth warms up.
    for (int i = -count / 10; i < count; i++) {
      if (i == 0) began = spent_ns();
      if (part == 0) measured_message(text, length);
      else measured_description(body, length - (size_t)(body - text));
    }
    printf("%s %lld\n", part == 0 ? "message" : "description", (spent_ns() - began) / count);
  }
}
