#include "tandem_trunk.h"
