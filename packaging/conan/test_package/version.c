/* Prints the version, and fails if the header is of another one. */
#include <flexcancel.h>
#include <stdio.h>

int main(void) {
    printf("flexcancel %s, ABI %u\n", flexcancel_version(), (unsigned)flexcancel_abi_version());
    return flexcancel_abi_version() != FLEXCANCEL_ABI_VERSION;
}
