// SPDX-License-Identifier: Apache-2.0
// Talks to the Poq app in whose web view a page may be shown. In a browser it is silent.
(function (w, d) {
  "use strict";
  if (w.PoqWebCheckout) return; // the app brought its own
  var heard = {}, chosen = { debug: false };

  // For older apps, which intercept it. The answer is 204, so a page that has loaded stays.
  function submit(message) {
    if (d.readyState !== "complete") {
      w.addEventListener("load", function () { setTimeout(submit, 0, message); });
      return;
    }
    var form = d.createElement("form"), field = d.createElement("input");
    form.method = "post";
    form.action = "/poq-message";
    form.hidden = true;
    field.name = "message";
    field.value = message;
    form.appendChild(field);
    d.body.appendChild(form).submit();
    form.remove();
  }

  function app() {
    var ios = w.webkit && w.webkit.messageHandlers && w.webkit.messageHandlers.poqWebCheckout;
    var native = ios || (w.poqWebCheckout && w.poqWebCheckout.postMessage && w.poqWebCheckout);
    if (native) return function (message) { native.postMessage(message); };
    return /(^|; )(poq\.webcheckout\.platform|PoqVersion)=/.test(d.cookie) ? submit : null;
  }

  w.PoqWebCheckout = {
    app: !!app(),
    options: function (o) { return Object.assign(chosen, o); },
    on: function (event, callback) { (heard[event] = heard[event] || []).push(callback); },
    send: function (event, payload) {
      var data = payload === undefined ? null : payload, post = app();
      if (post) post(JSON.stringify({ event: event, data: data }));
      (heard[event] || []).forEach(function (callback) { callback(data); });
    }
  };
})(window, document);
