// SPDX-License-Identifier: Apache-2.0
// Shows the delivery to another country as soon as it is chosen; without it there is a button.
(function (d) {
  "use strict";
  var country = d.getElementById("country");
  if (!country) return;
  country.addEventListener("change", function () {
    if (!country.value || country.selectedOptions[0].defaultSelected) return; // as when a browser fills the form in
    var form = country.form, back = form.action, ask = d.createElement("input");
    ask.type = "hidden";
    ask.name = "do";
    ask.value = "update";
    form.appendChild(ask);
    form.action = country.dataset.update;
    form.submit();
    form.action = back; // for whoever comes back to this page
    ask.remove();
  });
})(document);
