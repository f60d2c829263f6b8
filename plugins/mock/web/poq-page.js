// SPDX-License-Identifier: Apache-2.0
// Sends what the page has to tell the app, and shows the way back to it.
(function (w, d) {
  "use strict";
  var poq = w.PoqWebCheckout, told = d.getElementById("poq-event");

  function before(word) {
    if (!word) return false;
    try {
      var was = w.sessionStorage.getItem("poq-" + word);
      w.sessionStorage.setItem("poq-" + word, "sent");
      return was !== null;
    } catch (_) { return false; }
  }

  if (told && !before(told.dataset.single)) poq.send(told.dataset.event, JSON.parse(told.dataset.payload));
  if (poq.app === false) return;
  d.querySelectorAll("[data-poq-web]").forEach(function (link) { link.hidden = true; });
  d.querySelectorAll("[data-poq-close]").forEach(function (link) {
    link.hidden = false;
    link.addEventListener("click", function (click) {
      click.preventDefault();
      poq.send("closewebview", null);
    });
  });
})(window, document);
