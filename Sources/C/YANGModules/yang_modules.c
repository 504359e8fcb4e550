#include "yang_modules.h"

#include <string.h>

static const char tandem[] = {
#embed "yang/tandem.yang" suffix(, 0)
};
static const char types[] = {
#embed "yang/tandem-types.yang" suffix(, 0)
};
static const char appliance[] = {
#embed "yang/tandem-appliance.yang" suffix(, 0)
};
static const char signalling[] = {
#embed "yang/tandem-signalling.yang" suffix(, 0)
};
static const char trunk_configuration[] = {
#embed "yang/tandem-trunk-configuration.yang" suffix(, 0)
};
static const char network[] = {
#embed "yang/tandem-network.yang" suffix(, 0)
};
static const char routing[] = {
#embed "yang/tandem-routing.yang" suffix(, 0)
};
static const char enterprise[] = {
#embed "yang/tandem-enterprise.yang" suffix(, 0)
};

static const struct tandem_yang_module modules[] = {
    {"tandem", tandem},
    {"tandem-types", types},
    {"tandem-appliance", appliance},
    {"tandem-signalling", signalling},
    {"tandem-trunk-configuration", trunk_configuration},
    {"tandem-network", network},
    {"tandem-routing", routing},
    {"tandem-enterprise", enterprise},
    {0, 0},
};

const struct tandem_yang_module *tandem_yang_modules(void) { return modules; }

const char *tandem_yang_text(const char *name) {
  for (const struct tandem_yang_module *module = modules; module->name; module++)
    if (strcmp(module->name, name) == 0) return module->text;
  return 0;
}
