// Live parts of a page: an element with an id and data-live="inbox" (or "box") is fetched anew when the
// box says that it is out of date (app/web/events.py). Without this a page shows what it showed.
"use strict";
(() => {
  const parts = () => document.querySelectorAll("[data-live][id]");
  if (!parts().length) return;
  let stream = null;
  let fetching = false;

  async function refresh(topics) {
    if (fetching) return;
    fetching = true;
    try {
      const answer = await fetch(location.href, { headers: { "x-live": "1" }, redirect: "manual" });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of parts()) {
        const wanted = part.dataset.live.split(" ").some((topic) => topics.includes(topic));
        const other = fresh.getElementById(part.id);
        if (!wanted || !other || part.contains(document.activeElement) || part.querySelector("audio.playing")) continue;
        if (part.innerHTML !== other.innerHTML) part.replaceWith(other);
      }
    } finally {
      fetching = false;
    }
  }

  function follow() {
    if (document.hidden) {
      if (stream) stream.close();
      stream = null;
    } else if (!stream) {
      stream = new EventSource("/events");
      stream.addEventListener("change", (event) => refresh(JSON.parse(event.data)));
    }
  }
  document.addEventListener("visibilitychange", () => {
    follow();
    if (!document.hidden) refresh(["inbox", "box"]);
  });
  follow();
})();
