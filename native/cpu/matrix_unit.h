// Intel's matrix unit (AMX), whose registers the system gives only to a process that asks for them.
#pragma once

namespace angulus::cpu {

// Whether it multiplies bf16 and int8 here. Asks the system at the first call.
bool has_matrix_unit();

}  // namespace angulus::cpu
