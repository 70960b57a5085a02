/*
 * Prints the value of every macro of flexcancel.h, and what the library says of its version and
 * of every number that could be one. The test compares all of it with the Rust side.
 *
 * macros.inc is made by the test from the header's own #define lines.
 */
#include "check.h"

#define TEXT(name) printf("%s=%s\n", #name, name);
#define NUMBER(name) printf("%s=%ld\n", #name, (long)(name));

int main(void) {
    int32_t number;

#include "macros.inc"

    printf("version=%s\n", flexcancel_version());
    printf("abi_version=%lu\n", (unsigned long)flexcancel_abi_version());
    for (number = -1000; number <= 1000; number++) {
        const char *outcome = flexcancel_outcome_name(number);
        const char *hold = flexcancel_hold_name(number);
        const char *code = flexcancel_code_name(number);
        if (outcome != NULL)
            printf("outcome_name(%ld)=%s\n", (long)number, outcome);
        if (hold != NULL)
            printf("hold_name(%ld)=%s\n", (long)number, hold);
        if (code != NULL)
            printf("code_name(%ld)=%s\n", (long)number, code);
    }
    CHECK(flexcancel_code_name(INT32_MIN) == NULL, "the least number is no code");
    CHECK(flexcancel_code_name(INT32_MAX) == NULL, "the greatest number is no code");
    CHECK(flexcancel_hold_name(INT32_MIN) == NULL, "the least number is no hold");
    CHECK(flexcancel_hold_name(INT32_MAX) == NULL, "the greatest number is no hold");
    CHECK(flexcancel_outcome_name(INT32_MIN) == NULL, "the least number is no outcome");
    CHECK(flexcancel_outcome_name(INT32_MAX) == NULL, "the greatest number is no outcome");
    return 0;
}
