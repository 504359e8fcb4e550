#include "yang_modules.h"
