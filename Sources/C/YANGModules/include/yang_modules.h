// The YANG texts of the core configuration model, compiled into the program: no file is read for them at run time.
#pragma once

struct tandem_yang_module {
  const char *name;
  const char *text;  // NUL-terminated
};

// The main module first, then its submodules; a NULL name ends the list.
const struct tandem_yang_module *tandem_yang_modules(void);

// The text of a module or submodule, NULL if it is not one of ours.
const char *tandem_yang_text(const char *name);
