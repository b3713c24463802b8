// Keys for judging: p pass, f fail (then a risk), s skip, u undo. Without this file every page works by its buttons.
(function () {
  "use strict";
  var form = document.getElementById("judge");
  if (!form) return;
  var begun = Date.now();
  var risk = form.elements.risk;
  function button(verdict) {
    return form.querySelector('button[value="' + verdict + '"]');
  }
  form.addEventListener("submit", function (event) {
    var verdict = event.submitter && event.submitter.value;
    if (verdict === "fail" && !risk.value) {
      event.preventDefault();
      risk.focus();
      return;
    }
    if (verdict !== "fail") risk.value = "";
    form.elements.seconds.value = Math.round((Date.now() - begun) / 1000);
  });
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    var key = event.key.toLowerCase();
    if (event.target === risk && key === "escape") risk.blur();
    if (event.target.tagName === "SELECT" && event.key === "Enter" && risk.value) {
      event.preventDefault();
      form.requestSubmit(button("fail"));
      return;
    }
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    var undo = document.getElementById("undo");
    if (key === "u" && undo) {
      event.preventDefault();
      undo.requestSubmit();
      return;
    }
    var verdict = { p: "pass", f: "fail", s: "skip" }[key];
    if (verdict && button(verdict)) {
      event.preventDefault();
      form.requestSubmit(button(verdict));
    }
  });
})();
