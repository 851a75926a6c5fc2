// A page with [data-again] shows something under way. It is fetched anew every few seconds, also while
// the box starts again and answers nobody, until there is nothing to wait for any more.
"use strict";
(() => {
  const EVERY_MS = 3000;
  const waits = (page) => page.querySelector("[data-again]") !== null;

  function show(fresh) {
    const main = document.getElementById("main");
    const files = [...main.querySelectorAll("input[type=file]")];
    if (document.activeElement.closest("form") || files.some((input) => input.files.length)) return;  // somebody types
    main.replaceWith(fresh.getElementById("main"));
  }

  async function look() {
    let answer = null;
    try {
      answer = await fetch(location.href, { headers: { "x-live": "1" }, redirect: "manual", cache: "no-store" });
    } catch {
      document.querySelectorAll("[data-away]").forEach((part) => (part.hidden = false));
    }
    if (answer && answer.type === "opaqueredirect") return location.reload();
    if (answer && answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      show(fresh);
      if (!waits(document)) return undefined;
    }
    return setTimeout(look, EVERY_MS);
  }

  if (waits(document)) setTimeout(look, EVERY_MS);
})();
