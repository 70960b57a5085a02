// Keeps the figures up to date, and leaves alone what a person types.
"use strict";

const EVERY_MS = 2000;

function isTyped(part) {
  const inputs = [...part.querySelectorAll("input:not([type=hidden])")];
  return part.contains(document.activeElement) || inputs.some((input) => input.value !== "");
}

function replace(selector, next, isKept) {
  const part = document.querySelector(selector);
  const found = next.querySelector(selector);
  if (part && found && !isKept(part)) part.replaceWith(document.adoptNode(found));
}

async function refresh() {
  const silent = document.getElementById("silent");
  try {
    const response = await fetch("/", { signal: AbortSignal.timeout(15000) });
    if (response.status === 401) {
      location.reload();
      return;
    }
    const next = new DOMParser().parseFromString(await response.text(), "text/html");
    replace("#figures", next, () => false);
    replace("#worklist", next, isTyped);
    replace("section[aria-label=Delivery]", next, isTyped);
    silent.hidden = true;
  } catch {
    silent.hidden = false;
  }
  setTimeout(refresh, EVERY_MS);
}

setTimeout(refresh, EVERY_MS);
