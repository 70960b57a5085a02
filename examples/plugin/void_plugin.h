/*
 * What a point of sale wants of a plugin that voids card payments. It is C, so host and plugin may
 * be built by different compilers.
 */
#ifndef VOID_PLUGIN_H
#define VOID_PLUGIN_H

#ifdef __cplusplus
extern "C" {
#endif

/* What the cashier may say of the void. */
enum void_answer { VOID_DONE = 0, VOID_TOO_LATE = 1, VOID_NOT_DONE = 2, VOID_PENDING = 3 };

struct void_plugin {
    /* Makes a client for the service at `base_url`; NULL: Flex itself. The API key is read from
     * FLEX_API_KEY. Returns NULL if it cannot, with a reason in `error`. */
    void *(*open)(const char *base_url, char *error, unsigned long error_size);
    /* Voids the sale of a session. Blocks for at most `timeout_ms`. May be called by several
     * threads at once. `reason`, of `reason_size` bytes, gets one line for the log. */
    enum void_answer (*void_sale)(void *plugin, const char *session_id, unsigned timeout_ms,
                                  char *reason, unsigned long reason_size);
    /* Frees it. No call may be running. */
    void (*close)(void *plugin);
};

/* The one symbol of the plugin. */
const struct void_plugin *void_plugin(void);

#ifdef __cplusplus
}
#endif

#endif
