// The rows of the tables. All text comes in by textContent: ids and paths are chosen by whoever sends
// requests.

/** What can be done to a session, and when. */
const DEEDS = [
  ["pay", "Pay", (it) => it.status === "open"],
  ["capture", "Capture", (it) => it.hold === "held" && it.capture_method === "manual"],
  ["cancel", "Cancel", (it) => it.hold === "held" || it.status === "open"],
  ["expire", "Expire", (it) => it.hold === "held" || it.status === "open"],
  ["refund", "Refund", (it) => it.amount_captured > it.amount_refunded],
  ["reauth", "Re-authorize", (it) => it.hold !== "held" && it.capture_method === "manual"
    && it.intents.some((intent) => intent.authorized_at_ms !== null)],
];
const DONE = {
  pay: "is paid", capture: "is captured", cancel: "is canceled", expire: "has expired",
  refund: "is refunded", reauth: "is authorized again",
};
const HOLD_MARKS = { held: "warn", released: "good", captured: "info" };

export function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function mark(node, text, kind = "") {
  write(node, text);
  node.className = `mark ${kind}`;
  node.hidden = text === "";
}

/** A row whose cells say the name of their column, which a narrow screen shows in them. */
function row(table, cells) {
  const names = [...table.tHead.rows[0].cells];
  const made = element("tr");
  made.setAttribute("role", "row");
  cells.forEach((content, index) => {
    const cell = element("td", { className: names[index].className }, ...content);
    cell.dataset.name = names[index].textContent;
    cell.setAttribute("role", "cell");
    made.append(cell);
  });
  return made;
}

/**
 * Gives a table one body for each item, in order. A body that stays is not touched, so that the
 * focus stays, too.
 */
export function arrange(table, bodies, items, key, now, make) {
  const wanted = new Set(items.map(key));
  for (const [name, body] of bodies) {
    if (!wanted.has(name)) {
      body.node.remove();
      bodies.delete(name);
    }
  }
  items.forEach((item, index) => {
    if (!bodies.has(key(item))) bodies.set(key(item), make(item));
    const body = bodies.get(key(item));
    if (table.tBodies[index] !== body.node) {
      table.insertBefore(body.node, table.tBodies[index] ?? null);
    }
    body.show(item, now);
  });
}

const dollars = (cents) =>
  (cents / 100).toLocaleString("en-US", { style: "currency", currency: "USD" });

function age(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h`;
}

/** `press(id, deed, said)` does something to a session. */
export function sessionBody(table, id, press) {
  const open = element("button", { type: "button", className: "id", textContent: id });
  const reference = element("small");
  const [amount, taken, hold, status, cancels, old] =
    ["span", "small", "span", "span", "span", "span"].map((tag) => element(tag));
  const deeds = element("div", { className: "deeds" });
  const buttons = DEEDS.map(([deed, label, fits]) => {
    const button = element("button", { type: "button", textContent: label });
    // Each session has such a button: this tells them apart.
    button.setAttribute("aria-label", `${label} ${id}`);
    button.addEventListener("click", async () => {
      await press(id, deed, `${id} ${DONE[deed]}.`);
      // The button may be gone with what it was for; whoever pressed it by keyboard stays here.
      const lost = [document.body, button].includes(document.activeElement);
      if (button.hidden && lost) open.focus();
    });
    deeds.append(button);
    return [button, fits];
  });
  const truth = element("pre");
  const cell = element("td", { colSpan: 7 }, truth);
  cell.setAttribute("role", "cell");
  const below = element("tr", { className: "truth", hidden: true }, cell);
  below.setAttribute("role", "row");
  const cells = [
    [element("div", {}, open, reference)], [element("div", {}, amount, taken)], [hold], [status],
    [cancels], [old], [deeds],
  ];
  const node = element("tbody", {}, row(table, cells), below);
  node.setAttribute("role", "rowgroup");
  let latest = null;
  const tell = () => write(truth, below.hidden ? "" : JSON.stringify(latest, null, 2));
  open.setAttribute("aria-expanded", "false");
  open.addEventListener("click", () => {
    below.hidden = !below.hidden;
    open.setAttribute("aria-expanded", String(!below.hidden));
    tell();
  });
  const show = (it, now) => {
    latest = it;
    const live = it.test_mode ? "" : "live";
    write(reference, [it.client_reference_id, live].filter(Boolean).join(" · "));
    write(amount, dollars(it.amount_total));
    const moved = [["captured", it.amount_captured], ["refunded", it.amount_refunded]];
    write(taken, moved.filter(([, cents]) => cents > 0)
      .map(([word, cents]) => `${dollars(cents)} ${word}`).join(", "));
    mark(hold, it.hold, HOLD_MARKS[it.hold]);
    write(status, it.status);
    const pending = it.cancels_pending > 0 ? `, ${it.cancels_pending} pending` : "";
    write(cancels, it.cancels_received === 0 ? "–"
      : `${it.cancels_received} asked, ${it.cancels_applied.length} done${pending}`);
    write(old, age(now - it.created_at_ms));
    for (const [button, fits] of buttons) button.hidden = !fits(it);
    tell();
  };
  return { node, show };
}

export function requestBody(table) {
  const [number, key, status, fault, old] =
    ["span", "small", "span", "span", "span"].map((tag) => element(tag));
  const line = element("code");
  const answer = element("div", { className: "deeds" }, status, fault);
  const mode = element("span");
  const cells = [[number], [line], [element("div", {}, mode, key)], [answer], [old]];
  const node = element("tbody", {}, row(table, cells));
  node.setAttribute("role", "rowgroup");
  const show = (it, now) => {
    write(number, String(it.number));
    write(line, `${it.method} ${it.target}`);
    write(mode, it.mode ?? "no valid key");
    write(key, it.idempotency_key ?? "");
    const kind = it.status === null || it.status >= 500 ? "bad" : it.status >= 400 ? "warn" : "good";
    mark(status, it.status === null ? "none" : String(it.status), kind);
    mark(fault, it.fault ?? "", "warn");
    write(old, age(now - it.at_ms));
  };
  return { node, show };
}
