/* core/base/version - what --version prints and what is written into datasets. */
#pragma once

#define MOCKTRAIL_VERSION "0.1.0"
