// What can be made to go wrong, and how it is said.

/** How often is always. */
export const ALWAYS = 4294967295;

/** What can be chosen to go wrong. Other faults can be written as JSON. */
export const PRESETS = {
  "Lost answers": [
    ["lost, the connection is reset", { fault: "drop_answer", how: "rst" }],
    ["lost, the connection is silent", { fault: "drop_answer", how: "stall" }],
    ["cut off half-way", { fault: "cut_answer", at: 120, how: "fin" }],
    ["the request is cut off", { fault: "cut_request", at: 60, how: "rst" }],
  ],
  "Slow network": [
    ["the answer comes 3 seconds late", { fault: "delay", ms: 3000 }],
    ["the answer drips", { fault: "drip", bytes_per_second: 100 }],
  ],
  "Refusals": [
    ["429, too many requests", { fault: "status", status: 429, headers: [["Retry-After", "2"]], body: "" }],
    ["503, unavailable", { fault: "status", status: 503, body: "" }],
    ["500, again with the same key", { fault: "replayed_500" }],
    ["401, key not accepted", { fault: "status", status: 401, body: "" }],
  ],
  "Answers not to be believed": [
    ["200 without a body", { fault: "empty_200" }],
    ["200 with a page for people", { fault: "not_json_200" }],
    ["200 about another session", { fault: "other_id" }],
    ["200 with broken JSON", { fault: "invalid_json" }],
    ["a session from an old cache", { fault: "cached", age_s: 60 }],
  ],
  "Connections, but not this page’s": [
    ["closed when accepted", { fault: "close_before_read" }],
    ["reset at the first byte", { fault: "reset_handshake" }],
  ],
};

/** The faults that the sandbox takes without `operation` and `apply`. */
export const NOT_OF_ANSWERS = new Set([
  "close_before_read", "accept_and_stall", "stall_handshake", "reset_handshake", "cut_request",
]);

export function times(count) {
  return count === ALWAYS ? "always" : count === 1 ? "once" : `${count} times`;
}

export function describe({ fault, times: count, operation, apply, ...rest }) {
  const parts = Object.entries(rest).filter(([, value]) => value !== "" && value.length !== 0)
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`);
  if (operation) parts.push(`only ${operation}`);
  return [fault, ...parts, times(count)].join(" · ");
}
