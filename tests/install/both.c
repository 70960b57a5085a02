/* Uses two static libraries in Rust; exits with 0 if both work. */
#include <flexcancel.h>
#include <string.h>

int other_length(int number);

int main(void) {
    flexcancel_result *result = NULL;
    flexcancel_client *client = flexcancel_client_new("{\"api_key\":7}", &result);
    int is_refused = client == NULL && strstr(flexcancel_result_json(result, NULL), "api_key");
    flexcancel_result_free(result);
    return !(is_refused && other_length(12) == 2 && other_length(-1) == -1);
}
