// libedit: el_set and history are variadic, which Swift does not import; stdin and its like are mutable globals.
#pragma once
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <histedit.h>

typedef char *(*tandem_edit_prompt)(EditLine *);
typedef unsigned char (*tandem_edit_key)(EditLine *, int);

static inline EditLine *tandem_edit_open(const char *program) { return el_init(program, stdin, stdout, stderr); }

static inline void tandem_edit_set_up(EditLine *edit, History *history_, tandem_edit_prompt prompt, void *context) {
  el_set(edit, EL_CLIENTDATA, context);
  el_set(edit, EL_PROMPT, prompt);
  el_set(edit, EL_EDITOR, "emacs");
  el_set(edit, EL_SIGNAL, 0);
  el_set(edit, EL_HIST, history, history_);
}

static inline void *tandem_edit_context(EditLine *edit) {
  void *context = NULL;
  el_get(edit, EL_CLIENTDATA, &context);
  return context;
}

// The function is known to libedit under `name`, and runs when `key` is typed.
static inline void tandem_edit_bind(EditLine *edit, const char *name, const char *help, const char *key, tandem_edit_key function) {
  el_set(edit, EL_ADDFN, name, help, function);
  el_set(edit, EL_BIND, key, name, NULL);
}

static inline void tandem_history_bound(History *history_, int lines) {
  HistEvent event;
  history(history_, &event, H_SETSIZE, lines);
  history(history_, &event, H_SETUNIQUE, 1);
}
static inline void tandem_history_enter(History *history_, const char *line) {
  HistEvent event;
  history(history_, &event, H_ENTER, line);
}

static void tandem_edit_interrupted(int number) { (void)number; }
// Ctrl-C ends the read with EINTR instead of the program.
static inline void tandem_edit_catch_interrupt(void) {
  struct sigaction action = {0};
  action.sa_handler = tandem_edit_interrupted;
  sigaction(SIGINT, &action, NULL);
}
