// The page works without this. It opens what a link points into, and everything for printing.
"use strict";
function reveal() {
  var id = decodeURIComponent(location.hash.slice(1));
  var target = id && document.getElementById(id);
  if (!target) return;
  if (target.tagName === "DETAILS") target.open = true;
  for (var at = target.parentElement; at; at = at.parentElement) {
    if (at.tagName === "DETAILS") at.open = true;
  }
  target.scrollIntoView();
}
window.addEventListener("hashchange", reveal);
window.addEventListener("beforeprint", function () {
  document.querySelectorAll("details.finding").forEach(function (item) { item.open = true; });
});
reveal();
