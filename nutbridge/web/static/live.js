"use strict";
// Keeps an open page fresh: asks for the same page, and puts what has changed in place
// of what stood there. Without this script the page is as it was when it was loaded.
(function () {
  var every = Number(document.body.dataset.every || "0") * 1000;
  var timer = 0;
  var busy = false;
  var failed = 0;
  var last = "";

  function swap(fresh) {
    // A page that could not be read, and now can.
    if (!document.getElementById("hero")) return window.location.reload();
    document.querySelectorAll("[data-live]").forEach(function (old) {
      var next = fresh.getElementById(old.id);
      if (!next) return;
      // Whoever is at a link of it stays there: what is left alone grows old unseen.
      var at = old.contains(document.activeElement) ? document.activeElement : null;
      if (at && at !== old && !at.getAttribute("href")) return;
      if (old.innerHTML !== next.innerHTML) {
        var href = at && at.getAttribute("href");
        old.innerHTML = next.innerHTML;
        old.querySelectorAll("a").forEach(function (link) {
          if (href && link.getAttribute("href") === href) link.focus({ preventScroll: true });
        });
      }
      if (old.className !== next.className) old.className = next.className;
    });
    if (fresh.title) document.title = fresh.title;
    every = Number(fresh.body.dataset.every || "0") * 1000 || every;
  }

  function lost(is) {
    var note = document.getElementById("lost");
    if (note) note.hidden = !is;
  }

  function again() {
    busy = false;
    timer = window.setTimeout(look, every);
  }

  // One question at a time, however often the page is shown and hidden.
  function look() {
    if (busy) return;
    window.clearTimeout(timer);
    if (document.hidden) return again();
    busy = true;
    fetch(window.location.href, {
      cache: "no-cache",
      credentials: "same-origin",
      signal: AbortSignal.timeout && AbortSignal.timeout(15000)
    })
      .then(function (answer) {
        if (!answer.ok) throw new Error(String(answer.status));
        return answer.text();
      })
      .then(function (text) {
        failed = 0;
        lost(false);
        if (text !== last) {
          last = text;
          swap(new DOMParser().parseFromString(text, "text/html"));
        }
      })
      .catch(function () {
        failed += 1;
        if (failed > 1) lost(true);
      })
      .then(again);
  }

  document.addEventListener("visibilitychange", function () {
    if (!document.hidden && every) look();
  });
  if (every) again();
})();
