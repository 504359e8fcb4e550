/* The layout of the ABI as first published: a change here is a change of major version. */
#include "tandem_trunk.h"

#if UINTPTR_MAX == UINT64_MAX
_Static_assert(offsetof(tt_plugin_v1, struct_size) == 8, "where every major version keeps its size");
_Static_assert(offsetof(tt_plugin_v1, open) == 40, "first function of the plugin's table");
_Static_assert(offsetof(tt_plugin_v1, describe) == 120, "last function of 1.0");
_Static_assert(offsetof(tt_host_v1, method) == 24, "first function of the host's table");
_Static_assert(offsetof(tt_host_v1, clear_alarm) == 24 + 17 * 8, "last function of 1.0");
_Static_assert(sizeof(tt_health_v1) == 56, "facts of 1.0");
#endif
