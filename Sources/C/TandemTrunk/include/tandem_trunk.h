/* filled by the plugin host */
#pragma once
typedef struct tt_plugin_v1 { unsigned abi_major; } tt_plugin_v1;
