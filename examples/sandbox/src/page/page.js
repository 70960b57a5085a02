// Shows the sandbox and presses its buttons.

import { ALWAYS, NOT_OF_ANSWERS, PRESETS, describe, times } from "./faults.js";
import { arrange, element, requestBody, sessionBody, write } from "./rows.js";

const ADMIN = "/__sandbox/";
const EVERY_MS = 1000;
const PATIENCE_MS = 5000;

const $ = (id) => document.getElementById(id);

const sessions = new Map();
const requests = new Map();

function press(id, deed, said) {
  return send("POST", `sessions/${encodeURIComponent(id)}/${deed}`, {}, said);
}

function showTables(overview) {
  const { now_ms: now } = overview;
  arrange($("sessions"), sessions, overview.sessions, (it) => it.session_id, now,
    (it) => sessionBody($("sessions"), it.session_id, press));
  arrange($("requests"), requests, overview.requests, (it) => it.number, now,
    () => requestBody($("requests")));
  for (const name of ["sessions", "requests"]) {
    $(name).hidden = overview[name].length === 0;
    $(`no-${name}`).hidden = overview[name].length > 0;
  }
  $("forget").hidden = overview.requests.length === 0;
  const shown = overview.sessions.length;
  write($("total"), overview.total > shown ? `the latest ${shown} of ${overview.total}` : "");
  const { rate_limited: limited, ...served } = overview.counts;
  const count = Object.values(served).reduce((sum, it) => sum + it, 0);
  write($("served"), `${count} served, ${limited} over the rate limit`);
}

function showFaults(faults) {
  const list = $("faults");
  while (list.children.length < faults.length) list.append(element("li"));
  while (list.children.length > faults.length) list.lastChild.remove();
  faults.forEach((fault, index) => write(list.children[index], describe(fault)));
  $("no-faults").hidden = faults.length > 0;
  $("clear").hidden = faults.length === 0;
}

// -- the sandbox

let asked = 0;
let shown = 0;
let answered = null;
let timer;

function alive(is) {
  if (is) answered = new Date();
  const since = answered ? ` This is what it said at ${answered.toLocaleTimeString()}.` : "";
  write($("live"), is ? "Live" : `The sandbox does not answer.${since}`);
  $("live").className = is ? "good" : "bad";
}

/** What it says now. An answer that a later one has overtaken is not shown. */
async function refresh() {
  clearTimeout(timer);
  const number = ++asked;
  try {
    const options = { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) };
    const response = await fetch(`${ADMIN}overview`, options);
    const overview = await response.json();
    if (!response.ok) throw new Error(overview.error.message);
    if (number > shown) {
      shown = number;
      showTables(overview);
      showFaults(overview.faults);
      alive(true);
    }
  } catch {
    if (number > shown) alive(false);
  }
  // Nobody looks at a page in the background, and its requests would only delay others.
  if (number === asked && !document.hidden) timer = setTimeout(refresh, EVERY_MS);
}

function say(text, bad = false) {
  $("said").className = bad ? "bad" : "";
  $("said").textContent = text;
}

/** Asks the sandbox for a change, says what came of it, and returns the answer if it was done. */
async function send(method, path, body, done) {
  let answer = null;
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const options = method === "POST" ? { method, signal, body: JSON.stringify(body) } : { method, signal };
    const response = await fetch(ADMIN + path, options);
    const json = await response.json();
    if (response.ok) {
      answer = json;
      say(typeof done === "function" ? done(json) : done);
    } else {
      say(json.error.message, true);
    }
  } catch {
    say("The sandbox does not answer. It may have done what was asked.", true);
  }
  await refresh();
  return answer;
}

// -- forms

function onSubmit(id, act) {
  $(id).addEventListener("submit", (event) => {
    event.preventDefault();
    act();
  });
}

onSubmit("create", () => {
  const reference = $("reference").value.trim();
  const session = {
    amount_total: Math.round($("amount").valueAsNumber * 100),
    capture_method: $("method").value,
    client_reference_id: reference === "" ? null : reference,
    test_mode: $("mode").value === "test",
    paid: $("paid").checked,
  };
  send("POST", "sessions", session, (it) => `${it.checkout_session_id} is created.`);
});

function injection() {
  const fault = JSON.parse($("json").value);
  if (!NOT_OF_ANSWERS.has(fault.fault)) {
    if ($("operation").value) fault.operation = $("operation").value;
    if ($("apply").value) fault.apply = $("apply").value === "true";
  }
  fault.times = $("always").checked ? ALWAYS : $("times").valueAsNumber;
  return fault;
}

onSubmit("fault", () => {
  let fault;
  try {
    fault = injection();
  } catch (error) {
    say(`The fault is no JSON: ${error.message}`, true);
    return;
  }
  send("POST", "faults", fault, `${fault.fault} is on, ${times(fault.times)}.`);
});

onSubmit("outage", () => {
  const seconds = $("seconds").valueAsNumber;
  send("POST", "outage", { ms: seconds * 1000 }, `The port is closed for ${seconds} s.`);
});

$("clear").addEventListener("click", async () => {
  await send("DELETE", "faults", null, "All faults are off.");
  if ($("clear").hidden) $("preset").focus();
});

$("forget").addEventListener("click", () => {
  send("DELETE", "requests", null, "The requests are forgotten.");
});

for (const [group, presets] of Object.entries(PRESETS)) {
  const options = presets.map(([label, fault]) =>
    element("option", { textContent: label, value: JSON.stringify(fault) }));
  $("preset").append(element("optgroup", { label: group }, ...options));
}

/** The fields that the fault does not have cannot be filled in. */
function fit() {
  let name = "";
  try {
    name = JSON.parse($("json").value).fault;
  } catch {
    // It is being typed.
  }
  for (const id of ["operation", "apply"]) $(id).disabled = NOT_OF_ANSWERS.has(name);
  $("times").disabled = $("always").checked;
}

$("preset").addEventListener("change", () => {
  $("json").value = $("preset").value;
  fit();
});
$("json").addEventListener("input", fit);
$("always").addEventListener("change", fit);
$("json").value = $("preset").value;
fit();

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
$("base").textContent = location.origin;
refresh();
